"""What the bot does without being asked. Knows when to act. Does not know platforms."""
