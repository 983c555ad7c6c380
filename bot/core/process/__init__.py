"""The process itself: its log, its figures, work beside work, child processes, settings that change, and its end."""
