"""What is due when: schedules, quiet hours, and whether the bot may speak by itself now."""
