"""The settings: where they are, what may be in them, where their secrets are. Knows nothing of what they are for."""
