"""A version for others: its model card, its files, and the Hugging Face Hub."""
