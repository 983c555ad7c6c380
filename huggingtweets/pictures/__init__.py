"""Pictures of tweets, profiles and training curves, as PNG."""
