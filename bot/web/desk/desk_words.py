"""Names in the database, acts and settings in words for the desk.

Knows how the database writes them. Does not know where they are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACTS = {
    "version.promote": "put a version in use",
    "version.rollback": "went back to an earlier version",
    "version.export": "exported a version",
    "voice.delete": "deleted a voice",
    "voice.forget": "deleted a voice for good",
    "job.start": "began a training",
    "job.cancel": "ended a training",
    "schedule": "changed a schedule",
    "unschedule": "removed a schedule",
    "pause.end": "ended a pause",
    "consent.opt_out": "opted out",
    "consent.opt_in": "came back",
    "consent.claim": "claimed a voice",
    "consent.confirm": "confirmed a claim",
    "consent.refuse": "refused a claim",
    "consent.forget": "was forgotten",
    "consent.forget_account": "had an account of another network forgotten",
    "consent.remember": "let somebody be learned again",
    "token new": "made a token for a program",
    "token revoke": "made a token invalid",
    "access.allow": "let somebody in",
    "access.deny": "kept somebody out",
    "member.join": "joined with a voice of their own",
    "member.leave": "left",
    "member.past": "let what they wrote before be read",
    "learning.allow": "let me learn from members",
    "learning.deny": "kept me from learning from members",
    "chatter": "changed when I speak by myself",
    "chatter.voted_off": "had the last vote for me to be silent",
    "settings": "changed settings",
    "settings.reload": "had the settings read again",
    "home": "changed where I am at home",
}
VERBS = {
    "propose": "proposed a post",
    "queue": "queued a post",
    "approve": "approved a post",
    "reject": "rejected a post",
    "edit": "edited a post",
    "pause": "paused posting",
    "resume": "resumed posting",
}
SETTINGS = {
    "voice": "who answers when nobody is named",
    "threads": "answers mentions in threads",
    "notices": "where admins are told things",
    "words": "unwanted words",
    "channels": "learns from members in",
    "chatter": "speaks by itself",
}
KINDS = {"server": "server", "channel": "channel", "user": "person", "role": "role", "address": "address"}


@dataclass(frozen=True, slots=True)
class Scope:
    """What was set for a server or channel: pairs of what, and how it is set."""

    name: str
    values: tuple[tuple[str, str], ...]


def who(subject: str) -> str:
    """A person, server, channel, post or account as people read it: `channel 12 on Discord`, `post 3`."""
    place, _, rest = subject.partition(":")
    kind, _, number = rest.rpartition(":")
    match place:
        case "":
            return "nobody"
        case "discord":
            return f"{KINDS.get(kind, kind) or 'person'} {number} on Discord"
        case "playground":
            return number if kind == "user" else "a visitor of the page"
        case "schedule":
            return f"the schedule {rest}".rstrip()
        case "global":
            return "everywhere"
        case "x" | "bluesky" | "mastodon":
            network = "X" if place == "x" else place.title()
            return network if rest in ("", place) else f"{rest} on {network}"
        case "post" | "token":
            return f"{place} {rest}"
    return subject


def act_in_words(action: str) -> str:
    """What somebody did, as it goes on after their name. An act that is not known here is shown as it is."""
    verb = action.rpartition(".")[2]
    return ACTS.get(action) or VERBS.get(verb) or action


def scopes_in_words(settings: Mapping[str, Mapping[str, Any]], rules: Mapping[str, Mapping[str, bool]]) -> list[Scope]:
    """Everything that was set by command, a scope each."""
    scopes = []
    for scope in sorted({*settings, *rules}):
        values = [(SETTINGS.get(key, key), _value(value)) for key, value in settings.get(scope, {}).items()]
        values += [
            (who(subject), "is let in" if allowed else "is kept out")
            for subject, allowed in rules.get(scope, {}).items()
        ]
        scopes.append(Scope(who(scope), tuple(values)))
    return scopes


def _value(value: Any) -> str:
    match value:
        case True:
            return "yes"
        case False:
            return "no"
        case str():
            return who(value) if ":" in value else value
        case list():
            return ", ".join(map(_value, value)) or "none"
        case dict():
            return ", ".join(f"{key.replace('_', ' ')} {_value(one)}" for key, one in value.items())
    return str(value)
