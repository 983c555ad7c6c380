"""Schedules, as admins set them."""

import pytest

from bot.core.config import XSettings
from bot.discord.client import DiscordBot
from bot.posts.outlets import Outlets
from bot.store import Store
from tests.bot.discord.commands.test_queue import posting_as
from tests.bot.discord.conftest import MakeBot, World


async def test_a_schedule_is_set_listed_switched_and_removed(there: World, store: Store) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "schedule list")
    assert "Nothing is scheduled" in there.private(admin)
    await admin.slash(there.channel, "schedule set", name="weekly", action="retrain", voice="@NASA", cron="0 4 * * mon")
    line = "**weekly** learns nasa again, every Monday at 04:00 (UTC) · next <t:1767585600:f>"
    assert there.private(admin) == line
    await admin.slash(there.channel, "schedule list")
    assert there.private(admin) == line
    await admin.slash(there.channel, "schedule set", name="posts", action="post", every_hours=6)
    assert "**posts** proposes a post in the voice of the usual voice, every 6 hours · next <t:" in there.private(admin)
    await admin.slash(there.channel, "schedule switch", name="weekly", on=False)
    await admin.slash(there.channel, "schedule list")
    assert "(UTC) · switched off" in there.private(admin)
    choices = await admin.autocomplete(there.channel, "schedule remove", "name", "P")
    assert [choice["value"] for choice in choices] == ["posts"]
    await admin.slash(there.channel, "schedule remove", name="posts")
    assert [one.name for one in await store.schedules.all()] == ["weekly"]
    assert {act.action for act in await store.audit.recent()} == {"schedule", "unschedule"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"action": "retrain", "cron": "0 4 * * *"}, "Whose voice shall be retrained?"),
        ({"action": "retrain", "cron": "0 4 * * *", "voice": "naza"}, "no voice called naza. Did you mean nasa?"),
        ({"action": "post", "cron": "0 4 * * *", "voice": "naza"}, "Did you mean nasa?"),
        ({"action": "retrain", "cron": "0 4 * * *", "voice": "zzz"}, "/models lists those that I know."),
        ({"action": "post", "cron": "now"}, "is not a cron line of five fields"),
        ({"action": "post"}, "needs either a cron line or an interval"),
        ({"action": "post", "cron": "0 4 * * *", "time_zone": "Mars"}, "There is no time zone"),
    ],
)
async def test_what_makes_no_sense_is_told(there: World, options: dict[str, str], sentence: str) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "schedule set", name="odd", **options)
    assert sentence in there.private(admin)
    assert there.errors() == ["UnknownVoice" if sentence.startswith("Did") else "Usage"]


async def test_a_schedule_that_there_is_not_is_told(there: World) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "schedule switch", name="none", on=True)
    await admin.slash(there.channel, "schedule remove", name="none")
    assert "There is no schedule" in there.private(admin)
    assert there.errors() == ["Usage"] * 2


async def test_only_admins_of_the_home_server_change_schedules(there: World) -> None:
    assert not {name for name in there.ann.available_commands(there.channel) if name.startswith("schedule")}
    guild = there.ann.guild
    known = there.env.backend.find_command("schedule", guild.id)
    assert known
    guild.set_command_permissions(int(known["id"]), {guild.default_role: True})
    await there.ann.slash(there.channel, "schedule remove", name="none")
    assert "Only admins of my home server" in there.private(there.ann)
    assert there.errors() == ["NotAllowed"]


async def test_a_failing_answer_is_told(there: World) -> None:
    admin = there.admin()
    there.env.inject_error("PATCH", "/webhooks/*/*/messages/*", status=500)
    await admin.slash(there.channel, "schedule list")
    assert "Something went wrong on my side" in there.private(admin)
    assert there.errors() == ["HTTPException"]


@pytest.fixture
def posting(store: Store) -> Outlets:
    return posting_as(XSettings(account="parody", voice="nasa"), store)


class TestNetworks:
    """A schedule may name the networks that it posts to."""

    @pytest.fixture
    async def simcord_bot(self, make_bot: MakeBot, posting: Outlets) -> DiscordBot:
        return make_bot(posting=posting)

    async def test_a_schedule_says_where_it_posts(self, there: World, store: Store) -> None:
        admin = there.admin()
        await admin.slash(there.channel, "schedule set", name="posts", action="post", every_hours=6, networks="X, x")
        assert "**posts** proposes a post in the voice of the usual voice for X, every 6 hours" in there.private(admin)
        [schedule] = await store.schedules.all()
        assert schedule.options == {"networks": ["x"]}

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"networks": "x, myspace"}, 'I know no network called "myspace"; I know x, bluesky and mastodon.'),
            ({"networks": "x bluesky"}, "I have no account on Bluesky; whoever set me up can give me one."),
            ({"networks": "x", "action": "retrain", "voice": "nasa"}, "Only posts go to networks."),
        ],
    )
    async def test_where_it_cannot_post_is_told(self, there: World, options: dict[str, str], sentence: str) -> None:
        admin = there.admin()
        given = {"action": "post", "name": "odd", "every_hours": 6} | options
        await admin.slash(there.channel, "schedule set", **given)
        assert sentence in there.private(admin)
        assert there.errors() == ["Usage"]
