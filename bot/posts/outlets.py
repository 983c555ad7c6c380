"""All places where the bot posts, and the one queue in which people decide about their posts.

A post's number says which place it is for. What is asked without naming a place is done at each that is set up.

Knows the places. Does not know how a post is drawn or checked (`Posting` does that), or how it is sent.
"""

from collections.abc import Sequence

from bot.core.errors import PostRefused
from bot.posts.place import written
from bot.posts.posting import Posting
from bot.posts.status import Status
from bot.store import Store
from bot.store.posts.outbox import Post
from huggingtweets.core.people.names import NO_VOICE, BlendName
from huggingtweets.core.text.phrases import Phrase

NETWORKS = "networks"  # an option of a schedule: where it posts; everywhere if it is not there


class Outlets:
    """The use case "post" at several places. `postings` are the places; there is at least one."""

    def __init__(self, store: Store, postings: Sequence[Posting]):
        self._posts = store.posts
        self._by_account = {posting.account: posting for posting in postings}
        self._all = tuple(self._by_account.values())

    @property
    def is_set_up(self) -> bool:
        """Returns True if there is an account to post as, be it in a dry run."""
        return any(posting.is_set_up for posting in self._all)

    @property
    def has_a_voice(self) -> bool:
        """Returns True if the settings name a voice for the posts of each place, so that nobody need choose one."""
        return all(posting.has_a_voice for posting in self._in_use)

    @property
    def networks(self) -> str:
        """The networks that are set up, for a sentence: "X", "X and Bluesky"."""
        return written(dict.fromkeys(posting.place.network for posting in self._in_use))

    def is_on(self, network: str) -> bool:
        """Returns True if there is an account on a network, be it in a dry run."""
        return any(posting.is_set_up and posting.place.is_on([network]) for posting in self._all)

    @property
    def _in_use(self) -> tuple[Posting, ...]:
        return tuple(posting for posting in self._all if posting.is_set_up) or self._all[:1]

    async def objection_to(self, text: str) -> str:
        """Returns why `text` can be posted nowhere, in a word or two; empty if it can be posted somewhere."""
        objections = [await posting.objection_to(text) for posting in self._in_use]
        return "" if "" in objections else objections[0]

    async def propose(self, voice: BlendName = NO_VOICE, *, by: str) -> list[Post]:
        """Draw a post and propose it at each place; where it cannot be posted, another one is drawn."""
        made: list[Post] = []
        for posting in self._in_use:
            made.append(await posting.propose(voice, by=by, like=made[0] if made else None))
        return made

    async def propose_by_clock(
        self, voice: BlendName, *, by: str, key: str, networks: Sequence[str] = ()
    ) -> list[Post]:
        """The same for a schedule, at the places on these networks; without any, at each.

        It is safe to repeat with the same `key`. Raises `PostRefused` if there is no place on these networks.
        """
        places = [posting for posting in self._in_use if not networks or posting.place.is_on(networks)]
        if not places:
            raise PostRefused(
                Phrase(
                    "I have no account on {networks}; whoever set me up can give me one.", networks=written(networks)
                )
            )
        made: list[Post] = []
        for posting in places:
            like, place_key = made[0] if made else None, self._key_at(posting, key)
            made.append(await posting.propose_by_clock(voice, by=by, key=place_key, like=like))
        return made

    async def offer(self, text: str, *, voice: BlendName, version: str, by: str, key: str = "") -> list[Post]:
        """Queue a text that an admin picked, at each place where it can be posted. Raises `PostRefused` if at none."""
        made: list[Post] = []
        refusals: list[PostRefused] = []
        for posting in self._in_use:
            try:
                made.append(
                    await posting.offer(text, voice=voice, version=version, by=by, key=self._key_at(posting, key))
                )
            except PostRefused as refused:
                refusals.append(refused)
        if not made:
            raise refusals[0]
        return made

    async def offered(self, key: str) -> list[Post]:
        """Returns the posts that were queued under `key`."""
        posts = [await self._posts.by_key(self._key_at(posting, key)) for posting in self._all]
        return [post for post in posts if post]

    def _key_at(self, posting: Posting, key: str) -> str:
        """The key of a post at a place. The first place keeps the key that it had when there was no other."""
        return key if not key or posting is self._all[0] else f"{key}:{posting.account}"

    async def queue(self, limit: int = 50) -> list[Post]:
        """Returns the posts that wait for approval or are on their way, the next one first."""
        posts = [post for posting in self._all for post in await posting.queue(limit)]
        return sorted(posts, key=lambda post: (post.due_at, post.id))[:limit]

    async def recent(self, limit: int = 20) -> list[Post]:
        """Returns the posts that were sent, were rejected or failed, the newest first."""
        posts = [post for posting in self._all for post in await posting.recent(limit)]
        return sorted(posts, key=lambda post: (post.changed_at, post.id), reverse=True)[:limit]

    async def sweep(self) -> int:
        """Reject posts in voices that may not speak any more, and delete their texts. Returns how many there were."""
        return sum([await posting.sweep() for posting in self._all])

    async def approve(self, post_id: int, by: str) -> Post:
        return await (await self._of(post_id)).approve(post_id, by)

    async def edit(self, post_id: int, text: str, by: str) -> Post:
        return await (await self._of(post_id)).edit(post_id, text, by)

    async def reject(self, post_id: int, by: str) -> Post:
        return await (await self._of(post_id)).reject(post_id, by)

    async def again(self, post_id: int, by: str) -> Post:
        return await (await self._of(post_id)).again(post_id, by)

    async def pause(self, by: str, reason: str = "") -> None:
        """Send nothing anywhere until somebody resumes, also after a restart."""
        for posting in self._all:
            await posting.pause(by, reason)

    async def resume(self, by: str) -> bool:
        """End the pauses. Returns True if there was one."""
        return any([await posting.resume(by) for posting in self._all])

    async def statuses(self) -> list[Status]:
        """Returns how posting stands at each place that is set up."""
        return [await posting.status() for posting in self._in_use]

    async def tastes(self, posts: Sequence[Post]) -> list[str]:
        """Returns what people like of the voices of these posts, a sentence each, as far as that is known."""
        voices = dict.fromkeys(post.voice for post in posts if post.voice)
        told = {voice: await self._in_use[0].taste_in_words(voice) for voice in voices}
        return [f"@{voice}. {sentence}" for voice, sentence in told.items() if sentence]

    def is_dry_run(self, post: Post) -> bool:
        """Returns True if nothing is sent to the place of `post`."""
        posting = self._by_account.get(post.account)
        return posting is not None and posting.is_dry_run

    async def _of(self, post_id: int) -> Posting:
        """Returns the place of a post. Raises `PostRefused` if there is no post of this number."""
        post = await self._posts.get(post_id)
        posting = self._by_account.get(post.account) if post else None
        if not posting:
            raise PostRefused(Phrase("There is no post {post_id}.", post_id=post_id))
        return posting
