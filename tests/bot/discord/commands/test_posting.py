"""/posting from Discord: home admins pause, resume, ask for a proposal, and see how posting stands."""

import pytest
from simcord import MemberActor

from bot.core.config import XSettings
from bot.discord.client import DiscordBot
from bot.posts.outlets import Outlets
from bot.store import Store
from huggingtweets.generation.writer import Tweets
from tests.bot.discord.commands.test_queue import posting_as
from tests.bot.discord.conftest import MakeBot, World


async def draw(voice: str, count: int, context: str = "") -> Tweets:
    return Tweets(("gulls over the pier",), voice, "v1", 1)


@pytest.fixture
def posting(store: Store) -> Outlets:
    return posting_as(XSettings(account="parody", quiet_hours=""), store, notice=store.notices.add, draw=draw)


@pytest.fixture
async def simcord_bot(make_bot: MakeBot, posting: Outlets) -> DiscordBot:
    return make_bot(posting=posting)


@pytest.fixture
def admin(there: World) -> MemberActor:
    return there.admin()


async def test_a_pause_holds_until_it_is_ended(there: World, admin: MemberActor, posting: Outlets) -> None:
    await admin.slash(there.channel, "posting pause", reason="*holidays*")
    assert "Posting on X is paused" in there.private(admin)
    [status] = await posting.statuses()
    pause = status.pause
    assert pause
    assert pause.reason == "*holidays*"
    assert pause.by.startswith("discord:")
    await admin.slash(there.channel, "posting status")
    assert "a dry run, nothing is sent; 0 to approve, 0 approved" in there.private(admin)
    assert r"Paused: \*holidays\*." in there.private(admin)
    await admin.slash(there.channel, "posting resume")
    assert "Posting on X goes on." in there.private(admin)
    assert [status.pause for status in await posting.statuses()] == [None]
    await admin.slash(there.channel, "posting resume")
    assert "It was not paused." in there.private(admin)


async def test_a_proposal_waits_for_approval(there: World, admin: MemberActor, posting: Outlets) -> None:
    await admin.slash(there.channel, "posting propose", voice="@NASA")
    assert "Post 1 waits for approval. /queue shows it." in there.private(admin)
    [post] = await posting.queue()
    assert (post.text, post.voice) == ("gulls over the pier 🤖 AI", "nasa")
    await admin.slash(there.channel, "posting propose")
    assert "Whose voice shall it be?" in there.private(admin)
    assert there.errors() == ["PostRefused"]


@pytest.mark.parametrize("command", ["posting pause", "posting resume", "posting status", "posting propose"])
async def test_others_may_not_though_a_server_shows_them_the_command(
    there: World, posting: Outlets, command: str
) -> None:
    guild = there.ann.guild
    known = there.env.backend.find_command("posting", guild.id)
    assert known
    guild.set_command_permissions(int(known["id"]), {guild.default_role: True})
    await there.ann.slash(there.channel, command)
    assert "Only admins of my home server" in there.private(there.ann)
    assert [status.pause for status in await posting.statuses()] == [None]
    assert await posting.queue() == []
    assert there.errors() == ["NotAllowed"]
