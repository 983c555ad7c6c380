"""The text of a post: what it may and must say, how much room a network has for it, and its parts in a thread."""
