"""What people and voices are called, and what stands for somebody without a picture. Knows no folder."""
