"""How a post stands, in the words of people who never saw the queue.

Knows the states of a post. Does not know platforms.
"""

from bot.store.posts import Post, PostState

STATES: dict[PostState, str] = {
    "proposed": "waits for approval",
    "queued": "is approved and waits for its time",
    "sending": "is on its way",
    "unknown": "may have been posted: I am looking it up",
    "sent": "was posted",
    "rejected": "was rejected",
    "failed": "could not be posted",
}
REHEARSED = "would have been posted now; nothing is sent yet, as this is a dry run"


def standing_of(post: Post) -> str:
    """Returns how `post` stands, as it goes on after "Post 3"."""
    return REHEARSED if post.state == "sent" and post.dry_run else STATES[post.state]
