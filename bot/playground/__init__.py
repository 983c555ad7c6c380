"""The local page: the same commands as in Discord, without Discord."""
