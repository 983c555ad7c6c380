"""What is shared of a drawn tweet: its text, which says that an AI wrote it, and links to where it can be posted.

Knows texts and addresses. Does not know pages.
"""

from urllib.parse import quote

from bot.core.post_text.ai_label import with_label
from huggingtweets.generation.checks import MAX_WEIGHT, weighted_length

LABEL = "🤖 AI parody"
SHORT_LABEL = "🤖 AI"


def shared_text(text: str) -> str:
    """`text` with a label. It has a short one if a post with the other would be too long."""
    long = with_label(text, LABEL)
    return long if weighted_length(long) <= MAX_WEIGHT else with_label(text, SHORT_LABEL)


def on_x(text: str) -> str:
    """The address at which X offers to post `text`."""
    return f"https://x.com/intent/post?text={quote(shared_text(text), safe='')}"


def on_bluesky(text: str) -> str:
    """The address at which Bluesky offers to post `text`."""
    return f"https://bsky.app/intent/compose?text={quote(shared_text(text), safe='')}"
