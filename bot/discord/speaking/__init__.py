"""What the bot says without being asked: remarks, news, the progress of trainings, its hello."""
