"""The picture that a post on X carries: drawn, uploaded, described. Without one the post goes out all the same.

Knows the client. Does not know how a picture is drawn.
"""

import logging
from collections.abc import Awaitable, Callable

from bot.store.posts.outbox import Post
from huggingtweets.remote.upstream import BadCredentials, NotReached, RateLimited
from huggingtweets.remote.x import XClient

log = logging.getLogger(__name__)


class Pictures:
    """Pictures of posts. `paint` draws one, or raises."""

    def __init__(self, client: XClient, paint: Callable[[Post], Awaitable[bytes]], url: str):
        self._client = client
        self._paint = paint
        self._url = url

    async def of(self, post: Post) -> str:
        """Returns the id of a picture for `post`. Empty for answers, later parts of threads, and if there can be none.

        Raises `NotReached`, `RateLimited` and `BadCredentials`, after which the post itself waits, too.
        """
        if post.in_reply_to or post.follows or not post.voice:
            return ""
        try:
            return await self._client.upload(await self._paint(post), post.text, self._url)
        except (NotReached, RateLimited, BadCredentials):
            raise
        except Exception as error:  # noqa: BLE001  no picture is worth a post, nor the task that sends posts
            log.warning("post %s goes out without a picture: %s", post.id, error)
            return ""
