"""The trained versions on disk: their folders, the accounts behind their names, and blends of them."""
