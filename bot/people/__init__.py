"""What people decide about themselves, and what everybody has to keep to: consent, limits, lists and home servers."""
