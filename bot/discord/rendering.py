"""What people see on Discord: texts, and tweets and voices as embeds within Discord's limits.

Knows Discord's Markdown and lengths. Does not know connections, or who asked.
"""

import re
import zlib
from collections.abc import Iterable, Sequence

import discord

from bot.store.feedback import Tally
from bot.store.rounds import Score
from bot.trainings.measured import report_lines
from bot.voices.tweeting import Imitated
from huggingtweets.core.names import BlendName
from huggingtweets.core.visible import typed
from huggingtweets.evaluation import verdict
from huggingtweets.generation.checks import defused
from huggingtweets.generation.engine.preview_voice import PREVIEW
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.versions import Version

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
MAX_CONTENT = 2_000
MAX_DESCRIPTION = 4_096
MAX_AUTHOR = 256
MAX_EMBEDS = 10  # in a message,
MAX_IN_EMBEDS = 6_000  # with so many characters in all
MAX_DISPLAY_NAME = 80
MAX_MODEL_PAGES = 5
VOICES_IN_HELP = 8

PARODY_OF = "AI parody of "
# The footer of an answer is read back, so that a reply finds its voice after a restart, too.
_FOOTER = re.compile(r"(?:.* · )?(?P<name>[a-z0-9_.*+-]+) (?:v\d+(?:\+v\d+)*|preview)")
SHOWABLE = re.compile(
    r"https://[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+/[!-~]{1,1000}"
)  # Discord refuses a message for others

# A link is shown as it is, so it is not escaped. `<` opens mentions, emoji, time stamps and commands.
_INLINE = re.compile(r"(?P<link>https?://[^\s<]+[^\s<.,:;\"'\])])|(?P<sign>[\\*_~`|\[<])")
_LINE_START = re.compile(r"^(\s*)(?=#{1,3}\s|-#\s|[-+>]|>>>)", re.MULTILINE)


def as_written(text: str) -> str:
    """Returns `text` escaped, so that Discord shows its characters and does not take them as Markdown."""
    escaped = _INLINE.sub(lambda match: match["link"] or "\\" + match["sign"], text)
    return _LINE_START.sub(r"\1\\", escaped)


def as_read(text: str) -> str:
    """Returns the text that `as_written` has escaped."""
    return re.sub(r"\\(.)", r"\1", text)


def sentence(text: str) -> str:
    """Returns a sentence of ours so that it pings nobody and fits into a message; it may quote somebody."""
    return _cut(as_written(defused(text)), MAX_CONTENT)


def tweet_embeds(tweets: Tweets, people: Sequence[Imitated]) -> list[discord.Embed]:
    """Returns an embed for each tweet, which says whose parody it is, and that an AI wrote it."""
    names = ", ".join(map(_name_and_handle, people))
    pictures = [person.avatar_url for person in people if SHOWABLE.fullmatch(person.avatar_url)]
    hue = zlib.crc32(tweets.name.encode()) % 360 / 360
    embeds = []
    for text in tweets.texts:
        embed = discord.Embed(description=_cut(as_written(text), MAX_DESCRIPTION), colour=_colour(hue))
        embed.set_author(
            name=_cut(PARODY_OF + names, MAX_AUTHOR), icon_url=pictures[0] if len(people) == 1 and pictures else None
        )
        learning = "an AI that is still learning this voice" if tweets.version == PREVIEW else "an AI"
        embed.set_footer(text=f"Written by {learning}, and by nobody else · {tweets.name} {tweets.version}")
        embeds.append(embed)
    return embeds


def in_messages(embeds: Sequence[discord.Embed]) -> list[list[discord.Embed]]:
    """Returns `embeds` in their order, in as few messages as Discord allows."""
    messages: list[list[discord.Embed]] = []
    for embed in embeds:
        if not messages or len(messages[-1]) == MAX_EMBEDS or sum(map(len, messages[-1])) + len(embed) > MAX_IN_EMBEDS:
            messages.append([])
        messages[-1].append(embed)
    return messages


def _name_and_handle(person: Imitated) -> str:
    name = typed(person.display_name)[:MAX_DISPLAY_NAME]
    return f"{name} (@{person.handle})" if name and name.lower() != person.handle else f"@{person.handle}"


def _colour(hue: float) -> discord.Colour:
    return discord.Colour.from_hsv(hue, 0.6, 0.9)


def voice_of(embeds: Sequence[discord.Embed]) -> BlendName | None:
    """Returns whose tweets a message of ours shows, or None if it shows none."""
    for embed in embeds:
        footer = _FOOTER.fullmatch(embed.footer.text or "")
        if footer and (embed.author.name or "").startswith(PARODY_OF):
            return BlendName(footer["name"])
    return None


def shown_texts(message: discord.Message) -> list[str]:
    """Returns the tweets that a message of ours shows."""
    return [as_read(embed.description) for embed in message.embeds if embed.description]


def model_pages(versions: Sequence[Version]) -> list[discord.Embed]:
    """Returns the versions in use, one a line. Very many are cut off after the first pages."""
    if not versions:
        return [discord.Embed(title="Voices", description="I know nobody yet; an admin can train a voice with /train.")]
    texts = pages(map(_model_line, versions), between="\n")
    shown = [discord.Embed(title="Voices", description=page) for page in texts[:MAX_MODEL_PAGES]]
    listed = sum(page.count("\n") + 1 for page in texts[:MAX_MODEL_PAGES])
    if listed < len(versions):
        shown[-1].set_footer(text=f"and {len(versions) - listed} more: type a part of a name in /tweetlike")
    return shown


def voice_page(version: Version, tally: Tally, score: Score) -> discord.Embed:
    """Returns a voice's profile: what it was learned from, how good it is, and what people think of it."""
    manifest = version.manifest
    handles = ", ".join(f"@{handle}" for handle in version.name.handles)
    embed = discord.Embed(title=_cut(PARODY_OF + handles, MAX_AUTHOR))
    embed.add_field(name="Version", value=_model_line(version), inline=False)
    for account in manifest.accounts[:5]:
        counts = account.counts
        embed.add_field(
            name=_cut(f"@{account.handle}", MAX_AUTHOR),
            value=f"learned from {counts.kept:,} of {counts.downloaded:,} tweets; left out: "
            f"{counts.retweets:,} retweets, {counts.short:,} that were too short",
            inline=False,
        )
    if report := manifest.report:
        lines = filter(None, [verdict.of(manifest), *report_lines(report)])
        embed.add_field(name="How well it knows them", value="\n".join(lines) or "not measured", inline=False)
    liked = tally.up + tally.down
    embed.add_field(name="Answers", value=f"👍 {tally.up} · 👎 {tally.down}" if liked else "nobody has voted yet")
    embed.add_field(name="Real or AI?", value=fools(score))
    return embed


def fools(score: Score) -> str:
    """Returns the score of a voice in the game, in words."""
    if not score.votes:
        return "nobody has guessed yet"
    return f"has fooled {score.fooled:,} of {score.votes:,} who guessed"


def guesses(score: Score) -> str:
    """Returns how the guesses of one round went, in words."""
    right = score.votes - score.fooled
    match score.votes, right:
        case 0, _:
            return "Nobody guessed this time."
        case 1, _:
            return f"One guess, and it was {'right' if right else 'wrong'}."
        case votes, 0:
            return f"All {votes:,} guesses were wrong."
        case votes, _ if right == votes:
            return f"All {votes:,} guesses were right."
        case _:
            return f"{right:,} of {score.votes:,} guesses were right."


def how_to_ask(me: str, voices: Sequence[str]) -> str:
    """Returns how to ask for tweets, with some of the `voices`: the answer to a mention that names nobody."""
    if not voices:
        return (
            "I tweet like people whose voice I have learned, and I know nobody yet; an admin can train one with /train."
        )
    names = as_written(", ".join(voices[:VOICES_IN_HELP])) + (", ..." if len(voices) > VOICES_IN_HELP else "")
    return (
        f"I tweet like people, and am none of them. Tell me who to tweet like: `@{me} {voices[0]}`, with the start "
        f"of a tweet if you like: `@{me} {voices[0]} My dream is`. I know {names}. "
        "Reply to my tweets and I go on. /tweetlike writes several, and /models lists all the voices I know."
    )


def _model_line(version: Version) -> str:
    how_good = verdict.strength_of(version.manifest)
    line = f"**{as_written(version.name)}** {version.version} · learned on {version.manifest.day}"
    return f"{line} · {how_good}" if how_good else line


def pages(paragraphs: Iterable[str], between: str) -> list[str]:
    """Returns `paragraphs` on as few pages as hold them whole."""
    shown: list[str] = []
    for paragraph in paragraphs:
        fitting = _cut(paragraph, MAX_DESCRIPTION)
        if shown and len(shown[-1]) + len(between) + len(fitting) <= MAX_DESCRIPTION:
            shown[-1] += between + fitting
        else:
            shown.append(fitting)
    return shown


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip("\\ ") + "…"
