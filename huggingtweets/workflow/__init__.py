"""What is done with a voice as a whole: it is trained in stages, and people are forgotten."""
