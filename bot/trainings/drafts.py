"""Voices that are being prepared on the page: their people and files, until a training has copied them.

A draft belongs to the person who began it, and is deleted when nobody has looked at it for an hour. What a killed
process left is deleted at the next start.

Knows a folder and people. Does not know HTTP.
"""

import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.trainings.judged import Judged
from bot.trainings.prepared import MAX_PEOPLE, Person
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName

UNUSED_SECONDS = 3_600.0
MAX_DRAFTS = 12  # the one that was unused for longest goes first


@dataclass(slots=True)
class Draft:
    """What `person` prepares. `id` is random.

    `unnamed` are files that do not say whose they are, or who of the people in them is meant. `several` are the names
    of these with numbers of posts. `called` is what somebody wants to call them.
    """

    id: str
    person: str
    folder: Path
    people: dict[VoiceName, Person] = field(default_factory=dict)
    judged: dict[VoiceName, Judged] = field(default_factory=dict)
    unnamed: Sequence[Path] = ()
    several: Sequence[tuple[str, int]] = ()
    called: str = ""
    used: float = field(default_factory=time.monotonic)

    def add(self, person: Person, judged: Judged) -> None:
        """Add somebody, or replace them. Raises `Usage` for too many."""
        if person.handle not in self.people and len(self.people) >= MAX_PEOPLE:
            raise Usage(f"A voice has at most {MAX_PEOPLE} people. Take one out first.")
        self.people[person.handle], self.judged[person.handle] = person, judged

    def ask_about(self, files: Sequence[Path], several: Sequence[tuple[str, int]] = (), called: str = "") -> None:
        """Note what somebody must say about `files`."""
        self.unnamed, self.several, self.called = files, several, called

    def remove(self, handle: VoiceName) -> None:
        """Take somebody out."""
        self.people.pop(handle, None)
        self.judged.pop(handle, None)

    def get(self, handle: str) -> Person:
        """Somebody in it; the first one for an empty handle. Raises `Usage` if there is nobody of that name."""
        person = self.people.get(VoiceName(handle)) if handle else next(iter(self.people.values()), None)
        if person is None:
            raise Usage("There are no tweets of that person here any more. Add them again.")
        return person


class Drafts:
    """The drafts below `home`. The methods block for a few file operations."""

    def __init__(self, home: Path, max_bytes: int):
        self.home = home.absolute()
        self.max_bytes = max_bytes
        self._drafts: dict[str, Draft] = {}

    def new(self, person: str) -> Draft:
        """An empty draft of `person`."""
        while len(self._drafts) >= MAX_DRAFTS:
            self.delete(min(self._drafts.values(), key=lambda draft: draft.used))
        id_ = secrets.token_hex(8)
        draft = Draft(id_, person, self.home / id_)
        draft.folder.mkdir(parents=True)
        self._drafts[id_] = draft
        return draft

    def of(self, person: str) -> list[Draft]:
        """The drafts of `person`, the one that was used last first."""
        return sorted((one for one in self._drafts.values() if one.person == person), key=lambda one: -one.used)

    def get(self, id_: str, person: str) -> Draft:
        """A draft of `person`. Raises `Usage` if there is none."""
        draft = self._drafts.get(id_)
        if not draft or draft.person != person:
            raise Usage("What you prepared here is not there any more: nobody had used it for an hour. Begin again.")
        draft.used = time.monotonic()
        return draft

    def delete(self, draft: Draft) -> None:
        """Delete a draft with its files."""
        self._drafts.pop(draft.id, None)
        shutil.rmtree(draft.folder, ignore_errors=True)

    def sweep(self) -> None:
        """Delete the drafts that nobody has used for long."""
        late = time.monotonic() - UNUSED_SECONDS
        for draft in [draft for draft in self._drafts.values() if draft.used < late]:
            self.delete(draft)

    def clear(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.home, ignore_errors=True)
        self._drafts.clear()
