"""The outbox of X: what was proposed, what is approved, what was sent, and what it cost.

    proposed -> queued -> sending -> sent | unknown | failed        proposed -> rejected
                  ^         unknown -> sent | queued (it was not there after all) | failed

The row says `sending` before the call is made; whatever is `sending` or `unknown` after a start is in doubt, and only
the account's own timeline can settle it.

Knows rows. Does not know X.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from bot.core.errors import OverBudget
from bot.store.sql.database import Database, insert
from bot.store.tables import costs, posts
from huggingtweets.core.people.names import BlendName

PostState = Literal["proposed", "queued", "sending", "unknown", "sent", "failed", "rejected"]
IN_DOUBT: tuple[PostState, ...] = ("sending", "unknown")
FOLLOWS: dict[PostState, tuple[PostState, ...]] = {
    "proposed": ("queued", "rejected"),
    "queued": ("sending", "rejected"),
    "sending": ("sent", "unknown", "failed", "queued"),
    "unknown": ("sent", "queued", "failed"),
}


@dataclass(frozen=True, slots=True)
class Post:
    """One post as it was when it was read. `key` makes queueing safe to repeat; `cost_micro_usd` is what it cost.

    `follows` is the number of the part before in a thread; 0 for a first part, and for a post without a thread.
    `drawn` is the text before somebody edited it; empty if nobody did.
    """

    id: int
    key: str
    account: str
    state: PostState
    voice: BlendName
    version: str
    text: str
    drawn: str
    in_reply_to: str
    follows: int
    dry_run: bool
    due_at: datetime
    created_at: datetime
    changed_at: datetime
    sending_at: datetime | None
    sent_at: datetime | None
    decided_by: str
    external_id: str
    error: str
    attempts: int
    cost_micro_usd: int


class Posts:
    """Posts of all accounts."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def add(
        self,
        key: str,
        account: str,
        text: str,
        *,
        state: PostState = "proposed",
        voice: str = "",
        version: str = "",
        in_reply_to: str = "",
        dry_run: bool = False,
        due_at: datetime | None = None,
    ) -> Post | None:
        """Add a post. Returns None if there is one with this key."""
        now = self._clock()
        row: dict[str, Any] = {
            "key": key,
            "account": account,
            "text": text,
            "state": state,
            "voice": voice,
            "version": version,
        }
        row |= {"in_reply_to": in_reply_to, "dry_run": dry_run, "due_at": due_at or now}
        row |= {"created_at": now, "changed_at": now}
        query = insert(self._database, posts).values(row).on_conflict_do_nothing()
        return await self._changed(query, posts.c.key == key)

    async def get(self, post_id: int) -> Post | None:
        return await self._database.read_at_once(lambda connection: _one(connection, posts.c.id == post_id))

    async def by_key(self, key: str) -> Post | None:
        return await self._database.read_at_once(lambda connection: _one(connection, posts.c.key == key))

    async def _changed(self, change: sa.Executable, where: sa.ColumnElement[bool]) -> Post | None:
        """Returns the post after `change`, or None if that changed nothing."""
        return await self._database.write_at_once(
            lambda connection: _one(connection, where) if connection.execute(change).rowcount else None
        )

    async def listed(self, account: str, states: Sequence[PostState], limit: int = 50) -> list[Post]:
        """Returns posts in one of `states`, the one that is due first at the beginning."""
        query = sa.select(posts).where(posts.c.account == account, posts.c.state.in_(states))
        rows = await self._database.rows(query.order_by(posts.c.due_at, posts.c.id).limit(limit))
        return [Post(**row._mapping) for row in rows]

    async def latest(self, account: str, states: Sequence[PostState], limit: int = 50) -> list[Post]:
        """Returns posts in one of `states`, the one that changed last at the beginning."""
        query = sa.select(posts).where(posts.c.account == account, posts.c.state.in_(states))
        rows = await self._database.rows(query.order_by(posts.c.changed_at.desc(), posts.c.id.desc()).limit(limit))
        return [Post(**row._mapping) for row in rows]

    async def in_doubt(self, account: str) -> list[Post]:
        """Returns the posts that X may or may not have."""
        return await self.listed(account, IN_DOUBT)

    async def due(self, account: str, *, only_replies: bool = False) -> Post | None:
        """Returns the approved post that should go out next."""
        ready = [posts.c.account == account, posts.c.state == "queued", posts.c.due_at <= self._clock()]
        before = posts.alias("before")
        of_a_thread_begun = sa.exists().where(before.c.id == posts.c.follows, before.c.state == "sent")
        ready.append(sa.or_(posts.c.follows == 0, of_a_thread_begun))
        if only_replies:
            # What was begun is finished: the parts of a thread go out one after the other.
            ready.append(sa.or_(posts.c.in_reply_to != "", posts.c.follows != 0))
        query = sa.select(posts).where(*ready).order_by(posts.c.due_at, posts.c.id).limit(1)
        row = await self._database.row(query)
        return Post(**row._mapping) if row else None

    async def move(
        self, post_id: int, old: PostState, new: PostState, *, was: str | None = None, **facts: Any
    ) -> Post | None:
        """Move a post from `old` to `new`, and change other columns.

        Returns None if it was not in `old` any more, or its text is another one than `was`, if that is given. Raises
        `ValueError` if there is no such step.
        """
        if new not in FOLLOWS.get(old, ()):
            raise ValueError(f"no post goes from {old} to {new}")
        now = self._clock()
        change = {"state": new, "changed_at": now, **facts}
        if new == "sending":
            change |= {"sending_at": now, "attempts": posts.c.attempts + 1}
        elif new == "sent":
            change |= {"sent_at": now}
        if change.get("text") == "":
            change["drawn"] = ""  # what is deleted is deleted in both
        row_filter = [posts.c.id == post_id, posts.c.state == old]
        row_filter += [] if was is None else [posts.c.text == was]
        return await self._changed(sa.update(posts).where(*row_filter).values(change), posts.c.id == post_id)

    async def split(self, post: Post, parts: Sequence[str]) -> bool:
        """Make a thread of a queued post: it gets the first part, and a post of its own follows for each other one.

        Returns False if it is not queued any more.
        """
        now = self._clock()
        async with self._database.writing() as connection:
            first = sa.update(posts).where(posts.c.id == post.id, posts.c.state == "queued", posts.c.text == post.text)
            if not (await connection.execute(first.values(text=parts[0], changed_at=now))).rowcount:
                return False
            before = post.id
            for number, text in enumerate(parts[1:], 2):
                row: dict[str, Any] = {"key": f"part:{post.id}:{number}", "account": post.account, "state": "queued"}
                row |= {"voice": post.voice, "version": post.version, "text": text, "follows": before}
                row |= {"decided_by": post.decided_by, "dry_run": post.dry_run}
                row |= {"due_at": post.due_at, "created_at": now, "changed_at": now}
                made = await connection.execute(sa.insert(posts).values(row).returning(posts.c.id))
                before = made.scalar_one()
        return True

    async def end_thread(self, post_id: int, why: str) -> None:
        """Reject the queued parts of a thread after a post that was not made."""
        async with self._database.writing() as connection:
            before = [post_id]
            while before:
                rest = (posts.c.follows.in_(before), posts.c.state == "queued")
                before = list(await connection.scalars(sa.select(posts.c.id).where(*rest)))
                change = {"state": "rejected", "error": why, "changed_at": self._clock()}
                await connection.execute(sa.update(posts).where(posts.c.id.in_(before)).values(change))

    async def is_in_thread(self, post: Post) -> bool:
        """Returns True if a post is one of the parts of a thread."""
        if post.follows:
            return True
        query = sa.select(sa.func.count()).where(posts.c.follows == post.id)
        return bool(await self._database.value(query))

    async def send(
        self, post_id: int, *, was: str, text: str, kind: str, micro_usd: int, since: datetime, budget: int
    ) -> Post | None:
        """Move a queued post to `sending` with its final `text`, and note its cost.

        Returns None if it is not queued, or if its text is not `was` any more: somebody has edited it since then.
        A cost that an earlier try has noted is not noted again. Raises `OverBudget` when all since `since` would be
        more than `budget`.
        """
        now = self._clock()

        def write(connection: sa.Connection) -> Post | None:
            post = _one(connection, sa.and_(posts.c.id == post_id, posts.c.state == "queued"))
            if not post or post.text != was:
                return None
            if not post.cost_micro_usd:
                if _spent(connection, post.account, since) + micro_usd > budget:
                    raise OverBudget
                row = {"account": post.account, "kind": kind, "micro_usd": micro_usd, "at": now}
                connection.execute(sa.insert(costs).values(row))
            change: dict[str, Any] = {"state": "sending", "text": text, "changed_at": now, "sending_at": now}
            change |= {"attempts": posts.c.attempts + 1, "cost_micro_usd": post.cost_micro_usd or micro_usd}
            if post.follows:
                before = sa.select(posts.c.external_id).where(posts.c.id == post.follows)
                change |= {"in_reply_to": connection.scalar(before) or ""}
            connection.execute(sa.update(posts).where(posts.c.id == post_id).values(change))
            return _one(connection, posts.c.id == post_id)

        return await self._database.write_at_once(write)

    async def edit(self, post_id: int, text: str, by: str) -> Post | None:
        """Change the text of a post that is not on its way yet. Returns None if it is too late."""
        edit = sa.update(posts).where(posts.c.id == post_id, posts.c.state.in_(("proposed", "queued")))
        drawn = sa.case((posts.c.drawn == "", posts.c.text), else_=posts.c.drawn)
        query = edit.values(text=text, drawn=drawn, decided_by=by, changed_at=self._clock())
        return await self._changed(query, posts.c.id == post_id)

    async def newest_external_id(self, account: str) -> str:
        """Returns the largest id that X has given to a post of ours; empty before the first."""
        query = sa.select(posts.c.external_id).where(posts.c.account == account, posts.c.external_id != "")
        # Ids are decimal numbers, so a longer one is larger.
        order = (sa.func.length(posts.c.external_id).desc(), posts.c.external_id.desc())
        return await self._database.value(query.order_by(*order).limit(1)) or ""

    async def last_sent_at(self, account: str) -> datetime | None:
        """Returns when the last post that is neither a reply nor a later part of a thread was sent."""
        row_filter = (posts.c.account == account, posts.c.state == "sent", posts.c.in_reply_to == "")
        query = sa.select(posts.c.sent_at).where(*row_filter).order_by(posts.c.sent_at.desc()).limit(1)
        return await self._database.value(query)

    async def counts(self, account: str) -> dict[str, int]:
        """Returns how many posts there are in each state."""
        query = sa.select(posts.c.state, sa.func.count()).where(posts.c.account == account).group_by(posts.c.state)
        return {row[0]: row[1] for row in await self._database.rows(query)}

    async def waiting(self, account: str, states: Sequence[PostState]) -> int:
        """Returns how many posts there are in these states. A thread is one post, also while its rest waits."""
        query = sa.select(sa.func.count()).where(posts.c.account == account, posts.c.state.in_(states))
        return int(await self._database.value(query.where(posts.c.follows == 0)) or 0)

    async def last_texts(self, account: str, limit: int = 500) -> list[str]:
        """Returns the texts that were sent, may have been sent, or will be, the newest first."""
        gone = ("queued", *IN_DOUBT, "sent")
        query = sa.select(posts.c.text).where(posts.c.account == account, posts.c.state.in_(gone))
        return list(await self._database.values(query.order_by(posts.c.id.desc()).limit(limit)))

    async def spend(self, account: str, kind: str, micro_usd: int) -> None:
        """Note a cost in millionths of a US dollar."""
        row = {"account": account, "kind": kind, "micro_usd": micro_usd, "at": self._clock()}
        await self._database.change(sa.insert(costs).values(row))

    async def spend_within(
        self, account: str, kind: str, micro_usd: int, *, since: datetime, budget: int, share: int
    ) -> bool:
        """Note a cost if with it all costs since `since` stay within `budget`, and those of its kind within `share`.

        Returns True if it was noted.
        """
        row = {"account": account, "kind": kind, "micro_usd": micro_usd, "at": self._clock()}

        def write(connection: sa.Connection) -> bool:
            if _spent(connection, account, since) + micro_usd > budget:
                return False
            if _spent(connection, account, since, kind) + micro_usd > share:
                return False
            connection.execute(sa.insert(costs).values(row))
            return True

        return await self._database.write_at_once(write)

    async def spent(self, account: str, since: datetime, kind: str = "") -> int:
        """Returns all costs since then, or those of one kind, in millionths of a US dollar."""
        return await self._database.read_at_once(lambda connection: _spent(connection, account, since, kind))


def _spent(connection: sa.Connection, account: str, since: datetime, kind: str = "") -> int:
    total = sa.func.coalesce(sa.func.sum(costs.c.micro_usd), 0)
    query = sa.select(total).where(costs.c.account == account, costs.c.at >= since)
    if kind:
        query = query.where(costs.c.kind == kind)
    return int(connection.scalar(query) or 0)


def _one(connection: sa.Connection, where: sa.ColumnElement[bool]) -> Post | None:
    row = connection.execute(sa.select(posts).where(where)).first()
    return Post(**row._mapping) if row else None
