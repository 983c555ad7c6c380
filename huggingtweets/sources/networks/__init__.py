"""Networks that are asked for posts: what is new there, and what was deleted."""
