"""How posting at a place stands: what waits, what was spent, and why nothing may go out just now.

Knows words for people. Does not know the queue, or who asks.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.posts.place import Place
from bot.store.people.pauses import Pause
from huggingtweets.core.text.phrases import Phrase


@dataclass(frozen=True, slots=True)
class Status:
    """How posting at a place stands. `counts` are the posts in each state.

    Amounts are in US dollars, for this month; a budget of 0 means that posts cost nothing there.
    """

    place: Place
    connected: bool
    dry_run: bool
    automatic: bool
    pause: Pause | None
    quiet_until: datetime | None
    counts: dict[str, int]
    spent_usd: float
    budget_usd: float


def standing(status: Status) -> Phrase:
    """Returns how posting stands, in a sentence or two."""
    how = Phrase("as @{handle}", handle=status.place.handle)
    if status.dry_run:
        how = Phrase("a dry run, nothing is sent")
    elif not status.connected:
        how = Phrase("not connected, the keys are not there")
    parts = [
        how,
        Phrase(
            "{proposed} to approve, {approved} approved",
            proposed=status.counts.get("proposed", 0),
            approved=status.counts.get("queued", 0),
        ),
    ]
    if status.budget_usd:
        spent, budget = status.spent_usd, status.budget_usd
        parts.append(Phrase("{spent:.3f} of {budget:.2f} USD spent this month", spent=spent, budget=budget))
    said = [Phrase.joined("", [f"{status.place.network}: ", Phrase.joined("; ", parts), "."])]
    if status.quiet_until:
        said.append(Phrase("Quiet hours until {until} UTC.", until=f"{status.quiet_until:%Y-%m-%d %H:%M}"))
    if status.pause:
        said.append(Phrase("Paused: {reason}.", reason=status.pause.why))
    return Phrase.joined(" ", said)
