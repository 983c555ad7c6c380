"""Posting put together: what runs with which settings, against X on loopback."""

import asyncio
import logging

import pytest

from bot.posts.opening import Surroundings
from bot.posts.x.opening import posting_on_x
from bot.store import Store
from huggingtweets.core.people.names import VoiceName
from tests.bot.posting_parts import QUICK, Drawing, Parts, willing_beside


async def voices() -> list[VoiceName]:
    return [VoiceName("ann")]


async def test_with_keys_posts_go_out_and_mentions_are_answered(parts: Parts) -> None:
    parts.x.add_user("5", "cat")
    settings = parts.settings.model_copy(update={"mentions": True, "mentions_seconds": 0.05})
    drawing = Drawing(("gulls over the pier", "the fog came in early"))
    await parts.store.mentions.move("thebot", "mentions", "1")
    asked = parts.x.add_post("5", "@thebot ann, please")["id"]
    async with (
        Store(f"sqlite:///{parts.database}") as store,
        posting_on_x(
            settings,
            Surroundings(
                store=store,
                willing=willing_beside(store),
                draw=drawing,
                notice=store.notices.add,
                reading=QUICK,
                waiting=QUICK,
                voices=voices,
            ),
        ) as posting,
    ):
        assert [task.get_name() for task in posting.tasks] == ["outbox", "answeredmentions", "engagementreading"]
        post = await posting.posting.propose(VoiceName("ann"), by="discord:1")
        await posting.posting.approve(post.id, "discord:1")
        async with asyncio.timeout(200):
            while len(parts.x.texts()) < 2 or await store.mentions.state("thebot", asked) != "answered":
                await asyncio.sleep(0.02)
        assert not any(task.done() for task in posting.tasks)
    assert sorted(parts.x.texts()) == ["@cat the fog came in early", "gulls over the pier"]
    assert sorted(drawing.contexts) == ["", "ann, please"]
    assert all(task.done() for task in posting.tasks)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dry_run": True}, "X: a dry run, nothing is sent"),
        ({"access_token": None}, "X: X_ACCESS_TOKEN is not set, nothing is sent"),
        ({"automatic": True}, "X: posts are sent without approval"),
        ({}, "X: posts are sent once they are approved"),
    ],
)
async def test_the_log_says_what_is_to_be_expected(
    parts: Parts, caplog: pytest.LogCaptureFixture, change: dict[str, object], told: str
) -> None:
    settings = parts.settings.model_copy(update={**change, "account": ""})
    with caplog.at_level(logging.INFO, "bot.posts.opening"):
        async with posting_on_x(settings, parts.around()) as posting:
            status = await posting.posting.status()
    assert [record.message for record in caplog.records if record.name == "bot.posts.opening"] == [told]
    assert (status.place.account, status.connected) == ("x", "access_token" not in change)
    assert parts.x.requests == []
