"""The process's log: one line a record on stderr, and nothing in it that is secret or that somebody wrote.

Knows logging. What a line says is for those who write it: ids and names of errors, never message texts or tokens.
"""

import logging
import sys

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# These print Authorization headers or whole payloads at DEBUG.
QUIET = ("discord.http", "discord.gateway", "tweepy", "oauthlib", "requests_oauthlib", "urllib3", "httpx", "httpcore")


def start_logging(level: str) -> None:
    """Log to stderr from `level` on; the chatty and the indiscreet from INFO on at most."""
    logging.basicConfig(level=level, format=FORMAT, stream=sys.stderr, force=True)
    logging.captureWarnings(capture=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger().level))
    logging.getLogger("discord").setLevel(max(logging.INFO, logging.getLogger().level))
