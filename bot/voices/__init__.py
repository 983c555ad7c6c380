"""The voices as people use them: tweets, wishes, the game and which version is in use."""
