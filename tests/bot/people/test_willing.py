"""One place says whether a voice may speak or be learned, and what people say anywhere holds at once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import NotAllowed
from bot.people.willing import MAX_NAMED, Willing
from bot.store import Store
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.people.names import NO_VOICE, BlendName, VoiceName
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.registry.manifest import LearnedAccount, Manifest
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.kept.unwilling import Unwilling
from huggingtweets.workflow.forgetting import forget
from tests.bot.databases import sqlite_in


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(sqlite_in(tmp_path)) as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(storage=StorageSettings(models=tmp_path / "models", data=tmp_path / "data"))


@pytest.fixture
def willing(store: Store, settings: Settings) -> Willing:
    return Willing(store, settings)


def learned(settings: Settings, name: str, account: Account) -> None:
    TweetStore(settings.tweets).merge(name, Collected(account, (Tweet(f"{name}1", f"by {name}"),)))


async def linked(store: Store, person: str, voice: str) -> None:
    await store.consent.claim("s1", person, voice)
    await store.consent.confirm("s1", person, voice, "admin")


async def test_everybody_else_may_speak_everywhere(willing: Willing) -> None:
    voices = [VoiceName("nasa"), VoiceName("ann-bob"), BlendName("0.5*nasa+ann"), NO_VOICE]
    assert await willing.among(voices, "s1") == voices
    await willing.refuse(VoiceName("nasa"))


@pytest.mark.parametrize("voice", [BlendName("ann"), BlendName("ann-bob"), BlendName("bob+0.5*ann-cat")])
async def test_a_joined_voice_speaks_where_its_owner_agreed(store: Store, willing: Willing, voice: BlendName) -> None:
    await store.members.join("s1", "p1", "ann")
    assert await willing.may_speak(voice, "s1")
    for place in ("s2", ""):
        assert not await willing.may_speak(voice, place)
        with pytest.raises(NotAllowed, match="I know no voice called ann here"):
            await willing.refuse(voice, place)
    await store.members.join("s1", "p1", "ann", everywhere=True)
    assert [await willing.may_speak(voice, place) for place in ("s1", "s2", "")] == [True, True, True]


async def test_who_opted_out_is_out_under_every_name_of_their_account(
    store: Store, willing: Willing, settings: Settings
) -> None:
    learned(settings, "nasa", Account("NASA", site="x"))
    learned(settings, "space", Account("nasa", site="x"))
    learned(settings, "dan", Account("dan", site="x"))
    names = list(map(BlendName, ("nasa", "space", "dan", "dan-space", "dan+0.1*space")))
    await linked(store, "p1", "nasa")
    assert await willing.among(names) == names
    await store.consent.opt_out("p1", "imitation")
    assert await willing.among(names) == ["dan"]
    await store.consent.opt_in("p1", "imitation")
    assert await willing.among(names) == names


async def test_a_voice_without_kept_tweets_is_known_by_its_version(
    store: Store, willing: Willing, settings: Settings
) -> None:
    with Registry(settings.storage.models).staged("me") as staged:
        accounts = (LearnedAccount(handle="NASA", site="x"),)
        manifest = Manifest(base="b", created="now", accounts=accounts)
        Registry(settings.storage.models).release("me", staged, manifest)
    await linked(store, "p1", "nasa")
    await store.consent.opt_out("p1", "imitation")
    assert not await willing.may_speak(VoiceName("me"))


async def test_a_forget_on_the_command_line_holds_at_once(willing: Willing, settings: Settings) -> None:
    learned(settings, "me", Account("ann", site="x"))
    assert await willing.may_speak(VoiceName("me"))
    forget(VoiceName("ann"), settings)
    for voice in map(BlendName, ("me", "ann", "bob+me")):
        assert not await willing.may_speak(voice)
    TweetStore(settings.tweets).lift("me")
    assert await willing.may_speak(VoiceName("me"))


async def test_who_may_not_be_imitated_may_not_be_learned_but_a_joined_voice_may(
    store: Store, willing: Willing, settings: Settings
) -> None:
    learned(settings, "me", Account("ann", site="x"))
    await store.members.join("s1", "p1", "bob")
    await willing.refuse_to_learn(VoiceName("bob-me"))
    assert not await willing.may_speak(VoiceName("bob"))
    await store.consent.bury("cat", "p2")
    forget(VoiceName("ann"), settings)
    for voice, person in (("bob-me", "me"), ("cat", "cat"), ("ann-bob", "ann")):
        with pytest.raises(NotAllowed, match=f"{person} does not want to be imitated"):
            await willing.refuse_to_learn(VoiceName(voice))
    assert {"ann", "me", "cat"} <= await willing.unwanted()


async def test_only_who_opted_out_themselves_counts_as_opted_out(store: Store, willing: Willing) -> None:
    await store.consent.bury("cat", "p2")
    await linked(store, "p1", "ann")
    await store.consent.opt_out("p1", "imitation")
    assert await willing.have_opted_out([VoiceName("bob"), VoiceName("ann-cat")])
    assert not await willing.have_opted_out([VoiceName("bob"), VoiceName("cat")])


async def test_a_name_on_discord_silences_nobody_at_x(store: Store, willing: Willing, settings: Settings) -> None:
    learned(settings, "space", Account("nasa", site="x"))
    await store.members.join("s1", "p1", "nasa")
    await store.consent.opt_out("p1", "imitation")
    assert not await willing.may_speak(VoiceName("nasa"), "s1")
    assert await willing.may_speak(VoiceName("space"), "s1")


async def test_the_pipeline_hears_of_opt_outs_by_account(store: Store, willing: Willing, settings: Settings) -> None:
    learned(settings, "me", Account("NASA", site="x"))
    await linked(store, "p1", "me")
    await store.members.join("s1", "p2", "ann")
    for person in ("p1", "p2"):
        await store.consent.opt_out(person, "imitation")
    await willing.tell_pipeline()
    opted_out = Unwilling(settings.tweets).opted_out()
    assert opted_out == {"me": frozenset({"x:@nasa"}), "ann": frozenset({"member:@ann"})}
    await store.consent.opt_in("p1", "imitation")
    await willing.tell_pipeline()
    assert set(Unwilling(settings.tweets).opted_out()) == {"ann"}


async def test_what_another_process_hears_holds_at_once(store: Store, willing: Willing, tmp_path: Path) -> None:
    await linked(store, "p1", "ann")
    async with Store(sqlite_in(tmp_path)) as other:
        for _ in range(2):
            assert await willing.may_speak(VoiceName("ann"))
            await other.consent.opt_out("p1", "imitation")
            assert not await willing.may_speak(VoiceName("ann"))
            await other.consent.opt_in("p1", "imitation")
        await other.consent.bury("ann", "p1")
        assert not await willing.may_speak(VoiceName("ann-bob"))
        await other.consent.unbury("ann")
        await other.members.join("s1", "p2", "bob")
        assert not await willing.may_speak(VoiceName("ann-bob"), "s2")


async def test_a_list_beside_the_tweets_that_is_as_long_as_before_is_read_again(settings: Settings) -> None:
    lists = Unwilling(settings.tweets)
    settings.tweets.mkdir(parents=True)
    for name in ("ann", "bob", "cat"):
        Unwilling(settings.tweets).note_opted_out({name: [f"x:@{name}"]})
        assert set(lists.opted_out()) == {name}


async def test_many_are_asked_about_at_once(store: Store, willing: Willing) -> None:
    voices = [VoiceName(f"voice_{number}") for number in range(MAX_NAMED + 2)]
    await store.members.join("s1", "p1", "voice_3")
    await store.consent.bury("voice_4", "p2")
    others = [voice for voice in voices if voice not in ("voice_3", "voice_4")]
    assert await willing.among(voices, "s2") == others


async def test_consent_is_one_visit_to_the_database(
    store: Store, willing: Willing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs processor time, and consent is asked twice for every answer."""
    visits = []
    visit = store.database.read_kept

    async def counted(*arguments: Any) -> Any:
        visits.append(1)
        return await visit(*arguments)

    monkeypatch.setattr(store.database, "read_kept", counted)
    for other in ("_at_once", "reading"):
        monkeypatch.setattr(store.database, other, None)
    await willing.refuse(VoiceName("ann"))
    assert visits == [1]
