"""The pipeline from a person's tweets to a model that writes like them. Knows no chat platform."""

__version__ = "0.1.0"
