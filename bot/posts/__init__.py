"""Posts for social networks: how they are drawn, approved, kept within a budget, and sent exactly once."""
