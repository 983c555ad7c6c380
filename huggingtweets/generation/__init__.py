"""Tweets of a voice: drafts from the engine, and the checks that every tweet must pass."""
