"""The record of a training, kept in a tracker: hyper-parameters, curves, and what was made from what."""
