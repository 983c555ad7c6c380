"""What people write: messages that call the bot, and those of members who let it learn from them."""
