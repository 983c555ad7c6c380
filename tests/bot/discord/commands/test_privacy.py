"""What people decide about themselves, as they meet it."""

import asyncio
import io
import json
import zipfile
from pathlib import Path

import pytest

from bot.background.telling import Delivery
from bot.core.config import DiscordSettings, LimitsSettings
from bot.discord.speaking.notices import OWNER
from bot.people import consent
from bot.store import Store
from bot.store.notices import Notice
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World, add_voice


async def linked(there: World, voice: str = "nasa") -> None:
    """Ann says that a voice is hers, and an admin agrees."""
    claim = await there.ann.slash(there.channel, "link", voice=voice)
    assert claim.response
    await there.admin().click(claim.response, label="Confirm")


async def test_privacy_says_what_is_kept_and_what_one_can_do(there: World, make_bot: MakeBot) -> None:
    result = await there.ann.slash(there.channel, "privacy")
    assert result.response
    assert result.response.ephemeral
    for word in ("/optout", "/mydata", "/forget me", "I do not read what members write."):
        assert word in result.response.content
    await there.env.restart_bot(make_bot(settings=DiscordSettings(member_messages=True)))
    result = await there.ann.slash(there.channel, "privacy")
    assert result.response
    assert "members who said /join" in result.response.content


async def test_a_claim_counts_once_an_admin_has_confirmed_it(there: World, writer: ScriptedWriter) -> None:
    bob, admin = there.member("bob"), there.admin()
    claim = await there.ann.slash(there.channel, "link", voice="@NASA")
    assert claim.response
    asked = await bob.slash(there.channel, "tweetlike", user=there.ann.mention)
    assert "I know no voice of theirs" in asked.followups[0].content
    refused = await there.ann.click(claim.response, label="Confirm")
    assert refused.response
    assert "Only admins of my home server" in refused.response.content
    await admin.click(claim.response, label="Confirm")
    assert "The voice nasa belongs to" in there.said()[0].content
    await bob.slash(there.channel, "tweetlike", user=there.ann.mention)
    assert writer.asked == [("nasa", "", 1)]
    assert there.errors() == ["Usage"]


async def test_a_claim_can_be_refused_after_a_restart_and_only_once(there: World, make_bot: MakeBot) -> None:
    claim = await there.ann.slash(there.channel, "link", voice="nasa")
    assert claim.response
    await there.env.restart_bot(make_bot())
    await there.admin().click(claim.response, label="Refuse")
    assert "is not linked to" in there.said()[0].content
    shown = await there.ann.slash(there.channel, "link")
    assert shown.response
    assert "No voice is linked to you." in shown.response.content


async def test_link_without_a_handle_shows_the_link_and_only_unlink_ends_it(there: World, store: Store) -> None:
    async def said(command: str) -> str:
        result = await there.ann.slash(there.channel, command)
        assert result.response
        assert result.response.ephemeral
        return result.response.content

    claim = await there.ann.slash(there.channel, "link", voice="nasa")
    assert claim.response
    assert "You have claimed the voice nasa" in await said("link")
    await there.admin().click(claim.response, label="Confirm")
    assert "The voice nasa is linked to you. /unlink ends that." in await said("link")
    assert [link.voice for link in await store.consent.links_of(person=f"discord:{there.ann.id}")] == ["nasa"]
    assert "No voice is linked to you any more." in await said("unlink")
    assert "No voice was linked to you." in await said("unlink")
    assert await store.consent.links_of(person=f"discord:{there.ann.id}") == []


async def test_admins_hear_of_a_claim_and_the_claimant_of_the_decision(there: World, store: Store) -> None:
    async def untold() -> list[Notice]:
        return [notice for notice in await store.notices.untold() if notice.key.startswith("claim:")]

    for _ in range(2):
        claim = await there.ann.slash(there.channel, "link", voice="nasa")
    assert claim.response
    [told] = await untold()
    assert told.text == (
        "ann says that the voice nasa is theirs. Confirm or refuse that below their claim in #general."
    )
    assert told.place == OWNER, "the admins have not said where they want to be told"
    await store.notices.told(told.id)
    await there.admin().click(claim.response, label="Confirm")
    [verdict] = await untold()
    assert verdict.text == "An admin on Test Guild confirmed that the voice nasa is yours."
    assert await there.bot.notices.tell(verdict) is Delivery.TOLD
    assert there.ann.user.dm_channel.history()[-1].content == verdict.text
    await there.admin().slash(there.channel, "settings", notices=True)
    await there.member("bob").slash(there.channel, "link", voice="nasa")
    assert (await untold())[-1].place == "", "it is for the admins, in the channel they chose"


async def test_who_opts_out_is_imitated_by_nobody(there: World, writer: ScriptedWriter, registry: Registry) -> None:
    add_voice(registry, "hubble-nasa")
    await linked(there)
    result = await there.ann.slash(there.channel, "optout")
    assert result.response
    assert "nasa" in result.response.content
    for name in ("nasa", "hubble-nasa"):
        await there.ann.slash(there.channel, "tweetlike", user=name)
        assert "nasa does not want to be imitated." in there.private(there.ann)
    assert await there.ann.autocomplete(there.channel, "tweetlike", "user", "") == []
    listed = await there.ann.slash(there.channel, "models")
    assert listed.response
    assert listed.response.embeds[0].description == "I know nobody yet; an admin can train a voice with /train."
    again = await there.ann.slash(there.channel, "optout")
    assert again.response
    assert "already" in again.response.content
    await there.ann.slash(there.channel, "optin")
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert writer.asked == [("nasa", "", 1)]
    result = await there.ann.slash(there.channel, "optin")
    assert result.response
    assert "You had not opted out." in result.response.content
    assert there.errors() == ["NotAllowed"] * 2


async def test_forget_me_asks_first_and_then_deletes_everything(
    there: World, registry: Registry, store: Store, commands_file: Path, make_bot: MakeBot
) -> None:
    add_voice(registry, "hubble-nasa")
    add_voice(registry, "hubble")
    tweets = TweetStore(commands_file.parent / "tweets")
    await asyncio.to_thread(tweets.merge, "nasa", Collected(Account("nasa"), (Tweet("1", "the red dust"),)))
    await linked(there)
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    question = await there.ann.slash(there.channel, "forget", what="me")
    assert question.response
    assert question.response.ephemeral
    assert "the voices hubble-nasa, nasa with their tweets" in question.response.content
    assert registry.names() == ["hubble", "hubble-nasa", "nasa"]
    await there.env.restart_bot(make_bot())
    await there.ann.click(question.response, label="Delete everything")
    assert "The voices nasa, hubble-nasa are no more." in there.private(there.ann)
    assert registry.names() == ["hubble"]
    assert tweets.tweets("nasa") == []
    about = await store.forgetting.about(f"discord:{there.ann.id}")
    assert set(about) <= {"audit", "answers"}
    assert all((row["voice"], row["prompt"], row["texts"]) == ("", "", []) for row in about.get("answers", ()))
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert "nasa does not want to be imitated." in there.private(there.ann)
    assert there.errors() == ["NotAllowed"]


async def test_who_was_forgotten_can_come_back_and_is_told_what_is_true(
    there: World, registry: Registry, commands_file: Path, writer: ScriptedWriter
) -> None:
    tweets = TweetStore(commands_file.parent / "tweets")
    collected = Collected(Account("NASA", site="x"), (Tweet("1", "the red dust"),))
    await asyncio.to_thread(tweets.merge, "nasa", collected)
    await linked(there)
    question = await there.ann.slash(there.channel, "forget", what="me")
    assert question.response
    await there.ann.click(question.response, label="Delete everything")
    bob = there.member("bob")
    await bob.slash(there.channel, "optin")
    assert "You had not opted out." in there.private(bob)
    assert tweets.is_forgotten("nasa"), "nobody lifts somebody else's tombstone"
    await there.ann.slash(there.channel, "optin")
    assert "I may learn nasa again." in there.private(there.ann)
    await there.ann.slash(there.channel, "optin")
    assert "You had not opted out." in there.private(there.ann)
    assert await asyncio.to_thread(tweets.merge, "space", collected) == 1, "what was forgotten may be learned"
    add_voice(registry, "nasa")
    await bob.slash(there.channel, "tweetlike", user="nasa")
    assert writer.asked == [("nasa", "", 1)]


async def test_what_the_command_line_forgot_comes_back_by_a_confirmed_link(there: World, commands_file: Path) -> None:
    tweets = TweetStore(commands_file.parent / "tweets")
    collected = Collected(Account("NASA", site="x"), (Tweet("1", "the red dust"),))
    await asyncio.to_thread(tweets.merge, "space", collected)
    await asyncio.to_thread(tweets.forget, "space")
    claim = await there.ann.slash(there.channel, "link", voice="nasa")
    assert claim.response
    await there.ann.slash(there.channel, "optin")
    assert "claim it with /link" in there.private(there.ann)
    assert tweets.is_forgotten("space"), "a claim alone proves nothing"
    await there.admin().click(claim.response, label="Confirm")
    await there.ann.slash(there.channel, "optin")
    assert "I may learn space again." in there.private(there.ann)
    assert not tweets.is_forgotten("space")


async def test_a_voice_that_somebody_else_silenced_stays_silent_and_that_is_said(there: World, store: Store) -> None:
    await linked(there)
    for change in ("claim", "confirm"):
        await getattr(store.consent, change)("s2", "discord:2", "nasa", *(["admin"] if change == "confirm" else []))
    for person in ("discord:2", f"discord:{there.ann.id}"):
        await store.consent.opt_out(person, "imitation")
    await there.ann.slash(there.channel, "optin")
    assert "I may imitate you again. nasa stays silent" in there.private(there.ann)


async def test_a_pause_outlives_forget_me(there: World, make_bot: MakeBot) -> None:
    await there.env.restart_bot(make_bot(limits=LimitsSettings(requests_per_minute=1, strikes=2, pause_minutes=30.0)))
    for _ in range(3):
        await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert "I take a break from you" in there.private(there.ann)
    question = await there.ann.slash(there.channel, "forget", what="me")
    assert question.response
    await there.ann.click(question.response, label="Delete everything")
    assert "You are forgotten" in there.private(there.ann)
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert "I take a break from you" in there.private(there.ann)
    assert len(there.errors()) >= 3


async def test_old_parodies_can_be_deleted_after_forget_me_by_the_asker_and_by_whom_they_imitate(
    there: World, registry: Registry
) -> None:
    await linked(there)
    bob, carl = there.member("bob"), there.member("carl")
    first = await bob.slash(there.channel, "tweetlike", user="nasa")
    second = await bob.slash(there.channel, "tweetlike", user="nasa")
    for somebody in (there.ann, bob):
        question = await somebody.slash(there.channel, "forget", what="me")
        assert question.response
        await somebody.click(question.response, label="Delete everything")
    assert first.response
    assert second.response
    await carl.click(first.response, custom_id="tweets:delete")
    assert "Only who asked for this may delete it" in there.private(carl)
    shown = len(there.said())
    await bob.click(first.response, custom_id="tweets:delete")
    await there.ann.click(second.response, custom_id="tweets:delete")
    assert len(there.said()) == shown - 2
    assert there.errors() == ["NotAllowed"]


async def test_forget_me_can_be_thought_over(there: World, registry: Registry) -> None:
    await linked(there)
    question = await there.ann.slash(there.channel, "forget", what="me")
    assert question.response
    await there.ann.click(question.response, label="Keep it")
    assert registry.names() == ["nasa"]


async def test_a_training_that_does_not_end_is_told_and_nothing_is_half_forgotten(
    there: World, registry: Registry, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "POLL_SECONDS", 20.0)
    await linked(there)
    await store.jobs.add("nasa", "discord:1", max_waiting=9)
    await store.jobs.take()
    question = await there.ann.slash(there.channel, "forget", what="me")
    assert question.response
    await there.ann.click(question.response, label="Delete everything")
    await there.env.advance_time(41)
    assert "nasa is being trained and that does not end" in there.private(there.ann)
    assert registry.names() == ["nasa"]
    job = await store.jobs.active_of("nasa")
    assert job
    await store.jobs.finish(job.id, "cancelled")
    await there.ann.click(question.response, label="Delete everything")
    assert registry.names() == []
    assert there.errors() == ["NotNow"]


async def test_my_data_is_a_file_that_only_i_see(there: World, commands_file: Path) -> None:
    tweets = TweetStore(commands_file.parent / "tweets")
    await asyncio.to_thread(tweets.merge, "nasa", Collected(Account("nasa"), (Tweet("1", "the red dust"),)))
    await linked(there)
    await there.ann.slash(there.channel, "tweetlike", user="nasa", prompt="We")
    result = await there.ann.slash(there.channel, "mydata")
    assert result.response
    assert result.response.ephemeral
    with zipfile.ZipFile(io.BytesIO(await result.response.attachments[0].read())) as archive:
        kept = json.loads(archive.read("kept.json"))
        assert kept["answers"][0]["prompt"] == "We"
        assert kept["links"][0]["voice"] == "nasa"
        assert "the red dust" in archive.read("tweets/nasa.jsonl").decode()


async def test_what_is_too_large_to_send_is_told(there: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def very_much(*_: object) -> bytes:
        return bytes(30 << 20)

    monkeypatch.setattr(consent.Consenting, "data_of", very_much)
    result = await there.ann.slash(there.channel, "mydata")
    assert "more than Discord lets me send" in there.private(there.ann)
    assert result.response
    assert there.errors() == ["Usage"]


async def test_admins_have_an_account_of_another_network_forgotten(there: World, store: Store) -> None:
    person = "mastodon:ann@example.social"
    await store.mentions.take("mastodon:bot@b.example", "7", author=person, conversation="7")
    await store.mentions.settle("mastodon:bot@b.example", "7", "answered")
    await there.ann.slash(there.channel, "forget", what="account", account="@ann@example.social")
    assert "Only admins of my home server" in there.private(there.ann)
    admin = there.admin()
    await admin.slash(there.channel, "forget", what="account", account="ann")
    assert "That is no account that I can look for." in there.private(admin)
    await admin.slash(there.channel, "forget", what="account", account="@ann@example.social")
    assert "That account is forgotten: 1 entry is deleted." in there.private(admin)
    assert await store.consent.buried(person) == [person]
    assert await store.mentions.state("mastodon:bot@b.example", "7") == "answered"
    acts = [(act.action, act.subject) for act in await store.audit.recent()]
    assert all("ann@" not in subject for _, subject in acts), "the record does not name them"
    assert there.errors() == ["NotAllowed", "Usage"]
