"""What draws drafts: the engine in this process, or engines on other machines. Whoever needs drafts sees only this.

Knows requests and drafts. Does not know where they are drawn.
"""

from typing import TYPE_CHECKING, Protocol

from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.core.errors import NotNow
from huggingtweets.core.text.phrases import Phrase

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft
    from huggingtweets.generation.engine.tickets import Request

STOPPING = Phrase("I am being stopped; try again when I am back.")


def too_slow(settings: GenerationSettings) -> NotNow:
    """The error of a request that is past its deadline."""
    seconds = settings.timeout_seconds
    return NotNow(Phrase("Drawing took longer than {seconds:g} s; try again with fewer tweets.", seconds=seconds))


class Drafter(Protocol):
    """Draws drafts from voices. `tests/huggingtweets/generation/drafter_contract.py` says what each one must do."""

    @property
    def settings(self) -> GenerationSettings:
        """How tweets are drawn."""
        ...

    @property
    def waiting(self) -> int:
        """How many requests are queued or running."""
        ...

    @property
    def in_memory(self) -> tuple[int, int]:
        """How many voices are in memory, and how many bytes they and their bases take."""
        ...

    @property
    def dead(self) -> bool:
        """True if it has failed for good."""
        ...

    @property
    def problem(self) -> str:
        """Why nothing can be drawn now; empty if drawing works."""
        ...

    async def draw(self, request: "Request") -> "list[Draft]":
        """The drafts of `request`. The same seed gives the same drafts, wherever they are drawn.

        Raises `Busy` if too many wait, `Unavailable` past the deadline or if it is closed, `EngineDead` if it has
        failed for good, and every error of loading the voice. A cancelled request gives its rows back at once.
        """
        ...

    def forget(self, name: str) -> None:
        """Remove every voice of `name` from memory, and every copy that is no version of the registry."""
        ...

    def warm_up(self) -> None:
        """Prepare for the first request. Returns at once."""
        ...

    async def answers(self) -> None:
        """Raises `EngineDead` if it has failed for good, and `Unavailable` if it stands still."""
        ...

    async def watch(self) -> None:
        """Wait until it has failed for good, then raise `EngineDead`. Never returns."""
        ...
