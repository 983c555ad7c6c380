"""How good a voice is, and whether it is fit to be used."""
