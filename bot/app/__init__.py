"""The composition root. Knows every part of the process, and nothing of what the parts do."""
