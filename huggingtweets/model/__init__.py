"""What a language model is made of, and how it is read, adapted, measured and written."""
