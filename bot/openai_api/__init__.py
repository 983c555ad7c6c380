"""Voices for other programs: /v1 as OpenAI's clients know it. Knows FastAPI."""
