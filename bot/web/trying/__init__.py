"""Try: tweets are drawn, shown and kept. Knows requests. Does not know how tweets are drawn."""
