"""`learn`: a voice is learned from somebody's tweets, and progress is told meanwhile.

Knows where tweets may come from, and which settings a caller may override. Does not know how anything is learned.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from huggingtweets.api.loop import waited_for
from huggingtweets.api.voice import Configuration, Voice, settings_of
from huggingtweets.core.config.base_folders import resolve_base
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import Terminated, Usage
from huggingtweets.core.events import Progress, Say
from huggingtweets.core.people.names import VoiceName

if TYPE_CHECKING:
    from huggingtweets.sources.owners import Owned
    from huggingtweets.workflow.pipeline import Outcome

Tell = Callable[[str], None]


def _nobody_listens(_: object) -> None:
    pass


def learn(
    name: str,
    *sources: str | PathLike[str],
    config: Configuration = None,
    on_progress: Say | None = None,
    base: str | None = None,
    method: Literal["lora", "full"] | None = None,
    seed: int | None = None,
    threads: int | None = None,
) -> Voice:
    """Learn the voice `name` from archives, tables of tweets, `x:HANDLE`, `bluesky:HANDLE` or `@USER@SERVER`.

    Returns the new version. It is in use from now on if it passes the gate; see `Voice.in_use`. Without `sources` it is
    learned from what was collected before. `on_progress` is called with a `Progress` at each step. A run that was
    interrupted goes on where it was when it is started again. Raises `Usage`, `BadSource`, `TooLittleData`, `BadBase`
    and `Unavailable`.
    """
    settings = with_overrides(settings_of(config), {"base": base, "method": method, "seed": seed, "threads": threads})
    voice = VoiceName.parse(name)
    return Voice(
        outcome_of(voice, list(map(str, sources)), settings, say=on_progress or _nobody_listens).version, settings
    )


async def learn_async(
    name: str,
    *sources: str | PathLike[str],
    on_progress: Say | None = None,
    **options: Any,
) -> Voice:
    """The same for async code: it takes what `learn` takes, and calls `on_progress` on the caller's loop.

    Cancelling it ends the training at its next step.
    """
    loop, is_cancelled = asyncio.get_running_loop(), threading.Event()

    def say(progress: Progress) -> None:
        if is_cancelled.is_set():
            raise Terminated
        if on_progress:
            loop.call_soon_threadsafe(on_progress, progress)

    work = asyncio.ensure_future(asyncio.to_thread(learn, name, *sources, on_progress=say, **options))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        is_cancelled.set()
        await asyncio.gather(work, return_exceptions=True)
        raise


def with_overrides(settings: Settings, overrides: Mapping[str, Any]) -> Settings:
    """`settings` with those of `overrides` that were given, in [training]. A base counts from the working directory."""
    values = {key: value for key, value in overrides.items() if value is not None}
    if "base" in values:
        values["base"] = resolve_base(values["base"], Path.cwd())
    return settings.model_copy(update={"training": settings.training.model_copy(update=values)})


def outcome_of(
    voice: VoiceName,
    sources: Sequence[str],
    settings: Settings,
    *,
    say: Say = _nobody_listens,
    tell: Tell = _nobody_listens,
    min_new: int = 0,
    told_about: "Callable[[list[Owned]], list[Owned]]" = list,
) -> "Outcome":
    """Read the sources and learn. `tell` gets a sentence on what was read from networks.

    `told_about` adds to the files what somebody has said about them. Raises what `learn` raises, and `TooFewNew` if
    there are fewer than `min_new` new tweets.
    """
    from huggingtweets.tweets.kept.tweet_store import TweetStore

    kept_before = TweetStore(settings.tweets).handles()
    files = told_about(read_remote(voice, sources, settings, tell))
    from huggingtweets.workflow import pipeline

    return pipeline.run(voice, files, settings, say=say, min_new=min_new, kept_before=kept_before)


def read_remote(voice: VoiceName, sources: Sequence[str], settings: Settings, tell: Tell) -> "list[Owned]":
    """Read the sources at networks into the store. Returns the others, which are files."""
    from huggingtweets.sources.owners import parse_owned

    owned = [parse_owned(source, voice) for source in sources]
    if not any(":" in source.written or source.written.startswith("@") for source in owned):
        return owned
    from huggingtweets.sources.remote_sources import Collector, Origin, parse_origin

    origins_by_handle: dict[str, list[Origin]] = {}
    files: list[Owned] = []
    for source in owned:
        if origin := parse_origin(source.written):
            origins_by_handle.setdefault(source.handle or _only_handle(voice, source.written), []).append(origin)
        else:
            files.append(source)
    collector = Collector(settings)
    for handle, origins in origins_by_handle.items():
        gathered = waited_for(collector.collect(handle, origins))
        tell(gathered_in_words(handle, gathered.new, gathered.dropped))
        if shortfall := collector.shortfall():
            tell(shortfall)
    return files


def gathered_in_words(handle: str, new: int, dropped: int) -> str:
    """What a look at a network gave."""
    return f"{new:,} new tweets of {handle}, {dropped:,} gone at their source."


def _only_handle(voice: VoiceName, source: str) -> str:
    """The handle of the one person in `voice`; raises `Usage` if there are several."""
    if not voice.is_of_one:
        raise Usage(f"Whose tweets are at {source}? Write --from {voice.handles[0]}={source}.")
    return voice
