"""What people on networks made of posts: how often each was liked, reposted and answered.

Knows rows. Does not know networks, or when anybody looks.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.sql.database import Database, insert
from bot.store.tables import engagement, posts


@dataclass(frozen=True, slots=True)
class Counts:
    """How often a post was liked, reposted and answered."""

    likes: int = 0
    reposts: int = 0
    replies: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    """The response to all posts in a voice: how many posts there are figures of, and the sums."""

    posts: int
    counts: Counts


class Engagement:
    """The figures of each post, as they were when somebody looked last."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def to_look_at(self, account: str, *, since: datetime, looked_before: datetime, most: int) -> dict[str, int]:
        """Returns posts that were sent since then and not looked at lately, the newest first: their ids there."""
        looked = sa.and_(engagement.c.post == posts.c.id, engagement.c.at >= looked_before)
        query = (
            sa.select(posts.c.external_id, posts.c.id)
            .where(posts.c.account == account, posts.c.state == "sent", posts.c.external_id != "")
            .where(posts.c.voice != "", posts.c.sent_at >= since, ~sa.exists().where(looked))
            .order_by(posts.c.id.desc())
            .limit(most)
        )
        return {row.external_id: row.id for row in await self._database.rows(query)}

    async def note(self, counts: Mapping[int, Counts | None]) -> None:
        """Keep the figures of posts, by their numbers. Nothing is kept of voices that were forgotten.

        A post without figures is not there any more: those that were kept stay.
        """
        async with self._database.writing() as connection:
            query = sa.select(posts.c.id, posts.c.voice, posts.c.version).where(
                posts.c.id.in_(counts), posts.c.voice != ""
            )
            for post in (await connection.execute(query)).all():
                figures, now = counts[post.id], {"at": self._clock()}
                row = {"voice": post.voice, "version": post.version, **asdict(figures or Counts()), **now}
                added = insert(self._database, engagement).values(post=post.id, **row)
                change = added.on_conflict_do_update(index_elements=["post"], set_=row if figures else now)
                await connection.execute(change)

    async def of(self, voice: str) -> Response:
        """Returns the response to the posts in a voice."""
        sums = [sa.func.coalesce(sa.func.sum(engagement.c[name]), 0) for name in ("likes", "reposts", "replies")]
        query = sa.select(sa.func.count(), *sums).where(engagement.c.voice == voice)
        async with self._database.reading() as connection:
            number, *figures = (await connection.execute(query)).one()
        return Response(number, Counts(*figures))
