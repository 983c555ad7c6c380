"""Trainings, as admins meet them. Nothing is learned here: the tests change the state of the jobs."""

import asyncio
from pathlib import Path

import discord
import pytest

from bot.core.config import DiscordSettings
from bot.discord.speaking import following
from bot.discord.speaking.following import SECONDS_BETWEEN_EDITS
from bot.store import Store
from bot.store.jobs import Job
from huggingtweets.registry.versions import Registry
from tests.bot.discord.conftest import Jobs, MakeBot, World, add_voice

TWEETS = b'{"id": "1", "text": "the red dust"}\n'


async def running(store: Store) -> Job:
    job = await store.jobs.take()
    assert job
    return job


async def test_an_archive_is_learned_and_the_progress_shown(
    there: World, store: Store, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SECONDS_BETWEEN_EDITS", 60.0)  # a thousand looks in a quarter of an hour take 6 s
    result = await there.admin().slash(there.channel, "train", name="@Ann", file=("my tweets.jsonl", TWEETS))
    assert result.response
    assert result.response.content == "ann: waits for its turn."
    assert jobs.woken == 1
    job = await running(store)
    assert job.place == f"discord:channel:{there.channel.id}"
    assert [Path(file).read_bytes() for file in job.files] == [TWEETS]
    await store.jobs.remember(job, {**job.options, "foreseen": "These tweets are mostly Spanish (82%)."})
    await store.jobs.progress(job.id, "train", 42)
    await there.env.advance_time(following.SECONDS_BETWEEN_EDITS + 1)
    assert result.response.content == "ann: learning, 42 %.\nThese tweets are mostly Spanish (82%)."
    await there.env.advance_time(16 * 60)
    await store.jobs.finish(job.id, "done", result={"version": "v1", "samples": ["The *red* dust", "b", "c", "d"]})
    await there.env.advance_time(following.SECONDS_BETWEEN_EDITS + 1)
    assert there.said()[-1].content.split("\n") == [
        "ann v1 is in use, learned from 0 tweets.",
        "• The \\*red\\* dust",
        "• b",
        "• c",
        "Try it: /tweetlike user:ann",
    ]
    assert len(there.said()) == 1, "the same message, although the interaction is over"
    assert await store.jobs.shown() == []


async def test_an_archive_arrives_where_a_sweep_finds_what_a_kill_leaves(
    there: World, store: Store, commands_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[Path] = []
    save = discord.Attachment.save

    async def noted(self: discord.Attachment, path: Path) -> int:
        saved.append(path)
        return await save(self, path)

    monkeypatch.setattr(discord.Attachment, "save", noted)
    await there.admin().slash(there.channel, "train", name="ann", file=("t.jsonl", TWEETS))
    job = await running(store)
    uploads = commands_file.parent / "uploads"
    assert [path.is_relative_to(uploads) for path in saved] == [True]
    assert list(uploads.iterdir()) == [Path(job.files[0]).parents[1]], "only the copy for the job is left"


async def test_the_message_is_edited_not_too_often(there: World, store: Store) -> None:
    await there.admin().slash(there.channel, "train", name="ann", file=("t.jsonl", TWEETS))
    job = await running(store)
    before = len(there.env.http_requests)
    for percent in range(50):
        await store.jobs.progress(job.id, "train", percent)
        await there.env.advance_time(SECONDS_BETWEEN_EDITS / 10)
    edits = [one for one in there.env.http_requests[before:] if one.method == "PATCH"]
    assert 4 <= len(edits) <= 6


async def test_a_failure_is_shown_with_its_reason(there: World, store: Store) -> None:
    result = await there.admin().slash(there.channel, "train", name="ann", file=("t.jsonl", TWEETS))
    job = await running(store)
    await store.jobs.finish(job.id, "failed", error="ann: only 10 characters are left.")
    await there.env.advance_time(SECONDS_BETWEEN_EDITS + 1)
    assert result.response
    assert result.response.content.startswith("The training of ann gave nothing: ann: only 10 characters are left.")


@pytest.mark.parametrize(
    ("name", "file", "sentence"),
    [
        ("ann", ("photo.png", b"PNG"), "photo.png is of a kind I cannot read"),
        ("ann", ("big.zip", b"0" * (1 << 20) + b"0"), "big.zip has 1 MB and I take 1"),
        ("a b!", ("t.jsonl", TWEETS), "is not a name"),
    ],
)
async def test_what_cannot_be_learned_is_refused_before_it_is_read(
    there: World, make_bot: MakeBot, name: str, file: tuple[str, bytes], sentence: str, store: Store
) -> None:
    await there.env.restart_bot(make_bot(settings=DiscordSettings(upload_megabytes=1)))
    admin = there.admin()
    await admin.slash(there.channel, "train", name=name, file=file)
    assert sentence in there.private(admin)
    assert await store.jobs.active() == []
    assert there.errors() == ["Usage"]


async def test_who_was_forgotten_is_not_learned_again(there: World, store: Store) -> None:
    await store.consent.bury("ann", "discord:1")
    admin = there.admin()
    await admin.slash(there.channel, "train", name="ann", file=("t.jsonl", TWEETS))
    assert "ann does not want to be imitated" in there.private(admin)
    assert there.errors() == ["NotAllowed"]


async def test_a_voice_is_learned_again_but_not_twice_at_once(there: World, store: Store) -> None:
    admin = there.admin()
    assert [one["value"] for one in await admin.autocomplete(there.channel, "retrain", "name", "@N")] == ["nasa"]
    await admin.slash(there.channel, "retrain", name="nasa")
    await admin.slash(there.channel, "retrain", name="nasa")
    assert "nasa is already being trained: it waits for its turn." in there.private(admin)
    assert len(await store.jobs.active()) == 1
    assert there.errors() == ["JobRefused"]


async def test_jobs_are_listed_and_cancelled(there: World, store: Store) -> None:
    admin = there.admin()
    empty = await admin.slash(there.channel, "jobs")
    assert empty.response
    assert "There were no trainings yet" in empty.response.content
    await admin.slash(there.channel, "retrain", name="nasa")
    choices = await admin.autocomplete(there.channel, "cancel", "job", "")
    assert [(one["name"], one["value"]) for one in choices] == [("1 · nasa · waits for its turn", 1)]
    result = await admin.slash(there.channel, "cancel", job=1)
    assert result.response
    assert "The training of nasa (number 1) is cancelled." in result.response.content
    await admin.slash(there.channel, "cancel", job=1)
    assert len(await store.jobs.active()) == 0
    listed = await admin.slash(there.channel, "jobs")
    assert listed.response
    assert "1 · The training of nasa was cancelled." in listed.response.content
    await there.env.advance_time(SECONDS_BETWEEN_EDITS + 1)
    assert there.said()[-1].content.startswith("The training of nasa was cancelled.")


async def test_a_job_that_there_is_not_cannot_be_cancelled(there: World) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "cancel", job=7)
    assert "There is no job 7." in there.private(admin)
    assert there.errors() == ["JobRefused"]


async def test_versions_are_promoted_and_rolled_back_and_it_is_noted(
    there: World, registry: Registry, store: Store
) -> None:
    add_voice(registry, "nasa")
    admin = there.admin()
    choices = await admin.autocomplete(there.channel, "promote", "version", "", name="nasa")
    assert [one["value"] for one in choices] == ["v2", "v1"]
    await admin.slash(there.channel, "promote", name="nasa", version="V1")
    assert there.said()[-1].content == "nasa v1 is in use."
    await admin.slash(there.channel, "rollback", name="nasa")
    assert there.said()[-1].content == "nasa v2 is in use again."
    assert registry.current("nasa").version == "v2"
    acts = await store.audit.recent(2)
    assert [act.action for act in acts] == ["version.rollback", "version.promote"]


async def test_a_version_that_there_is_not_is_told(there: World) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "promote", name="nasa", version="v9")
    assert "v9" in there.private(admin)
    assert there.errors() == ["UnknownVersion"]


async def test_stopping_does_not_wait_for_a_training(there: World, store: Store) -> None:
    await there.admin().slash(there.channel, "retrain", name="nasa")
    await running(store)
    async with asyncio.timeout(60):
        await there.bot._asks.finish(30)


async def test_the_end_comes_in_a_message_of_its_own_where_the_first_is_gone(there: World, store: Store) -> None:
    there.env.inject_error("PATCH", "/webhooks/*/*/messages/*", status=404, times=10)
    await there.admin().slash(there.channel, "retrain", name="nasa")
    job = await running(store)
    await store.jobs.progress(job.id, "train", 42)
    await there.env.advance_time(SECONDS_BETWEEN_EDITS + 1)
    await store.jobs.finish(job.id, "done", result={"version": "v2"})
    await there.env.advance_time(SECONDS_BETWEEN_EDITS + 1)
    assert there.said()[-1].content.startswith("nasa v2 is in use")


@pytest.mark.parametrize("deleted", [False, True])
async def test_the_progress_message_goes_on_or_is_replaced_after_a_restart(
    there: World, make_bot: MakeBot, store: Store, deleted: bool
) -> None:
    result = await there.admin().slash(there.channel, "retrain", name="nasa")
    assert result.response
    job = await running(store)
    if deleted:
        await there.bot.get_partial_messageable(there.channel.id).get_partial_message(result.response.id).delete()
    await there.env.restart_bot(make_bot())
    await store.jobs.progress(job.id, "evaluate", 90)
    await there.env.advance_time(SECONDS_BETWEEN_EDITS + 1)
    assert [one.content for one in there.said()] == ([] if deleted else ["nasa: testing what it learned, 90 %."])
    refused = {"event": "done", "version": "v2", "in_use": False, "why_not": "Not used, because it repeats."}
    await store.jobs.finish(job.id, "done", result=refused)
    await there.env.advance_time(SECONDS_BETWEEN_EDITS + 1)
    [said] = there.said()
    assert said.content.startswith("nasa v2 was learned. Not used, because it repeats.")


async def test_an_end_that_came_while_the_bot_was_dead_is_shown_at_its_start(
    there: World, make_bot: MakeBot, store: Store
) -> None:
    await there.admin().slash(there.channel, "retrain", name="nasa")
    job = await running(store)
    there.bot._following.stop()
    await store.jobs.finish(job.id, "failed", error="The disk is full.")
    await there.env.restart_bot(make_bot())
    await there.env.advance_time(SECONDS_BETWEEN_EDITS + 1)
    assert there.said()[-1].content.startswith("The training of nasa gave nothing: The disk is full.")
    assert await store.jobs.shown() == []


async def test_jobs_tells_what_one_wrote_and_how_to_try_it(there: World, store: Store) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "retrain", name="nasa")
    await admin.slash(there.channel, "jobs", job=1)
    assert there.private(admin) == "nasa: waits for its turn."
    job = await running(store)
    await store.jobs.finish(job.id, "done", result={"event": "skipped", "why": "2 new tweets are fewer than 20."})
    await admin.slash(there.channel, "jobs")
    assert "/jobs job:1 shows what number 1 wrote" in there.private(admin)
    assert "1 · nasa stays as it is. 2 new tweets are fewer than 20." in there.private(admin)
    choices = await admin.autocomplete(there.channel, "jobs", "job", "")
    assert [one["value"] for one in choices] == [1]
    await admin.slash(there.channel, "jobs", job=1)
    assert there.private(admin).endswith("Try what it knows: /tweetlike user:nasa")
    await admin.slash(there.channel, "jobs", job=7)
    assert "There is no training number 7" in there.private(admin)
    assert there.errors() == ["Usage"]
