"""Bluesky as a place to post to and to be mentioned on."""
