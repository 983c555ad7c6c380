"""Tweets on disk: those of each account, what was decided about them, and who must not be learned."""
