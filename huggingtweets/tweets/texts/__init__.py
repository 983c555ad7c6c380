"""What is in the words of one text, and what two texts share. Knows texts. Does not know tweets or whose they are."""
