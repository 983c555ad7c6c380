"""`Voice`: somebody who was learned, or several of them in a blend, and the tweets that they write.

Knows names, versions and who must not be imitated. Does not know how a tweet is drawn.
"""

from os import PathLike
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from huggingtweets.api.loop import awaited, waited_for
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.registry.accounts import Accounts
from huggingtweets.registry.blend import find_voice
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from huggingtweets.api.desk import Desk
    from huggingtweets.generation.drawing_options import Length
    from huggingtweets.generation.engine.preview_voice import Drawable
    from huggingtweets.generation.writer import Tweets

Configuration = Settings | str | PathLike[str] | None
"""Settings, the path of a config.toml, or None for ./config.toml or the user's own."""


class HowToDraw(TypedDict, total=False):
    """What can be said about tweets, besides how they begin and how many there are.

    They answer `reply_to`, which is what somebody has said, in one line or several. `temperature` is 0.5 (tame) to
    1.5 (wild), `length` is "shorter" or "longer" than half of the person's tweets, and the same `seed` gives the same
    tweets again: `DrawingOptions` says when it does not.
    """

    reply_to: str
    temperature: float | None
    length: "Length"
    seed: int | None


class Voice:
    """Draws tweets like somebody's. Make one with `load` or `preview`, or get one from `learn`.

    The first tweet takes a second or more, because the models are loaded then; later ones do not.
    """

    def __init__(self, drawable: "Drawable", settings: Settings):
        self._drawable = drawable
        self._settings = settings
        self._desk: Desk | None = None

    @classmethod
    def load(cls, name: str, *, version: str | None = None, config: Configuration = None) -> Self:
        """The voice `name`, in `version` or in the one in use. A name may be a blend, such as `nasa+0.5*dril`.

        Raises `Usage`, and `Unavailable` if there is no such voice, or if its person wants none.
        """
        settings, blend = settings_of(config), BlendName.parse(name)
        _refuse_unwilling(blend, settings)
        registry = Registry(settings.storage.models)

        def find(voice: str) -> Version:
            return registry.version(VoiceName(voice), version) if version else registry.current(VoiceName(voice))

        return cls(find_voice(blend, find), settings)

    @classmethod
    def preview(cls, name: str, *sources: str | PathLike[str], config: Configuration = None) -> Self:
        """A voice without any training: the base, mixed with the habits of `name`'s tweets.

        The tweets are those in `sources`, or those that were collected before. Raises `Unavailable` if there are none,
        `TooLittleData` and `BadSource`.
        """
        from huggingtweets.core.errors import Unavailable
        from huggingtweets.generation.engine.preview_voice import preview_voice
        from huggingtweets.sources.owners import parse_owned, texts_of
        from huggingtweets.tweets.kept.tweet_store import TweetStore

        settings, voice = settings_of(config), BlendName.parse(name).single
        _refuse_unwilling(BlendName.parse(name), settings)
        files = [parse_owned(str(source), voice) for source in sources]
        texts, counts = texts_of(voice, files, TweetStore(settings.tweets))
        if not counts.downloaded:
            raise Unavailable(f"There are no tweets of {voice} to begin with; name a file or archive of theirs.")
        return cls(preview_voice(voice, texts, settings.base, counts), settings)

    def __repr__(self) -> str:
        return f"Voice({self.name!r}, version={self.version!r})"

    @property
    def name(self) -> str:
        """The name, or what a blend is made of."""
        return str(self._drawable.name)

    @property
    def version(self) -> str:
        """The number of the version, such as `v2`; `preview` for a preview."""
        return self._drawable.version

    @property
    def in_use(self) -> bool:
        """True if whoever asks for this voice by its name gets this version."""
        drawable = self._drawable
        if not isinstance(drawable, Version):
            return False
        registry = Registry(self._settings.storage.models)
        return drawable.name in registry.names() and registry.current(drawable.name).key == drawable.key

    @property
    def verdict(self) -> str:
        """How good the voice is, in a sentence; empty for a blend, a preview, and a voice that was never measured."""
        from huggingtweets.evaluation import verdict

        return verdict.of(self._drawable.manifest) if isinstance(self._drawable, Version) else ""

    def tweets(self, prompt: str = "", count: int = 5, **how: "Unpack[HowToDraw]") -> list[str]:
        """Tweets that begin with `prompt`, usually `count` of them. `HowToDraw` has what can be said about them.

        Raises `Usage` for what is out of bounds, `NotEnoughDrafts` if not a single draft was fit, and `BadBase`.
        """
        return list(self.draw(prompt, count, **how).texts)

    async def tweets_async(self, prompt: str = "", count: int = 5, **how: "Unpack[HowToDraw]") -> list[str]:
        """The same for async code. Cancelling it ends the drawing."""
        return list((await awaited(self._written(prompt, count, how))).texts)

    def draw(self, prompt: str = "", count: int = 5, **how: "Unpack[HowToDraw]") -> "Tweets":
        """Like `tweets`, with the seed that gives these tweets again, and a word on those that are missing."""
        return waited_for(self._written(prompt, count, how))

    def _written(self, prompt: str, count: int, how: HowToDraw) -> "Coroutine[Any, Any, Tweets]":
        from huggingtweets.generation.drawing_options import DrawingOptions
        from huggingtweets.tweets.learned.clean import what_to_answer

        options = DrawingOptions(how.get("temperature"), how.get("length", "usual"), how.get("seed"))
        context = what_to_answer(how.get("reply_to", ""))
        if not self._desk:
            from huggingtweets.api.desk import desk_for

            self._desk = desk_for(self._settings)
        return self._desk.writer.write(self._drawable, prompt, count, options, context=context)


def settings_of(config: Configuration) -> Settings:
    """The settings themselves, or those in the file."""
    from pathlib import Path

    return config if isinstance(config, Settings) else Settings.load(Path(config) if config else None)


def _refuse_unwilling(blend: BlendName, settings: Settings) -> None:
    """Raises `Forgotten` or `OptedOut` if one of the people in `blend` wants no voice here."""
    accounts = Accounts(settings)
    for voice in blend.voices:
        accounts.refuse(voice)
