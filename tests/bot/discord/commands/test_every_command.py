"""What holds for all commands: what Discord is told of them, who may use them, and that each is deferred at once."""

import json
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from simcord import MemberActor
from simcord.types import HttpLogEntry

from bot.core.clock.schedule_entry import Schedule
from bot.core.config import DiscordSettings, XSettings
from bot.discord.client import DiscordBot
from bot.posts.outlets import Outlets
from bot.store import Store
from tests.bot.discord.commands.test_queue import posting_as
from tests.bot.discord.conftest import MakeBot, World

SLASH, *MENUS = discord.AppCommandType
TREE = Path(__file__).with_name("command_tree.json")
DEFERRED, EPHEMERAL = 5, 64  # of Discord's API: the type of an answer, and a flag
OPTIONS: dict[str, dict[str, Any]] = {
    "cancel": {"job": 1},
    "cyborg": {"a": "nasa", "b": "nasa"},
    "reply": {"user": "nasa", "to": "is the fog thick?"},
    "deletevoice": {"name": "nasa"},
    "forget": {"what": "me"},
    "promote": {"name": "nasa", "version": "v1"},
    "realornot": {"name": "nasa"},
    "retrain": {"name": "nasa"},
    "rollback": {"name": "nasa"},
    "scene": {"a": "nasa", "b": "dril"},
    "schedule remove": {"name": "weekly"},
    "schedule set": {"name": "weekly", "action": "retrain", "voice": "nasa", "every_hours": 2},
    "schedule switch": {"name": "weekly", "on": False},
    "train": {"name": "ann", "file": ("t.jsonl", b'{"text": "a"}\n')},
    "tweetlike": {"user": "nasa"},
    "voice": {"name": "nasa"},
}
IN_PUBLIC = {"cyborg", "promote", "realornot", "reply", "retrain", "rollback", "scene", "train", "tweetlike", "voice"}
OF_EVERYBODY = {"tweetlike", "cyborg", "models", "voice", "realornot", "privacy", "optout", "optin", "mydata", "forget"}
OF_EVERYBODY |= {"reply", "scene", "link", "unlink", "join", "leave", "help"}
OF_ADMINS = {"allow", "deny", "settings", "status"}
OF_OWNERS = {"home", "sync"}


@pytest.fixture
def posting(store: Store) -> Outlets:
    return posting_as(XSettings(account="parody", voice="nasa"), store)


@pytest.fixture
async def simcord_bot(make_bot: MakeBot, posting: Outlets) -> DiscordBot:
    """Has all the commands that there can be."""
    return make_bot(posting=posting, settings=DiscordSettings(member_messages=True))


def slash_commands(there: World) -> list[app_commands.Command[Any, ..., Any]]:
    return [one for one in there.bot.tree.walk_commands(type=SLASH) if not isinstance(one, app_commands.Group)]


async def first_answer(there: World, member: MemberActor, name: str) -> HttpLogEntry:
    """What the bot tells Discord first when `member` uses a command with the options it needs."""
    before = len(there.env.http_requests)
    options = {"member": there.ann.user} if name == "unpause" else OPTIONS.get(name, {})
    await member.slash(there.channel, name, **options)
    return there.env.http_requests[before]


def is_private(answer: HttpLogEntry) -> bool:
    assert answer.json
    return bool(answer.json.get("data", {}).get("flags", 0) & EPHEMERAL)


def is_deferral(answer: HttpLogEntry) -> bool:
    return bool(answer.path.endswith("/callback") and answer.json and answer.json["type"] == DEFERRED)


def test_discord_is_told_what_is_written_down(there: World) -> None:
    """When a command is changed on purpose, the file is, too: bots register their commands anew then."""
    tree = there.bot.tree
    told = sorted((command.to_dict(tree) for command in tree.get_commands()), key=lambda one: str(one["name"]))
    menus = [menu for kind in MENUS for menu in tree.get_commands(type=kind)]
    counted = {command.qualified_name: dict(command.extras) for command in (*slash_commands(there), *menus)}
    assert json.loads(json.dumps({"commands": told, "counted": counted})) == json.loads(TREE.read_text("utf-8"))


async def test_only_commands_of_everybody_are_deferred_for_everybody(there: World) -> None:
    guild = there.ann.guild
    for command in there.bot.tree.get_commands(type=SLASH):
        # A server may show to everybody what Discord hides at first, so the bot has to refuse by itself.
        number = int(there.env.backend.find_command(command.name, guild.id)["id"])
        guild.set_command_permissions(number, {guild.default_role: True})
    for name in (command.qualified_name for command in slash_commands(there)):
        answer = await first_answer(there, there.ann, name)
        if name in OF_EVERYBODY:
            assert is_deferral(answer), name
            assert is_private(answer) is (name not in IN_PUBLIC), name
        else:
            assert answer.json
            whose = (
                "admins of" if name in OF_ADMINS else "my owner" if name in OF_OWNERS else "admins of my home server"
            )
            assert answer.json["data"]["content"].startswith(f"Only {whose}"), name
            assert is_private(answer), name
    there.errors()


async def test_every_command_is_deferred_first_for_who_may_use_it_and_names_no_file(
    there: World, make_bot: MakeBot, posting: Outlets, store: Store
) -> None:
    await store.schedules.seed([Schedule("nightly", "retrain", "nasa", cron="0 4 * * *", seed="of the settings")])
    owner = there.admin()
    settings = DiscordSettings(member_messages=True, owners=[owner.id])
    await there.env.restart_bot(make_bot(posting=posting, settings=settings))
    for name in (command.qualified_name for command in slash_commands(there)):
        answer = await first_answer(there, owner, name)
        assert is_deferral(answer), name
        assert is_private(answer) is (name not in IN_PUBLIC), name
    said = json.dumps([request.json for request in there.env.http_requests], default=str)
    assert "nightly" in said
    assert ".toml" not in said
    there.errors()
