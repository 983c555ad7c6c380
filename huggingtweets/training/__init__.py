"""Learning: a voice on a base model, and a base model from nothing."""
