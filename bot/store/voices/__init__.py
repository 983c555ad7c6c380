"""What voices said to people, and what people thought of it."""
