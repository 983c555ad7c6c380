"""What people see on Discord: texts, and tweets and voices as embeds within Discord's limits.

Knows Discord's Markdown and lengths. Does not know connections, or who asked.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from functools import cache

import discord

from bot.discord.look.translating import Language, all_languages
from bot.store.posts.engagement import Response
from bot.store.voices.feedback import Tally
from bot.store.voices.rounds import Score
from bot.trainings.measured import report_lines
from bot.voices.tweeting import Imitated
from huggingtweets.core.people.names import BlendName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.visible import typed
from huggingtweets.evaluation import verdict
from huggingtweets.generation.checks import defused
from huggingtweets.generation.engine.preview_voice import PREVIEW
from huggingtweets.generation.writer import Tweets
from huggingtweets.registry.version import Version

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
MAX_CONTENT = 2_000
MAX_DESCRIPTION = 4_096
MAX_AUTHOR = 256
MAX_EMBEDS = 10  # in a message,
MAX_IN_EMBEDS = 6_000  # with so many characters in all
MAX_DISPLAY_NAME = 80
MAX_MODEL_PAGES = 5
VOICES_IN_HELP = 8

NOBODY_YET = Phrase("I know nobody yet; an admin can train a voice with /train.")
STRENGTHS = {
    verdict.Strength.FAINT: Phrase("faint"),
    verdict.Strength.FAIR: Phrase("fair"),
    verdict.Strength.STRONG: Phrase("strong"),
}

# The footer of an answer is read back, so that a reply finds its voice after a restart, too.
_FOOTER = re.compile(r"(?:(?P<written>.*) · )?(?P<name>[a-z0-9_.*+-]+) (?:v\d+(?:\+v\d+)*|preview)")
WRITTEN = Phrase("Written by an AI, and by nobody else")
WRITTEN_BY_A_LEARNER = Phrase("Written by an AI that is still learning this voice, and by nobody else")
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


def sentence(text: Phrase, language: Language) -> str:
    """Returns a sentence of ours so that it pings nobody and fits into a message; it may quote somebody."""
    return _cut(as_written(defused(language.say(text))), MAX_CONTENT)


def tweet_embeds(tweets: Tweets, people: Sequence[Imitated], language: Language) -> list[discord.Embed]:
    """Returns an embed for each tweet, which says whose parody it is, and that an AI wrote it."""
    title = language.say(parody_of(", ".join(map(_name_and_handle, people))))
    written = WRITTEN_BY_A_LEARNER if tweets.version == PREVIEW else WRITTEN
    pictures = [person.avatar_url for person in people if SHOWABLE.fullmatch(person.avatar_url)]
    hue = zlib.crc32(tweets.name.encode()) % 360 / 360
    embeds = []
    for text in tweets.texts:
        embed = discord.Embed(description=_cut(as_written(text), MAX_DESCRIPTION), colour=_colour(hue))
        embed.set_author(name=_cut(title, MAX_AUTHOR), icon_url=pictures[0] if len(people) == 1 and pictures else None)
        embed.set_footer(text=f"{language.say(written)} · {tweets.name} {tweets.version}")
        embeds.append(embed)
    return embeds


def parody_of(people: str) -> Phrase:
    """Returns the mark that everything bears which is written in somebody's voice."""
    return Phrase("AI parody of {people}", people=people)


@cache
def _marks() -> frozenset[str]:
    """What the footers of our tweets say, in all languages."""
    return frozenset(language.say(mark) for language in all_languages() for mark in (WRITTEN, WRITTEN_BY_A_LEARNER))


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
    """Returns whose tweets a message of ours shows, or None if it shows none. Of a scene, it is who spoke last."""
    for embed in reversed(embeds):
        footer = _FOOTER.fullmatch(embed.footer.text or "")
        is_ours = (embed.author.name or "").startswith(parody_of("")) or (footer and footer["written"] in _marks())
        if footer and is_ours:
            return BlendName(footer["name"])
    return None


def shown_texts(message: discord.Message) -> list[str]:
    """Returns the tweets that a message of ours shows."""
    return [as_read(embed.description) for embed in message.embeds if embed.description]


def model_pages(versions: Sequence[Version], language: Language) -> list[discord.Embed]:
    """Returns the versions in use, one a line. Very many are cut off after the first pages."""
    title = language.say(Phrase("Voices"))
    if not versions:
        return [discord.Embed(title=title, description=language.say(NOBODY_YET))]
    texts = pages((_model_line(version, language) for version in versions), between="\n")
    shown = [discord.Embed(title=title, description=page) for page in texts[:MAX_MODEL_PAGES]]
    listed = sum(page.count("\n") + 1 for page in texts[:MAX_MODEL_PAGES])
    if listed < len(versions):
        more = Phrase("and {more} more: type a part of a name in /tweetlike", more=len(versions) - listed)
        shown[-1].set_footer(text=language.say(more))
    return shown


def voice_page(version: Version, tally: Tally, score: Score, response: Response, language: Language) -> discord.Embed:
    """Returns a voice's profile: what it was learned from, how good it is, and what people think of it."""
    manifest = version.manifest
    handles = ", ".join(f"@{handle}" for handle in version.name.handles)
    say = language.say
    embed = discord.Embed(title=_cut(say(parody_of(handles)), MAX_AUTHOR))
    embed.add_field(name=say(Phrase("Version")), value=_model_line(version, language), inline=False)
    for account in manifest.accounts[:5]:
        counts = account.counts
        embed.add_field(
            name=_cut(f"@{account.handle}", MAX_AUTHOR),
            value=say(
                Phrase(
                    "learned from {kept:,} of {downloaded:,} tweets; left out: {retweets:,} retweets, "
                    "{short:,} that were too short",
                    kept=counts.kept,
                    downloaded=counts.downloaded,
                    retweets=counts.retweets,
                    short=counts.short,
                )
            ),
            inline=False,
        )
    if report := manifest.report:
        lines = Phrase.joined("\n", [verdict.of(manifest), *report_lines(report)]) or Phrase("not measured")
        embed.add_field(name=say(Phrase("How well it knows them")), value=say(lines), inline=False)
    thumbs = Phrase("👍 {up} · 👎 {down}", up=tally.up, down=tally.down)
    liked = thumbs if tally.up + tally.down else Phrase("nobody has voted yet")
    embed.add_field(name=say(Phrase("Answers")), value=say(liked))
    embed.add_field(name=say(Phrase("Real or AI?")), value=say(fools(score)))
    if response.posts:
        embed.add_field(name=say(Phrase("On networks")), value=say(_response(response)))
    return embed


def _response(response: Response) -> Phrase:
    sums = response.counts
    return Phrase(
        "{count:,} post: ❤️ {likes:,} · 🔁 {reposts:,} · 💬 {replies:,}",
        plural="{count:,} posts: ❤️ {likes:,} · 🔁 {reposts:,} · 💬 {replies:,}",
        count=response.posts,
        likes=sums.likes,
        reposts=sums.reposts,
        replies=sums.replies,
    )


def fools(score: Score) -> Phrase:
    """Returns the score of a voice in the game, in words."""
    if not score.votes:
        return Phrase("nobody has guessed yet")
    return Phrase("has fooled {fooled:,} of {votes:,} who guessed", fooled=score.fooled, votes=score.votes)


def guesses(score: Score) -> Phrase:
    """Returns how the guesses of one round went, in words."""
    right = score.votes - score.fooled
    match score.votes, right:
        case 0, _:
            return Phrase("Nobody guessed this time.")
        case 1, _:
            return Phrase("One guess, and it was right.") if right else Phrase("One guess, and it was wrong.")
        case votes, 0:
            return Phrase("All {votes:,} guesses were wrong.", votes=votes)
        case votes, _ if right == votes:
            return Phrase("All {votes:,} guesses were right.", votes=votes)
        case votes, _:
            return Phrase("{right:,} of {votes:,} guesses were right.", right=right, votes=votes)


def how_to_ask(me: str, voices: Sequence[str]) -> Phrase:
    """Returns how to ask for tweets, with some of the `voices`: the answer to a mention that names nobody."""
    if not voices:
        return Phrase(
            "I tweet like people whose voice I have learned, and I know nobody yet; an admin can train one with /train."
        )
    names = as_written(", ".join(voices[:VOICES_IN_HELP])) + (", ..." if len(voices) > VOICES_IN_HELP else "")
    return Phrase(
        "I tweet like people, and am none of them. Tell me who to tweet like: `@{me} {voice}`, with the start "
        "of a tweet if you like: `@{me} {voice} My dream is`. I know {names}. "
        "Reply to my tweets and I go on. /tweetlike writes several, and /models lists all the voices I know.",
        me=me,
        voice=voices[0],
        names=names,
    )


def _model_line(version: Version, language: Language) -> str:
    how_good = verdict.strength_of(version.manifest)
    day = language.say(Phrase("learned on {day}", day=version.manifest.day))
    line = f"**{as_written(version.name)}** {version.version} · {day}"
    return f"{line} · {language.say(STRENGTHS[how_good])}" if how_good else line


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
