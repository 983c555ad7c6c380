"""Make: files come in, tweets are looked through, a training begins and is watched. Knows requests."""
