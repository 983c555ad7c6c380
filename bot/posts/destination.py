"""The seam between the outbox and a network: what each network must be able to do, and nothing else.

    ready     it is the right account, and it says that an AI writes there
    post      make a post, once
    made      which of the posts in doubt are there
    engagement  what people made of posts

Knows posts. Does not know any network, or when anything is sent.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.store.posts.engagement import Counts
from bot.store.posts.outbox import Post


class Destination(Protocol):
    """An account on a network. Each method raises the errors of `upstream`."""

    async def ready(self) -> None:
        """Check, once, that it is the right account, and that what is posted is marked as written by an AI."""
        ...

    async def post(self, post: Post) -> str:
        """Make a post. Returns its id there. Raises `InDoubt` if it may have been made all the same."""
        ...

    async def made(self, posts: Sequence[Post], since_id: str) -> Mapping[int, str]:
        """Returns the ids there of those of `posts` that were made, by their numbers.

        `since_id` is the id of the newest post that is known to be there; empty if there is none. Raises `OverBudget`
        if looking costs more than is left.
        """
        ...

    async def engagement(self, ids: Sequence[str]) -> Mapping[str, Counts]:
        """Returns the likes, reposts and replies of those of at most 25 posts that are there, by their ids.

        Raises `OverBudget` if looking costs more than is left.
        """
        ...
