"""What every part of the bot may use: settings, errors, schedules, child processes, stopping."""
