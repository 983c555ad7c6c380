"""What people see in all languages: nothing is missing, every text comes from a catalogue, and Discord takes it."""

import ast
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import discord
import pytest
import regex
from discord import app_commands

from bot.background.telling import Delivery
from bot.core.config import DiscordSettings, XSettings
from bot.discord.client import DiscordBot
from bot.discord.look.rendering import voice_of
from bot.discord.look.translating import ENGLISH, LANGUAGES, all_languages, catalogue, language_of, translated
from bot.posts.outlets import Outlets
from bot.store import Store
from bot.trainings.news import news
from huggingtweets import sources
from huggingtweets.core import events
from huggingtweets.core.config.settings import GateSettings
from huggingtweets.core.errors import BadSource, Usage
from huggingtweets.core.records import Report
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.evaluation.quality_gate import judge
from huggingtweets.sources.remote_sources import parse_origin
from tests.bot.discord.commands.test_queue import posting_as
from tests.bot.discord.conftest import MakeBot, World
from tests.bot.test_words_for_people import calls, spoken
from tests.bot.trainings.test_news import JOB
from tests.parsed import parsed_modules

LANGUAGE = sorted(set(LANGUAGES.values()))
# https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
NAME = regex.compile(r"[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}")


@pytest.fixture
def posting(store: Store) -> Outlets:
    return posting_as(XSettings(account="parody", voice="nasa"), store)


@pytest.fixture
async def simcord_bot(make_bot: MakeBot, posting: Outlets) -> DiscordBot:
    """Has all the commands that there can be."""
    return make_bot(posting=posting, settings=DiscordSettings(member_messages=True))


def texts(there: World) -> tuple[set[str], set[str]]:
    """Returns all names and all descriptions of the commands."""
    names, descriptions = set[str](), set[str]()

    def read(told: dict[str, Any]) -> None:
        names.add(told["name"])
        descriptions.add(told.get("description", ""))
        names.update(choice["name"] for choice in told.get("choices") or () if isinstance(choice["value"], str))
        for option in told.get("options") or ():
            read(option)

    for command in there.bot.tree.get_commands():
        read(command.to_dict(there.bot.tree))
    return names, descriptions - {"", "…"}


def template_of(call: ast.Call) -> Sequence[ast.expr] | None:
    """Returns the arguments of a call that makes a phrase, or will make it; None for any other call."""
    if getattr(call.func, "id", "") == "Phrase":
        return call.args
    if getattr(call.func, "id", "") == "partial" and call.args and getattr(call.args[0], "id", "") == "Phrase":
        return call.args[1:]
    return None


def has_words(template: str) -> bool:
    return any(re.search("[A-Za-z]", text) for text, *_ in Formatter().parse(template))


@cache
def phrases() -> dict[str, str]:
    """Returns the templates of all phrases in the source text, each with its plural."""
    templates = dict[str, str]()
    for tree in parsed_modules().values():
        for call in ast.walk(tree):
            arguments = template_of(call) if isinstance(call, ast.Call) else None
            if not arguments or not isinstance(call, ast.Call) or not isinstance(arguments[0], ast.Constant):
                continue
            [plural] = [one.value for one in call.keywords if one.arg == "plural"] or [ast.Constant("")]
            assert isinstance(plural, ast.Constant)
            if has_words(arguments[0].value):
                templates[arguments[0].value] = plural.value
    return templates


def test_every_phrase_is_written_where_it_can_be_found() -> None:
    """A template that is put together elsewhere would be in no catalogue."""
    put_together = [
        (name, ast.unparse(arguments[0]))
        for name, tree in parsed_modules().items()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and (arguments := template_of(call))
        and not isinstance(arguments[0], ast.Constant)
    ]
    # Buttons say their labels, which are phrases themselves.
    assert set(put_together) == {
        ("bot/discord/asking/answering.py", "item.label"),
        ("bot/discord/asking/answering.py", "item.placeholder"),
    }


@pytest.mark.parametrize("language", LANGUAGE)
async def test_nothing_is_missing_and_nothing_is_left_over(there: World, language: str) -> None:
    names, descriptions = texts(there)
    assert len(names) > 50
    assert len(phrases()) > 400
    assert {name for name in names if not translated(name, language, context="name")} == set()
    assert {text for text in descriptions if not translated(text, language)} == set()
    messages = [message for message in catalogue(language) if message.id]
    found = {(one.context, one.id[0] if isinstance(one.id, tuple) else one.id) for one in messages}
    assert found == {("name", name) for name in names} | {(None, text) for text in [*descriptions, *phrases()]}
    assert [one.id for one in messages if one.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGE)
def test_every_phrase_is_translated_with_all_its_values(language: str) -> None:
    for template, plural in phrases().items():
        message = catalogue(language).get(template)
        assert message, template
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        assert message.id == ((template, plural) if plural else template)
        assert len(forms) == (catalogue(language).num_plurals if plural else 1), template
        for form in forms:
            assert form, template
            # One thing may be named without its number.
            assert places(str(form)) | {"count"} == places(template) | {"count"}, template
            assert lists(str(form)) == lists(template), template


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def lists(template: str) -> set[tuple[str, str | None]]:
    """Returns the values that are lists with a word between them: that word is not translated."""
    return {(str(name), form) for _, name, form, _ in Formatter().parse(template) if form in ("and", "or")}


LISTED = ["one", "two"]


@pytest.mark.parametrize("language", LANGUAGE)
def test_every_phrase_can_be_said(language: str) -> None:
    say = next(language_of(locale) for locale, code in LANGUAGES.items() if code == language).say
    for template, plural in phrases().items():
        forms = {name: form for text in (template, plural) for _, name, form, _ in Formatter().parse(text) if name}
        values = {name: LISTED if form in ("and", "or") else 7 if form else "seven" for name, form in forms.items()}
        for count in (0, 1, 2) if plural else (7,):
            said = say(Phrase(template, plural=plural, **{**values, **({"count": count} if plural else {})}))
            assert "{" not in said, template


ON_THE_PAGE, BY_THE_API, AT_A_TERMINAL = "the page is in English", "programs read it", "whoever runs the bot types it"
# Why Discord has no way to what these modules say.
ELSEWHERE = {
    "bot/__main__.py": AT_A_TERMINAL,
    "bot/core/config/": AT_A_TERMINAL,
    "bot/keeping/": AT_A_TERMINAL,
    "bot/people/tokens.py": BY_THE_API,
    "bot/store/sql/leading.py": AT_A_TERMINAL,
    "bot/trainings/drafts.py": ON_THE_PAGE,
    "bot/trainings/prepared.py": ON_THE_PAGE,
    "bot/voices/comparing.py": ON_THE_PAGE,
    "bot/voices/exporting.py": ON_THE_PAGE,
    "bot/web/": ON_THE_PAGE,
    "huggingtweets/cli/": AT_A_TERMINAL,
    "huggingtweets/generation/drawing_options.py:": BY_THE_API,
    "huggingtweets/publishing/export.py": ON_THE_PAGE,
}


def bare(node: ast.AST) -> Iterator[str]:
    """Yields the words in an expression that are in no phrase. What a phrase is given is bare again."""
    match node:
        case ast.Call() if (arguments := template_of(node)) is not None:
            for one in [*arguments[1:], *(keyword.value for keyword in node.keywords if keyword.arg != "plural")]:
                yield from bare(one)
        case ast.Constant(value=str(text)) if re.search("[A-Za-z]{2}", text):
            yield text
        case ast.Subscript():
            yield from bare(node.value)
        case ast.Compare():
            return
        case _:
            for child in ast.iter_child_nodes(node):
                yield from bare(child)


def test_what_errors_tell_people_is_in_phrases() -> None:
    heard = [
        (where, text)
        for where, call, kind in calls()
        if not where.startswith(tuple(ELSEWHERE))
        for part in spoken(call, kind)
        for text in bare(part)
    ]
    assert heard == []


def test_whoever_speaks_elsewhere_still_has_something_to_say_there() -> None:
    """A module whose texts are phrases by now does not stay on the list."""
    heard = {where for where, call, kind in calls() for part in spoken(call, kind) for _ in bare(part)}
    assert [name for name in ELSEWHERE if not any(where.startswith(name) for where in heard)] == []


SHOWN = {"title", "description", "name", "value", "text", "label", "placeholder", "content", "note"}
SHOWING = {"Embed", "add_field", "set_footer", "set_author", "button", "Button", "TextInput", "Select", "send", "tell"}
SHOWING |= {
    "show",
    "reply",
    "edit",
    "edit_message",
    "edit_original_response",
    "send_message",
    "create_thread",
    "settle",
}


def test_what_is_shown_on_discord_is_in_phrases() -> None:
    shown = [
        (name, call.lineno, text)
        for name, tree in parsed_modules().items()
        if name.startswith("bot/discord/")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in SHOWING
        for part in [*call.args, *(one.value for one in call.keywords if one.arg in SHOWN)]
        for text in bare(part)
    ]
    # What stands for itself in all languages: letters, Markdown, file names.
    assert {one for one in shown if not re.fullmatch(r"attachment://|[AB]|…|\*\*.*|rewrite:text", one[2])} == set()


def test_numbers_lists_and_commands_are_as_the_language_writes_them() -> None:
    german, japanese = language_of(discord.Locale.german), language_of(discord.Locale.japanese)
    spent = Phrase("{spent:.2f} of {budget:.2f} USD are spent this month", spent=1234.5, budget=2.0)
    assert german.say(spent) == "1234,50 von 2,00 USD sind diesen Monat ausgegeben"
    assert german.say(Phrase("{share:.0%} better than", share=0.12)) == "12\N{NO-BREAK SPACE}% besser voraus als"
    assert japanese.say(Phrase("{share:.0%} better than", share=0.12)) == "12%良い"
    assert german.say(Phrase("{count:,} minute", plural="{count:,} minutes", count=1)) == "1 Minute"
    assert german.say(Phrase("{count:,} minute", plural="{count:,} minutes", count=12345)) == "12.345 Minuten"
    assert japanese.say(Phrase("{count:,} minute", plural="{count:,} minutes", count=1)) == "1分"
    assert german.say(Phrase("Did you mean {similar:or}?", similar=["a", "b"])) == "Meintest du a oder b?"
    assert german.say(Phrase("/forget me deletes it all, /optin takes this back.")) == (
        "/vergessen ich löscht alles, /zustimmen nimmt das zurück."
    )
    assert german.say(Phrase("{text}", text="/forget me")) == "/forget me", "what people wrote stays"
    assert language_of(discord.Locale.korean) is ENGLISH
    assert len(all_languages()) == 6


def in_language(monkeypatch: pytest.MonkeyPatch, person: str, server: str) -> None:
    """Let interactions come from a person whose Discord is in one language, on a server in another."""
    read = discord.Interaction._from_data

    def told(self: Any, data: Any) -> None:
        read(self, {**data, "locale": person, "guild_locale": server})

    monkeypatch.setattr(discord.Interaction, "_from_data", told)


async def test_what_a_person_alone_sees_is_in_their_language_and_the_rest_in_that_of_the_server(
    there: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_language(monkeypatch, "de", "fr")
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert result.response
    [embed] = result.response.embeds
    assert embed.author.name == "Parodie par IA de @nasa"
    assert embed.footer.text == "Écrit par une IA, et par personne d'autre · nasa v1"
    labels = [one["label"] for row in result.response.components for one in row["components"] if one.get("label")]
    assert labels == ["Encore", "Mettre en file"]
    await there.ann.click(there.said()[-1], custom_id="tweets:up")
    assert there.private(there.ann) == "Notiert, danke. /stimme zeigt, was die Leute davon halten."
    await there.ann.slash(there.channel, "tweetlike", user="nobody_here")
    assert there.private(there.ann).startswith("nobody\\_here kenne ich noch nicht. Ich kenne nasa;")
    assert there.errors() == ["UnknownVoice"]


async def test_a_notice_is_kept_as_a_phrase_and_told_in_the_language_of_the_server(there: World, store: Store) -> None:
    waits = Phrase("{name} is already being trained: {state}.", name="ann", state=Phrase("waits for its turn"))
    await store.notices.add("job:1:waits", waits, f"discord:channel:{there.channel.id}")
    [notice] = [one for one in await store.notices.untold() if one.key == "job:1:waits"]
    assert (notice.text, notice.words.template) == (waits, waits.template)
    guild = there.bot.get_guild(there.ann.guild.id)
    assert guild
    guild.preferred_locale = discord.Locale.german
    assert await there.bot.notices.tell(notice) is Delivery.TOLD
    assert there.said()[-1].content == "ann wird schon trainiert: wartet, bis sie dran ist."
    await store.notices.told(notice.id)
    assert "job:1:waits" not in [one.key for one in await store.notices.untold()]


GERMAN = language_of(discord.Locale.german)


def said_by_a_child(sentence: Phrase) -> Phrase:
    """Returns a reason as it arrives through the pipe from a training."""
    line = io.StringIO()
    events.write_event(events.failed(sentence), line)
    event = events.read_event(line.getvalue())
    assert isinstance(event, events.Failed)
    return event.reason


def test_why_a_file_cannot_be_read_is_told_in_german_after_the_pipe(tmp_path: Path) -> None:
    path = tmp_path / "tweets.zip"
    for content, sentence in (
        (b"", "tweets.zip lässt sich nicht verwenden: sie ist leer; besorge sie noch einmal."),
        (
            b"Rar!\x1a",
            "tweets.zip lässt sich nicht verwenden: sie ist eine Datei der Art RAR, die ich nicht lese; gib ",
        ),
        (
            b"PK\x03\x04",
            "tweets.zip lässt sich nicht verwenden: sie ist eine beschädigte oder unvollständige ZIP-Datei; ",
        ),
    ):
        path.write_bytes(content)
        with pytest.raises(BadSource) as refused:
            sources.read(path)
        assert GERMAN.say(said_by_a_child(refused.value.for_people)).startswith(sentence)
    with pytest.raises(Usage) as unknown:
        parse_origin("x:https://x.com/nasa")
    assert GERMAN.say(unknown.value.for_people).endswith("ist eine ganze Adresse; schreib nur den Namen, hier x:nasa.")


def test_what_a_training_gave_is_told_in_german_after_the_pipe() -> None:
    """The gate's reasons and the notes on the files are kept with the job as JSON."""
    report = Report(
        held_out_tweets=40, held_out_bits_per_byte=2.0, base_held_out_bits_per_byte=2.1, drafts=200, exact_copies=4,
        near_copies=0, distinct_2=0.9, tweets=150, length_divergence=0.1, emoji_divergence=0.1, accounts=1,
    )  # fmt: skip
    verdict = judge(report, GateSettings())
    note = Phrase("{count:,} of its tweets are by others than {name} and were left out.", count=2, name="Ann")
    notes = {"notes": (str(note),), "note_phrases": (note.as_json(),)}
    done = events.Done(version="v2", in_use=False, why_not=verdict.for_people, phrase=verdict.phrase, **notes)
    line = io.StringIO()
    events.write_event(done, line)
    told = GERMAN.say(news(replace(JOB, result=json.loads(line.getvalue()))))
    first, second, *_ = told.split("\n")
    assert first == (
        "ann v2 wurde gelernt. Nicht in Gebrauch: 4 von 200 Tweets, die sie zur Probe schrieb, wiederholen einen "
        "echten Wort für Wort; gib ihr mehr Tweets und lass sie noch einmal lernen."
    )
    assert second == "2 Tweets darin sind nicht von Ann und wurden ausgelassen."


async def test_the_reason_of_a_pause_is_kept_as_a_phrase(store: Store) -> None:
    reason = Phrase("{service} wants to be paid first; whoever runs me can buy credit there.", service="X")
    await store.pauses.pause("x:parody", reason, "X")
    pause = await store.pauses.get("x:parody")
    assert pause
    assert GERMAN.say(pause.why) == "X will zuerst bezahlt werden; wer mich betreibt, kann dort Guthaben kaufen."
    await store.pauses.pause("x:other", Phrase.verbatim("we are on holiday"), "discord:1")
    assert [GERMAN.say(one.why) for one in await store.pauses.all() if one.subject == "x:other"] == [
        "we are on holiday"
    ]


async def test_a_reply_finds_its_voice_in_every_language(there: World, monkeypatch: pytest.MonkeyPatch) -> None:
    in_language(monkeypatch, "ja", "ja")
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    [shown] = there.said()
    assert shown.embeds[0].author.name == "@nasaのAIパロディ"
    assert voice_of(shown.embeds) == "nasa"


async def test_help_is_in_the_language_of_who_asks(there: World, monkeypatch: pytest.MonkeyPatch) -> None:
    in_language(monkeypatch, "de", "en-US")
    result = await there.ann.slash(there.channel, "help")
    assert result.response
    [embed] = result.response.embeds
    assert embed.title == "Was du hier tun kannst"
    assert "`/twitternwie` Twittert wie jemand, dessen Stimme ich gelernt habe" in (embed.description or "")
    assert "Rechtsklick auf eine Nachricht, Apps, **Antworten als ...**" in (embed.description or "")
    assert "[Für dich selbst, überall](" in str(embed.fields[0].value)


@pytest.mark.parametrize("language", LANGUAGE)
async def test_what_discord_is_told_fits_its_rules(there: World, language: str) -> None:
    names, descriptions = texts(there)
    for text in descriptions:
        assert len(translated(text, language) or "") <= 100, text
    for name in names:
        local = translated(name, language, context="name") or ""
        if NAME.fullmatch(name):
            assert NAME.fullmatch(local), local
            assert local == local.lower(), local
        assert len(local) <= 32

    def siblings(told: list[dict[str, Any]]) -> None:
        local = Counter(translated(one["name"], language, context="name") for one in told)
        assert [name for name, count in local.items() if count > 1] == []
        for one in told:
            siblings(one.get("options") or [])

    commands = [command.to_dict(there.bot.tree) for command in there.bot.tree.get_commands()]
    siblings([one for one in commands if one["type"] == 1])


async def test_discord_is_told_the_languages(there: World) -> None:
    tree = there.bot.tree
    assert isinstance(tree, app_commands.CommandTree)
    command = tree.get_command("tweetlike")
    assert isinstance(command, app_commands.Command)
    assert tree.translator
    told = await command.get_translated_payload(tree, tree.translator)
    assert told["name_localizations"]["de"] == "twitternwie"
    assert told["name_localizations"]["es-ES"] == told["name_localizations"]["es-419"] == "tuitearcomo"
    assert told["description_localizations"]["ja"] == "学んだ人の声でツイートする"
    assert told["options"][0]["name_localizations"]["pt-BR"] == "quem"
    put = [one.json for one in there.env.http_requests if one.method == "PUT" and one.path.endswith("/commands")]
    assert put
    assert any(one.get("name_localizations") for one in put[-1] or ())
