"""Voices: the gallery, one page a voice, its versions, and what admins do with them. Knows requests."""
