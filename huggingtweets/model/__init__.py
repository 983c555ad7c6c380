"""The parts of a language model, and how a model is read, adapted, measured and written."""
