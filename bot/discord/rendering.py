"""What people see on Discord: the texts, and how tweets and models become embeds within Discord's limits.

Knows Discord's Markdown and lengths. Does not know connections, or who asked.
"""

import re
from collections.abc import Iterable, Sequence

import discord

from huggingtweets.checks import defused
from huggingtweets.generate import Tweets
from huggingtweets.registry import Version

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
MAX_CONTENT = 2_000
MAX_DESCRIPTION = 4_096
MAX_AUTHOR = 256
MAX_MODEL_PAGES = 5

PARODY_OF = "AI parody of "
# Read back from the footer of an answer, so that a reply finds its voice after a restart too.
_FOOTER = re.compile(r"(?P<name>[a-z0-9_-]+) (?:v\d+|preview)")

# A link shows as it is, so it is passed over. `<` opens mentions, emoji, time stamps and commands.
_INLINE = re.compile(r"(?P<link>https?://[^\s<]+[^\s<.,:;\"'\])])|(?P<sign>[\\*_~`|\[<])")
_LINE_START = re.compile(r"^(\s*)(?=#{1,3}\s|-#\s|[-+>]|>>>)", re.MULTILINE)


def as_written(text: str) -> str:
    """`text` so that Discord shows its characters instead of taking them as Markdown."""
    escaped = _INLINE.sub(lambda found: found["link"] or "\\" + found["sign"], text)
    return _LINE_START.sub(r"\1\\", escaped)


def sentence(text: str) -> str:
    """A sentence of ours that may quote somebody: it pings nobody, and fits into a message."""
    return _cut(as_written(defused(text)), MAX_CONTENT)


def tweet_pages(tweets: Tweets) -> list[discord.Embed]:
    """The tweets below each other, each page marked as what it is."""
    handles = ", ".join(f"@{handle}" for handle in tweets.name.split("-"))
    pages = []
    for page in _pages(map(as_written, tweets.texts), between="\n\n"):
        embed = discord.Embed(description=page)
        embed.set_author(name=_cut(PARODY_OF + handles, MAX_AUTHOR))
        embed.set_footer(text=f"{tweets.name} {tweets.version}")
        pages.append(embed)
    return pages


def voice_of(embeds: Sequence[discord.Embed]) -> str | None:
    """Whose tweets a message of ours shows; None when it shows none."""
    for embed in embeds:
        footer = _FOOTER.fullmatch(embed.footer.text or "")
        if footer and (embed.author.name or "").startswith(PARODY_OF):
            return footer["name"]
    return None


def model_pages(versions: Sequence[Version]) -> list[discord.Embed]:
    """The versions in use, one a line; of very many the first pages."""
    if not versions:
        return [discord.Embed(title="Voices", description="I know nobody yet.")]
    pages = _pages(map(_model_line, versions), between="\n")
    shown = [discord.Embed(title="Voices", description=page) for page in pages[:MAX_MODEL_PAGES]]
    listed = sum(page.count("\n") + 1 for page in pages[:MAX_MODEL_PAGES])
    if listed < len(versions):
        shown[-1].set_footer(text=f"and {len(versions) - listed} more: type a part of a name in /tweetlike")
    return shown


def how_to_ask(me: str) -> str:
    """The answer to being called without more."""
    return (
        f"Tell me who to tweet like: `@{me} nasa`, with the start of a tweet if you like: `@{me} nasa My dream is`. "
        "Reply to my tweets and I go on. /tweetlike writes several, and /models lists the voices I know."
    )


def _model_line(version: Version) -> str:
    day = str(version.manifest.get("created", ""))[:10] or "no date"
    return f"**{as_written(version.name)}** {version.version} · {as_written(version.base)} · {day}"


def _pages(paragraphs: Iterable[str], between: str) -> list[str]:
    """`paragraphs` in as few pages as hold them whole."""
    pages: list[str] = []
    for paragraph in paragraphs:
        fitting = _cut(paragraph, MAX_DESCRIPTION)
        if pages and len(pages[-1]) + len(between) + len(fitting) <= MAX_DESCRIPTION:
            pages[-1] += between + fitting
        else:
            pages.append(fitting)
    return pages


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip("\\ ") + "…"
