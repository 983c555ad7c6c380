"""A process on its machine: threads, memory, priority, signals, who still lives. Knows nothing of its work."""
