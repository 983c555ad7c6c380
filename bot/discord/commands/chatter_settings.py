"""The part of /settings that says when the bot speaks by itself in a channel.

Knows the options and the words. Does not know when something is said, or how.
"""

from collections.abc import Mapping

from bot.core.clock.chatter import Chatter
from bot.voices.chattering import Chattering
from huggingtweets.core.errors import Usage
from huggingtweets.core.text.phrases import Phrase

SWITCH_ON = Phrase("I do not speak here by myself; switch that on with the option chatter.")
WHOSE = Phrase("Whose voice shall I speak in here? Choose it with the option voice.")


async def change(
    chattering: Chattering, channel: str, by: str, wanted: str | None, options: Mapping[str, object], *, has_voice: bool
) -> bool:
    """Switch chatter on or off in a channel, or change it. Returns True if there was anything to do.

    `has_voice` says whether the channel has a voice. Raises `Usage` if that is missing, or an option makes no sense.
    """
    if wanted == "off":
        await chattering.switch_off(channel)
        return True
    changes = {key: value for key, value in options.items() if value is not None}
    if not wanted and not changes:
        return False
    if not wanted and not await chattering.of(channel):
        raise Usage(SWITCH_ON)
    if not has_voice:
        raise Usage(WHOSE)
    await chattering.switch_on(channel, by, **changes)
    return True


def in_words(chatter: Chatter | None) -> Phrase:
    """Returns when the bot speaks by itself in a channel, in a sentence."""
    if not chatter:
        return Phrase("I speak here by myself: never.")
    often = Phrase(
        "I speak here by myself: after {percent} of 100 messages, with {minutes} min between, "
        "{times} times a day at most.",
        percent=chatter.percent,
        minutes=chatter.pause_minutes,
        times=chatter.a_day,
    )
    begin, _, end = chatter.quiet.partition("-")
    quiet = Phrase("Not from {begin} to {end} ({zone}).", begin=begin, end=end, zone=chatter.time_zone)
    votes = Phrase("More 👎 than 👍 switch that off.")
    return Phrase.joined(" ", [often, quiet if chatter.quiet else "", votes])
