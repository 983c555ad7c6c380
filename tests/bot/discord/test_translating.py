"""Names and descriptions of commands in all languages: nothing is missing, and Discord takes all of it."""

from collections import Counter
from typing import Any

import pytest
import regex
from discord import app_commands

from bot.core.config import DiscordSettings, XSettings
from bot.discord.client import DiscordBot
from bot.discord.translating import LANGUAGES, catalogue, translated
from bot.posts.posting import Posting
from bot.store import Store
from tests.bot.discord.commands.test_queue import posting_as
from tests.bot.discord.conftest import MakeBot, World

LANGUAGE = sorted(set(LANGUAGES.values()))
# https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
NAME = regex.compile(r"[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}")


@pytest.fixture
def posting(store: Store) -> Posting:
    return posting_as(XSettings(account="parody", voice="nasa"), store)


@pytest.fixture
async def simcord_bot(make_bot: MakeBot, posting: Posting) -> DiscordBot:
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


@pytest.mark.parametrize("language", LANGUAGE)
async def test_nothing_is_missing_and_nothing_is_left_over(there: World, language: str) -> None:
    names, descriptions = texts(there)
    assert len(names) > 50
    assert {name for name in names if not translated(name, language, is_name=True)} == set()
    assert {text for text in descriptions if not translated(text, language, is_name=False)} == set()
    known = {(message.context, str(message.id)) for message in catalogue(language) if message.id}
    assert known == {("name", name) for name in names} | {(None, text) for text in descriptions}


@pytest.mark.parametrize("language", LANGUAGE)
async def test_what_discord_is_told_fits_its_rules(there: World, language: str) -> None:
    names, descriptions = texts(there)
    for text in descriptions:
        assert len(translated(text, language, is_name=False) or "") <= 100, text
    for name in names:
        local = translated(name, language, is_name=True) or ""
        if NAME.fullmatch(name):
            assert NAME.fullmatch(local), local
            assert local == local.lower(), local
        assert len(local) <= 32

    def siblings(told: list[dict[str, Any]]) -> None:
        local = Counter(translated(one["name"], language, is_name=True) for one in told)
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
