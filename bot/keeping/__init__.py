"""Backups: what the bot keeps, as one file, and back from it."""
