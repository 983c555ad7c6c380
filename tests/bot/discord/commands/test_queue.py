"""The queue of X from Discord. X itself is not reached: this is a dry run, and no task sends anything."""

import pytest
from simcord import MemberActor, ResponseMessage

from bot.core.config import XSettings
from bot.discord.client import DiscordBot
from bot.posts.budget import Budget
from bot.posts.candidates import Draw
from bot.posts.outbox import Outbox
from bot.posts.outlets import Outlets
from bot.posts.place import on_x
from bot.posts.posting import Posting
from bot.store import Store, utc_now
from bot.store.notices import SendNotice
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.writer import Tweets
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World
from tests.bot.posting_parts import willing_beside


async def draw(voice: str, count: int, context: str = "") -> Tweets:
    return Tweets(tuple(f"Something new about number {number}" for number in range(count)), voice, "v1", 1)


async def no_notice(*_: str) -> None:
    """Nobody is told anything."""


def posting_as(
    settings: XSettings,
    store: Store,
    *,
    connected: bool = False,
    notice: SendNotice = no_notice,
    draw: Draw = draw,
) -> Outlets:
    account = settings.account or "nobody"
    budget = Budget(store.posts, account, settings, utc_now)
    outbox = Outbox(
        store=store,
        place=on_x(account),
        destination=None,
        budget=budget,
        settings=settings,
        willing=willing_beside(store),
        notice=notice,
        clock=utc_now,
    )
    posting = Posting(
        store=store,
        willing=willing_beside(store),
        outbox=outbox,
        draw=draw,
        budget=budget,
        settings=settings,
        connected=connected,
    )
    return Outlets(store, [posting])


@pytest.fixture
def posting(store: Store) -> Outlets:
    return posting_as(XSettings(account="parody", voice="nasa"), store)


@pytest.fixture
async def simcord_bot(make_bot: MakeBot, posting: Outlets) -> DiscordBot:
    return make_bot(posting=posting)


@pytest.fixture
def admin(there: World) -> MemberActor:
    return there.admin()


async def tweets(there: World, count: int) -> ResponseMessage:
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa", count=count)
    assert result.response
    return result.response


async def texts(store: Store, *states: str) -> list[str]:
    return [post.text for post in await store.posts.listed("parody", states)]  # type: ignore[arg-type]


async def test_an_admin_queues_a_tweet_once(there: World, admin: MemberActor, store: Store) -> None:
    shown = await tweets(there, 1)
    await admin.click(shown, custom_id="tweets:queue")
    assert "Post 1 is approved and waits for its time. This is a dry run: it would be posted" in there.private(admin)
    await admin.click(shown, custom_id="tweets:queue")
    assert await texts(store, "queued") == ["Tweet number 1 🤖 AI"]


async def test_of_several_tweets_the_admin_chooses_also_after_a_restart(
    there: World, admin: MemberActor, store: Store, make_bot: MakeBot, posting: Outlets
) -> None:
    shown = await tweets(there, 3)
    result = await admin.click(shown, custom_id="tweets:queue")
    assert result.response
    chooser = result.followups[-1] if result.followups else None
    history = [one for one in there.channel.history(viewer=admin) if one.components]
    await there.env.restart_bot(make_bot(posting=posting))
    await admin.select(chooser or history[-1], ["1"])
    assert await texts(store, "queued") == ["Tweet number 2 🤖 AI"]


async def test_only_tweets_that_can_be_posted_are_offered(
    there: World, admin: MemberActor, writer: ScriptedWriter, store: Store
) -> None:
    writer.texts = ("ask @\u200bann", "fine", "see example.com/a", "fine as well", "$TSLA")
    shown = await tweets(there, 5)
    await admin.click(shown, custom_id="tweets:queue")
    assert there.private(admin) == "Which one? 3 of them cannot be posted and are left out."
    [row] = [one for one in there.channel.history(viewer=admin) if one.flags.ephemeral][-1].components
    assert [(option.label, option.value) for option in row.children[0].options] == [
        ("2. fine", "1"),
        ("4. fine as well", "3"),
    ]
    await admin.select([one for one in there.channel.history(viewer=admin) if one.flags.ephemeral][-1], ["3"])
    assert await texts(store, "queued") == ["fine as well 🤖 AI"]


async def test_where_no_tweet_can_be_posted_it_is_said_why(
    there: World, admin: MemberActor, writer: ScriptedWriter, store: Store
) -> None:
    writer.texts = ("ask @\u200bann", "see example.com/a")
    await admin.click(await tweets(there, 2), custom_id="tweets:queue")
    assert "None of this can be posted: it has a link and a mention." in there.private(admin)
    assert there.errors() == ["Usage"]


def labels(message: ResponseMessage) -> list[str | None]:
    """Returns the labels of the buttons below a message."""
    return [button.get("label") for row in message.components for button in row["components"]]


async def test_the_button_shows_where_somebody_may_use_it_and_x_is_there(there: World) -> None:
    assert "Queue a post" in labels(await tweets(there, 1))
    elsewhere = there.env.create_guild()
    channel = elsewhere.create_text_channel("general")
    stranger = elsewhere.add_member(there.env.create_user("stranger"))
    away = await stranger.slash(channel, "tweetlike", user="nasa")
    assert away.response
    assert labels(away.response) == ["Again", None, None, None]


@pytest.mark.parametrize(
    ("settings", "connected", "is_set_up"),
    [
        (XSettings(), False, False),
        (XSettings(account="parody"), False, True),
        (XSettings(account="parody", dry_run=False), False, False),
        (XSettings(dry_run=False), True, True),
    ],
)
async def test_without_an_account_on_x_nothing_is_offered(
    there: World, make_bot: MakeBot, store: Store, settings: XSettings, connected: bool, is_set_up: bool
) -> None:
    before = await tweets(there, 1)
    admin = there.admin()
    await there.env.restart_bot(make_bot(posting=posting_as(settings, store, connected=connected)))
    assert ("Queue a post" in labels(await tweets(there, 1))) is is_set_up
    if not is_set_up:
        await admin.click(before, custom_id="tweets:queue")
        assert "I have no account to post as." in there.private(admin)
        assert there.errors() == ["Usage"]
        await admin.slash(there.channel, "queue")
        assert "I have no account to post as yet" in there.private(admin)


async def test_a_rehearsed_post_does_not_vanish(
    there: World, admin: MemberActor, store: Store, posting: Outlets
) -> None:
    await posting.offer("A tweet of its own", voice=VoiceName("nasa"), version="v1", by="test", key="offered")
    await store.posts.move(1, "queued", "sending", dry_run=True)
    await store.posts.move(1, "sending", "sent")
    await admin.slash(there.channel, "queue")
    assert "Nothing waits." in there.private(admin)
    assert "Post 1 would have been posted now; nothing is sent yet, as this is a dry run: A tweet" in there.private(
        admin
    )


async def test_others_than_admins_queue_nothing(there: World, store: Store) -> None:
    shown = await tweets(there, 1)
    await there.ann.click(shown, custom_id="tweets:queue")
    assert "Only admins of my home server" in there.private(there.ann)
    assert await texts(store, "queued", "proposed") == []
    assert there.errors() == ["NotAllowed"]


async def test_a_forgotten_answer_cannot_be_queued(there: World, admin: MemberActor, store: Store) -> None:
    shown = await tweets(there, 1)
    await store.feedback.withdrawn(f"discord:{shown.id}")
    await admin.click(shown, custom_id="tweets:queue")
    assert "I do not know any more what this was" in there.private(admin)
    assert there.errors() == ["Usage"]


async def waiting(there: World, admin: MemberActor) -> list[object]:
    """Returns the posts that /queue shows."""
    result = await admin.slash(there.channel, "queue")
    return [one for one in [result.response, *result.followups] if one and one.embeds]


async def test_posts_are_approved_rejected_and_exchanged(
    there: World, admin: MemberActor, store: Store, posting: Outlets, make_bot: MakeBot
) -> None:
    await admin.slash(there.channel, "queue")
    assert "Nothing waits." in there.private(admin)
    for _ in range(3):
        await posting.propose(VoiceName("nasa"), by="test")
    shown = await waiting(there, admin)
    assert len(shown) == 3
    await there.env.restart_bot(make_bot(posting=posting))
    for post, label in zip(shown, ("Approve", "Reject", "Again"), strict=True):
        await admin.click(post, label=label)  # type: ignore[arg-type]
    assert len(await texts(store, "queued")) == 1
    assert len(await texts(store, "rejected")) == 2
    assert len(await texts(store, "proposed")) == 1


async def test_a_post_is_rewritten_in_a_form(there: World, admin: MemberActor, store: Store, posting: Outlets) -> None:
    await posting.propose(VoiceName("nasa"), by="test")
    [shown] = await waiting(there, admin)
    form = await admin.click(shown, label="Edit")  # type: ignore[arg-type]
    assert form.modal
    await admin.submit_modal(form, {"rewrite:text": "Quite another text"})
    assert await texts(store, "proposed") == ["Quite another text 🤖 AI"]
    form = await admin.click(shown, label="Edit")  # type: ignore[arg-type]
    await admin.submit_modal(form, {"rewrite:text": "x" * 400})
    assert "This cannot be posted" in there.private(admin)
    assert await texts(store, "proposed") == ["Quite another text 🤖 AI"]


async def test_a_decision_that_comes_too_late_is_told(there: World, admin: MemberActor, posting: Outlets) -> None:
    await posting.propose(VoiceName("nasa"), by="test")
    [shown] = await waiting(there, admin)
    await posting.reject(1, "discord:1")
    await admin.click(shown, label="Approve")  # type: ignore[arg-type]
    assert "Post 1 is decided already" in there.private(admin)


async def test_more_than_five_posts_are_shown_in_turns(there: World, admin: MemberActor, posting: Outlets) -> None:
    for number in range(6):
        await posting.offer(
            f"A tweet of its own: {number}{'!' * number}", voice=VoiceName("nasa"), version="v1", by="test"
        )
    shown = await waiting(there, admin)
    assert len(shown) == 5
    assert "There are more" in there.private(admin)


async def test_status_tells_of_posting(there: World, admin: MemberActor) -> None:
    await admin.slash(there.channel, "status")
    assert "parody: only trying it out, nothing is really posted; 0 posts wait; 0.00 of 5.00 USD" in there.private(
        admin
    )
