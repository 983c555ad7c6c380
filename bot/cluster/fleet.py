"""The replicas: they are started, asked for signs of life, and each request goes to the one that has its voice.

A request whose replica is lost is asked once more, of another one. Knows Ray's actors. Does not know the bot.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from bot.cluster.messages import Beat, Plan, State
from bot.cluster.rendezvous import replica_for
from bot.cluster.replica import Replica
from bot.cluster.storage import Storage, Unfit
from bot.core.errors import ClusterUnavailable
from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.core.errors import first_line
from huggingtweets.generation.engine import Request
from huggingtweets.generation.engine.preview_voice import Drawable, PreviewVoice

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft

with contextlib.suppress(ImportError):  # without the extra, nothing here is called
    import ray
    from ray.exceptions import RayError

log = logging.getLogger(__name__)

NAMESPACE = "huggingtweets"
TRIES = 2
BEAT_SECONDS = 1.0
AT_A_TIME = 10_000  # calls to one replica; its engine decides how many may wait
FORGET_SECONDS = 10.0  # a draw waits so long for what is being forgotten
LOOK_SECONDS = 5.0  # between two looks for voices that somebody has deleted here, as `huggingtweets forget` does


class Lost(Exception):
    """A replica was lost while it was asked."""


@dataclass(eq=False)
class Member:
    """A replica as it is seen from here."""

    name: str
    actor: Any = None
    beat: Beat | None = None
    fault: str = "It has not answered yet."
    drafts: int = 0
    forgotten: set[str] = field(default_factory=set)
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_live(self) -> bool:
        return self.beat is not None

    def answered(self, beat: Beat) -> None:
        """It has given a sign of life."""
        self.fault = beat.fault
        if beat.fault:
            self.lose(beat.fault)
            return
        if not self.is_live:
            self.lost = asyncio.Event()
        self.beat = beat

    def lose(self, why: str) -> None:
        """Nothing is asked of it until it answers again, and what it was asked is asked elsewhere."""
        self.fault, self.beat = why, None
        self.lost.set()


class Fleet:
    """All replicas of one plan. Several bots with the same plan share them."""

    def __init__(self, plan: Plan, storage: Storage, mark: str, changed: Callable[[State], None]):
        self._plan, self._storage, self._mark, self._changed = plan, storage, mark, changed
        kind = blake2b(repr(_what_differs(plan)).encode(), digest_size=6).hexdigest()
        self._members = [Member(f"{kind}-{number}") for number in range(plan.cluster.replicas)]
        self._forgetting: set[asyncio.Future[Any]] = set()
        self._last_told = State()
        self._somebody = asyncio.Event()

    def state(self) -> State:
        """How the replicas are."""
        live = [member.beat for member in self._members if member.beat]
        faults = [f"replica {member.name}: {member.fault}" for member in self._members if member.fault]
        return State(
            machines=len({beat.machine for beat in live}),
            replicas=len(live),
            voices=sum(beat.voices for beat in live),
            voice_bytes=sum(beat.voice_bytes for beat in live),
            faults=tuple(faults),
        )

    async def watch(self) -> None:
        """Ask all of them for signs of life, again and again. Never returns."""
        await asyncio.gather(*map(self._attend, self._members))

    async def keep_storage(self) -> None:
        """Withdraw from the storage what is deleted here, whoever deletes it. Never returns."""
        while True:
            try:
                people = await asyncio.to_thread(self._storage.withdraw_unknown)
            except Exception as error:  # noqa: BLE001  each store has errors of its own
                log.warning("the storage is looked at again later: %s", first_line(error))
            else:
                for member in self._members:
                    member.forgotten |= people  # it hears it with the next sign of life
            await asyncio.sleep(LOOK_SECONDS)

    async def _attend(self, member: Member) -> None:
        while True:
            try:
                await self._one_beat(member)
            except RayError as error:
                # A replica that has ended for good has lost its name as well, so it is made anew.
                member.actor = None
                member.lose(first_line(error))
            if member.is_live:
                self._somebody.set()
            elif not any(other.is_live for other in self._members):
                self._somebody.clear()
            self._tell()
            await asyncio.sleep(BEAT_SECONDS)

    def _tell(self) -> None:
        """Tell the bot how the replicas are, unless it knows."""
        if (state := self.state()) != self._last_told:
            self._last_told = state
            self._changed(state)

    async def _one_beat(self, member: Member) -> None:
        if member.actor is None:
            member.actor = await asyncio.to_thread(self._actor, member.name)
        forgotten = tuple(member.forgotten)
        beat = asyncio.wrap_future(member.actor.beat.remote(self._mark, forgotten).future())
        silent = self._plan.cluster.silent_seconds
        if not (await asyncio.wait({beat}, timeout=silent))[0]:
            # It is asked again, because the answer may have been lost on its way.
            beat.add_done_callback(_unheard)
            if member.is_live:
                member.lose(f"It has been silent for {silent:g} s.")
            return
        member.answered(beat.result())
        if not member.fault:
            member.forgotten.difference_update(forgotten)

    def _actor(self, name: str) -> Any:
        cluster = self._plan.cluster
        kind = ray.remote(Replica).options(
            name=name,
            namespace=NAMESPACE,
            get_if_exists=True,
            lifetime="detached",  # it is shared by bots, and ends when none asks for it any more
            num_cpus=cluster.replica_cpus,
            num_gpus=cluster.replica_gpus,
            max_concurrency=AT_A_TIME,
            max_restarts=-1,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        )
        return kind.remote(self._plan)

    async def draw(self, request: Request, settings: GenerationSettings, *, patient: bool) -> "list[Draft]":
        """The drafts of `request`. If no replica lives, this waits for one if it is `patient`.

        Raises what the engine raises, and `ClusterUnavailable` if no replica can draw it.
        """
        if self._forgetting:
            await asyncio.wait(self._forgetting, timeout=FORGET_SECONDS)
        await asyncio.to_thread(self._storage.offer, request.voice)
        lost: list[str] = []
        unfit: set[str] = set()  # machines, each with all its replicas
        why: dict[str, str] = {}  # by the replica that was asked last
        while len(lost) < TRIES:
            member = self._member_for(request, settings, lost, unfit)
            if not member:
                if not patient or unfit:
                    break
                await self._somebody.wait()
                lost.clear()
                continue
            machine = member.beat.machine if member.beat else ""
            try:
                return await self._asked(member, request, settings)
            except (Lost, Unfit) as error:
                log.warning("a request is drawn elsewhere: %s: %s", member.name, error)
                why[member.name] = str(error)
                if isinstance(error, Lost):
                    lost.append(member.name)
                else:
                    unfit.add(machine)
        why = {member.name: member.fault for member in self._members if member.fault} | why
        told = " ".join(f"Replica {name}: {reason}" for name, reason in why.items()) or "No replica is there."
        raise ClusterUnavailable(f"No replica could draw this. {told}")

    def _member_for(
        self, request: Request, settings: GenerationSettings, lost: list[str], unfit: set[str]
    ) -> Member | None:
        live = {
            member.name: member
            for member in self._members
            if member.beat and member.name not in lost and member.beat.machine not in unfit
        }
        drafts = {name: member.drafts for name, member in live.items()}
        name = replica_for(_key(request.voice), drafts, request.count, settings.max_rows)
        return live[name] if name else None

    async def _asked(self, member: Member, request: Request, settings: GenerationSettings) -> "list[Draft]":
        reference = member.actor.draw.remote(request, settings)
        answer = asyncio.wrap_future(reference.future())
        lost = asyncio.ensure_future(member.lost.wait())
        member.drafts += request.count
        try:
            await asyncio.wait({answer, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise Lost(member.fault)
            drafts = answer.result()
        except RayError as error:
            member.lose(first_line(error))
            self._tell()
            raise Lost(first_line(error)) from error
        finally:
            member.drafts -= request.count
            lost.cancel()
            if not answer.done():
                answer.add_done_callback(_unheard)
                with contextlib.suppress(RayError, ValueError):
                    ray.cancel(reference)
        if isinstance(drafts, Exception):
            raise drafts
        return list(drafts)

    async def forget(self, name: str) -> None:
        """Delete what machines have of `name`. A replica that cannot be reached hears it before it draws again."""
        done = asyncio.ensure_future(self._forget(name))
        self._forgetting.add(done)
        done.add_done_callback(self._forgetting.discard)
        await done

    async def _forget(self, name: str) -> None:
        for member in self._members:
            member.forgotten.add(name)
        await asyncio.to_thread(self._storage.withdraw, name)
        live = [member for member in self._members if member.is_live]
        await asyncio.gather(*map(self._told, live, [name] * len(live)))

    async def _told(self, member: Member, name: str) -> None:
        with contextlib.suppress(RayError, TimeoutError):
            async with asyncio.timeout(FORGET_SECONDS):
                beat = await asyncio.wrap_future(member.actor.beat.remote(self._mark, (name,)).future())
            if not beat.fault:
                member.forgotten.discard(name)


def _unheard(answer: "asyncio.Future[Any]") -> None:
    """Nobody waits for this answer any more, so nobody is told of its error either."""
    if not answer.cancelled():
        answer.exception()


def _key(voice: Drawable) -> str:
    return f"preview {voice.base}" if isinstance(voice, PreviewVoice) else repr(voice.key)


def _what_differs(plan: Plan) -> tuple[object, ...]:
    """What bots must have in common to share replicas."""
    generation, cluster = plan.settings.generation, plan.cluster
    return (
        plan.software,
        str(plan.settings.storage.models.absolute()),
        cluster.storage,
        str(cluster.cache),
        cluster.replica_cpus,
        cluster.replica_gpus,
        generation.threads,
        generation.precision,
        generation.memory_mib,
    )
