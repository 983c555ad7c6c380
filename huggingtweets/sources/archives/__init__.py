"""Archives that services give their people: which files of one hold posts, and whose they are."""
