"""Training: fine-tuning of a voice on a base model, and training of a base model from nothing."""
