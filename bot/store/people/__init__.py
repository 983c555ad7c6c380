"""What people have said about themselves, what they let the bot learn from, who is paused, and forgetting."""
