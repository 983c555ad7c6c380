"""The bot on Discord. discord.py is imported here and nowhere else."""
