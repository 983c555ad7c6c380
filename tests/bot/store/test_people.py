"""What is kept of people, and how it goes: feedback, rounds, consent, members, settings, pauses, notices, audit."""

from datetime import timedelta

import sqlalchemy as sa

from bot.store import Store
from bot.store.schedules import Schedule
from bot.store.tables import metadata, notices
from bot.store.voices.feedback import Tally
from bot.store.voices.rounds import Score
from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.core.text.phrases import Phrase
from tests.bot.databases import sqlite_in
from tests.bot.store.conftest import Time


async def test_a_thumb_counts_once_a_person_and_the_last_one_holds(store: Store) -> None:
    await store.feedback.answered(
        "m1", person="p1", voice=VoiceName("ann"), version="v1", prompt="my", texts=["a", "b"]
    )
    for person, vote in [("p1", 1), ("p2", 1), ("p2", -1), ("p3", 1)]:
        assert await store.feedback.vote("m1", person, vote)
    assert await store.feedback.tally("ann") == await store.feedback.tally("ann", "v1") == Tally(2, 1)
    assert await store.feedback.tally("ann", "v2") == await store.feedback.tally("bob") == Tally(0, 0)
    assert not await store.feedback.vote("unknown", "p1", 1)
    assert await store.feedback.votes_of("p2", ["m1", "m2"]) == {"m1": -1}
    assert await store.feedback.votes_of("p4", ["m1"]) == await store.feedback.votes_of("p1", ["m2"]) == {}


async def test_an_answer_is_found_by_its_message_until_it_is_withdrawn(store: Store, time) -> None:
    await store.feedback.answered("m1", person="p1", voice=VoiceName("ann"), texts=["a"])
    await store.feedback.answered(
        "m1", person="p1", voice=BlendName("ann+0.5*bob"), version="v2", prompt="my", texts=["b"]
    )
    answer = await store.feedback.answer("m1")
    assert answer
    assert (answer.voice, answer.version, answer.prompt, answer.texts) == ("ann+0.5*bob", "v2", "my", ["b"])
    await store.feedback.vote("m1", "p2", 1)
    await store.feedback.withdrawn("m1")
    assert await store.feedback.answer("m1") is None
    assert await store.feedback.tally("ann+0.5*bob") == Tally(1, 0)


async def test_a_round_counts_first_guesses_until_its_end(store: Store, time) -> None:
    ends_at = time.now + timedelta(seconds=60)
    begin = {"voice": VoiceName("ann"), "real_text": "r", "drawn_text": "d", "real_first": True, "ends_at": ends_at}
    assert await store.rounds.begin("m1", **begin)
    assert not await store.rounds.begin("m1", **begin)
    assert await store.rounds.vote("m1", "p1", chose_first=True)
    assert not await store.rounds.vote("m1", "p1", chose_first=False)
    assert await store.rounds.vote("m1", "p2", chose_first=False)
    assert not await store.rounds.vote("other", "p2", chose_first=False)
    assert [round_.message for round_ in await store.rounds.open()] == ["m1"]
    time.pass_by(seconds=61)
    assert not await store.rounds.vote("m1", "p3", chose_first=False)
    assert await store.rounds.close("m1") == Score(2, 1)
    assert await store.rounds.close("m1") is None
    assert (await store.rounds.get("m1")).closed
    assert await store.rounds.score("ann") == Score(2, 1)
    assert await store.rounds.score("bob") == Score(0, 0)


async def test_an_opt_out_holds_until_it_is_taken_back(store: Store) -> None:
    assert await store.consent.opt_out("discord:1", "imitation")
    assert not await store.consent.opt_out("discord:1", "imitation")
    assert await store.consent.opted_out("discord:1", "imitation")
    assert not await store.consent.opted_out("discord:1", "replies")
    assert await store.consent.opt_in("discord:1", "imitation")
    assert not await store.consent.opted_out("discord:1", "imitation")


async def test_a_link_counts_once_an_admin_confirmed_this_very_claim(store: Store) -> None:
    await store.consent.claim("s1", "p1", "nasa")
    assert (await store.consent.link("s1", "p1")).state == "pending"
    assert not await store.consent.confirm("s1", "p1", "other", by="admin")
    assert await store.consent.confirm("s1", "p1", "nasa", by="admin")
    link = await store.consent.link("s1", "p1")
    assert (link.state, link.decided_by) == ("confirmed", "admin")
    await store.consent.claim("s1", "p1", "dril")
    assert (await store.consent.link("s1", "p1")).state == "pending", "another voice is another claim"
    assert [found.person for found in await store.consent.links_of(server="s1", voice="dril")] == ["p1"]
    assert await store.consent.unlink("s1", "p1")
    assert await store.consent.links_of(person="p1") == []


async def unwanted(store: Store) -> frozenset[str]:
    said = await store.consent.said()
    return said.opted_out | said.buried


async def test_a_linked_persons_opt_out_holds_for_their_voice(store: Store) -> None:
    await store.consent.claim("s1", "p1", "nasa")
    await store.consent.opt_out("p1", "imitation")
    assert await unwanted(store) == frozenset()
    await store.consent.confirm("s1", "p1", "nasa", by="admin")
    assert await unwanted(store) == {"nasa"}
    await store.members.join("s1", "p2", "dril")
    await store.consent.opt_out("p2", "imitation")
    assert await unwanted(store) == {"nasa", "dril"}


async def test_what_is_buried_is_known_until_the_person_asks_back(store: Store) -> None:
    await store.consent.bury("nasa", by="p1")
    await store.consent.bury("nasa", by="p2")
    assert await store.consent.buried("nasa", "dril", "discord:1") == ["nasa"]
    assert (await store.consent.buried_by("p1"), await store.consent.buried_by("p2")) == (["nasa"], [])
    assert await store.consent.unbury("nasa")
    assert await store.consent.buried("nasa") == []


async def test_only_members_are_listened_to_and_their_edits_and_deletions_are_followed(store: Store, time) -> None:
    said = {"server": "s1", "channel": "c1", "text": "hello", "written_at": time.now}
    assert not await store.members.wrote("m0", person="p1", **said)
    await store.members.join("s1", "p1", "ann")
    await store.members.join("s1", "p1", "ann_of_discord")
    assert (await store.members.get("s1", "p1")).voice == "ann_of_discord"
    for message in ("m1", "m2", "m2", "m3"):
        assert await store.members.wrote(message, person="p1", **said)
    assert await store.members.edited("m1", "hello, world")
    assert not await store.members.edited("m0", "hello")
    assert await store.members.deleted("m2", "m0") == 1
    assert [(one.message, one.text) for one in await store.members.messages("p1", "s1")] == [
        ("m1", "hello, world"),
        ("m3", "hello"),
    ]
    assert [member.person for member in await store.members.all()] == ["p1"]
    assert await store.members.forget_messages("s1", "p1") == 2
    assert await store.members.messages("p1") == []


async def test_settings_and_rules_are_kept_by_scope(store: Store) -> None:
    await store.settings.put("discord:channel:1", "voice", "ann", by="p1")
    await store.settings.put("discord:channel:1", "voice", ["ann", None], by="p1")
    await store.settings.put("discord:channel:1", "picture", value=True, by="p1")
    assert await store.settings.get("discord:channel:1", "voice") == ["ann", None]
    assert await store.settings.get("global", "voice") is None
    assert await store.settings.all("discord:channel:1") == {"voice": ["ann", None], "picture": True}
    assert await store.settings.remove("discord:channel:1", "voice")
    assert not await store.settings.remove("discord:channel:1", "voice")
    await store.settings.rule("s1", "channel:1", allowed=True, by="p1")
    await store.settings.rule("s1", "channel:1", allowed=False, by="p1")
    assert await store.settings.rules(["s1", "s2"]) == {"s1": {"channel:1": False}, "s2": {}}
    assert await store.settings.remove_rule("s1", "channel:1")


async def test_a_pause_keeps_its_reason_and_the_admins_hear_of_it_once(store: Store, time) -> None:
    assert await store.pauses.pause("x:bot", Phrase("402: out of credit"), by="x")
    assert not await store.pauses.pause("x:bot", Phrase("401"), by="x")
    assert (await store.pauses.get("x:bot")).reason == "402: out of credit"
    assert [await store.pauses.tell_once("x:bot") for _ in range(3)] == [True, False, False]
    assert await store.pauses.resume("x:bot")
    assert await store.pauses.get("x:bot") is None
    assert not await store.pauses.tell_once("x:bot")


async def test_a_pause_with_an_end_ends(store: Store, time) -> None:
    await store.pauses.pause("discord:1", Phrase("five strikes"), by="bot", until=time.now + timedelta(hours=1))
    time.pass_by(minutes=59)
    assert await store.pauses.get("discord:1")
    time.pass_by(minutes=2)
    assert await store.pauses.get("discord:1") is None
    assert await store.pauses.pause("discord:1", Phrase("again"), by="bot")


async def test_strikes_are_counted_within_a_time(store: Store, time) -> None:
    counts = []
    for _ in range(4):
        time.pass_by(minutes=10)
        counts.append(await store.pauses.strike("p1", "too often", since=time.now - timedelta(minutes=25)))
    assert counts == [1, 2, 3, 3]


async def test_a_notice_is_kept_until_it_is_told_or_given_up_and_one_that_fails_holds_up_nobody(store: Store) -> None:
    assert await store.notices.add("job:1", Phrase("done"), "channel:1")
    assert not await store.notices.add("job:1", Phrase("done twice"))
    await store.notices.add("job:2", Phrase("done too"))
    first, second = await store.notices.untold()
    assert (first.text, first.place, second.key) == ("done", "channel:1", "job:2")
    await store.notices.failed(first.id)
    assert [(one.key, one.attempts) for one in await store.notices.untold()] == [("job:2", 0), ("job:1", 1)]
    await store.notices.told(second.id)
    assert [notice.key for notice in await store.notices.untold()] == ["job:1"]
    await store.notices.given_up(first.id)
    assert await store.notices.untold() == []
    assert not await store.notices.add("job:1", Phrase("done again"))
    async with store.database.reading() as connection:
        columns = (notices.c.key, notices.c.text, notices.c.told_at.is_not(None))
        kept = await connection.execute(sa.select(*columns).order_by(notices.c.key))
        assert [tuple(row) for row in kept] == [("job:1", "", False), ("job:2", "", True)], "no text is kept"


async def test_mentions_are_taken_once_and_counted_by_author_and_conversation(store: Store, time) -> None:
    assert await store.mentions.position("bot", "mentions") is None
    for position in ("5", "9"):
        await store.mentions.move("bot", "mentions", position)
    assert await store.mentions.position("bot", "mentions") == "9"
    start = time.now
    for mention in ("1", "2", "3"):
        assert await store.mentions.take("bot", mention, author="a", conversation="c1")
        assert not await store.mentions.take("bot", mention, author="a", conversation="c1")
        await store.mentions.settle("bot", mention, "answered" if mention != "3" else "stopped")
    assert await store.mentions.state("bot", "3") == "stopped"
    assert await store.mentions.answered("bot", since=start, author="a") == 2
    assert await store.mentions.answered("bot", since=start, author="a", conversation="c2") == 0
    assert await store.mentions.answered("bot", since=time.pass_by(days=1)) == 0


async def test_acts_are_found_by_server_and_person(store: Store) -> None:
    await store.audit.add("p1", "promote", "ann", server="s1", version="v2")
    await store.audit.add("p2", "forget", "bob", server="s2")
    assert [act.action for act in await store.audit.recent()] == ["forget", "promote"]
    [act] = await store.audit.recent(server="s1", person="p1")
    assert (act.subject, act.facts) == ("ann", {"version": "v2"})


async def _fill(store: Store, time, person: str, name: str) -> None:
    """Add a row about this person or voice to every table that can have one."""
    message, voice = f"m-{person}", BlendName(name)
    await store.feedback.answered(message, person=person, voice=voice, texts=["a"])
    await store.feedback.vote(message, person, 1)
    later = time.now + timedelta(hours=1)
    await store.rounds.begin(message, voice=voice, real_text="r", drawn_text="d", real_first=True, ends_at=later)
    await store.rounds.vote(message, person, chose_first=True)
    await store.members.join("s1", person, voice)
    await store.members.wrote(message, server="s1", channel="c", person=person, text="t", written_at=time.now)
    await store.consent.claim("s1", person, voice)
    await store.pauses.strike(person, "too often", since=time.now)
    await store.jobs.add(voice, person, max_waiting=9)
    for state in ("proposed", "sent"):
        await store.posts.add(f"{voice}:{state}", "bot", "text", voice=voice, state=state)


async def _mentioning(store: Store, word: str) -> dict[str, int]:
    """Returns the tables with a cell that holds `word`, and in how many rows."""
    found = {}
    async with store.database.reading() as connection:
        for table in metadata.sorted_tables:
            rows = [row for row in await connection.execute(sa.select(table)) if word in str(tuple(row))]
            if rows:
                found[table.name] = len(rows)
    return found


async def test_a_forgotten_voice_leaves_a_tombstone_and_the_bare_record_of_its_posts(store: Store, time) -> None:
    await _fill(store, time, "person-1", "voice_1")
    await _fill(store, time, "person-2", "voice_2")
    before = await _mentioning(store, "voice_2")
    await store.forgetting.voice("voice_1", by="admin")
    assert await _mentioning(store, "voice_1") == {"tombstones": 1, "posts": 1}, "a post's key stays"
    assert (await store.posts.by_key("voice_1:sent")).text == ""
    assert await _mentioning(store, "voice_2") == before
    assert await store.consent.buried("voice_1", "voice_2") == ["voice_1"]


async def test_joint_models_and_blends_with_a_forgotten_voice_are_forgotten_with_it(store: Store, time) -> None:
    voices = ("voice_1", "other-voice_1", "other+0.5*other-voice_1", "voice_10", "other")
    for number, voice in enumerate(voices):
        await _fill(store, time, f"person-{number}", voice)
    before = [await _mentioning(store, f"person-{number}") for number in (3, 4)]
    await store.forgetting.voice("voice_1", by="admin")
    for number in range(3):
        assert set(await _mentioning(store, f"person-{number}")) == {"answers", "strikes"}
    assert [await _mentioning(store, f"person-{number}") for number in (3, 4)] == before
    sent = await store.posts.latest("bot", ["sent"])
    assert {post.voice for post in sent if post.text} == {"voice_10", "other"}
    await store.feedback.answered(
        "m", person="person-9", voice=BlendName("0.5*other-voice_1+other"), texts=["drawn meanwhile"]
    )
    later = time.now + timedelta(hours=1)
    real = {"real_text": "r", "drawn_text": "d", "real_first": True, "ends_at": later}
    assert not await store.rounds.begin("m", voice=VoiceName("other-voice_1"), **real)
    assert await _mentioning(store, "person-9") == {}


async def test_news_of_a_forgotten_voice_are_told_to_nobody(store: Store) -> None:
    for number, voice in enumerate(("ann-bob", "cat"), start=1):
        job = await store.jobs.add(voice, "p1", max_waiting=9)
        assert job.id == number
        await store.jobs.take()
        await store.jobs.finish(job.id, "done", say=lambda job: Phrase("{name} draws: a sample", name=job.name))
    await store.forgetting.voice("bob", by="p2")
    assert [notice.text for notice in await store.notices.untold()] == ["cat draws: a sample"]
    await store.forgetting.person("p1", by="p1")
    assert await store.notices.untold() == []
    assert await _mentioning(store, "job:") == {}


async def test_a_forgotten_person_leaves_a_tombstone_and_their_opt_outs(store: Store, time) -> None:
    await _fill(store, time, "person-1", "voice_1")
    await _fill(store, time, "person-2", "voice_2")
    await store.consent.opt_out("person-1", "imitation")
    before = await _mentioning(store, "person-2")
    await store.forgetting.person("person-1", by="discord:9")
    assert await _mentioning(store, "person-1") == {"tombstones": 1, "opt_outs": 1, "rounds": 1, "answers": 1}
    assert await store.feedback.may_withdraw("m-person-1", "person-1"), "the message has that name here, not the row"
    assert await _mentioning(store, "person-2") == before


async def test_a_pause_and_strikes_outlive_the_wish_to_be_forgotten_without_the_name(store: Store, time) -> None:
    since = time.now - timedelta(minutes=10)
    for expected in (1, 2):
        assert await store.pauses.strike("person-1", "asked too often", since=since) == expected
    await store.pauses.pause("person-1", Phrase("asked too often"), "limits", time.now + timedelta(hours=1))
    await store.pauses.pause("person-2", Phrase("over long ago"), "limits", time.now - timedelta(hours=1))
    for person in ("person-1", "person-1", "person-2"):
        await store.forgetting.person(person, by=person)
    assert set(await _mentioning(store, "person-1")) == {"tombstones"}
    pause = await store.pauses.get("person-1")
    assert pause
    assert (pause.subject, pause.reason) == ("person-1", "asked too often")
    assert not await store.pauses.pause("person-1", Phrase("again"), "limits"), "there is one already"
    assert [await store.pauses.tell_once("person-1") for _ in range(2)] == [True, False]
    assert await store.pauses.strike("person-1", "asked too often", since=since) == 3
    about = await store.forgetting.about("person-1")
    assert {"strikes", "pauses"} <= set(about), "who comes back sees what is kept of them"
    assert await store.pauses.get("person-2") is None
    assert await store.pauses.resume("person-1")
    assert await store.pauses.get("person-1") is None
    time.pass_by(days=2)
    await store.forgetting.person("person-1", by="person-1")
    assert await _mentioning(store, "asked too often") == {"strikes": 2}, "old ones of the forgotten have no use"


async def test_who_asked_and_who_was_imitated_may_delete_an_answer_after_either_was_forgotten(store: Store) -> None:
    await store.consent.claim("s1", "owner", "nasa")
    await store.consent.confirm("s1", "owner", "nasa", by="admin")
    await store.members.join("s1", "member", "ann")
    for number, voice in enumerate(("nasa", "0.5*nasa+ann", "bob")):
        await store.feedback.answered(
            f"m{number}", person="asker", voice=BlendName(voice), prompt="my", texts=["secret text"]
        )

    async def may(message: str) -> set[str]:
        people = ("asker", "owner", "member", "stranger")
        return {person for person in people if await store.feedback.may_withdraw(message, person)}

    before = [await may(f"m{number}") for number in range(3)]
    assert before == [{"asker", "owner"}, {"asker", "owner", "member"}, {"asker"}]
    await store.forgetting.voice("nasa", by="owner")
    await store.forgetting.person("owner", by="owner")
    await store.forgetting.person("asker", by="asker")
    assert [await may(f"m{number}") for number in range(3)] == before
    assert await _mentioning(store, "secret text") == await _mentioning(store, "asker0") == {}
    assert set(await _mentioning(store, "owner")) == {"tombstones"}
    assert await store.feedback.answer("m0") is None
    assert not await store.feedback.vote("m0", "stranger", 1)
    await store.feedback.withdrawn("m0")
    assert await may("m0") == set()


async def test_what_stays_names_no_forgotten_voice(store: Store, time) -> None:
    await store.schedules.put(Schedule(name="nightly", action="post", voice="nasa", every_seconds=3_600), "admin")
    await store.schedules.claim("nightly", time.now, "host")
    await store.schedules.settle("nightly", time.now, "nasa v2 is in use")
    await store.audit.add("admin", "schedule", "nightly")
    await store.audit.add("admin", "version.promote", "nasa", version="v2")
    await store.audit.add("schedule:nightly", "x.propose", "post:1", voice="hubble-nasa", other="kept")
    await store.audit.add("admin", "version.promote", "nasa_fan")
    await store.settings.put("discord:channel:1", "voice", "nasa", by="admin")
    await store.settings.put("discord:channel:2", "voice", "nasa_fan", by="admin")
    await store.notices.add("claim:s1:p1:nasa:2026-03-01", Phrase("somebody says so"))
    await store.notices.add("proposed:1", Phrase("A post waits.\n@nasa: the red dust"))
    await store.notices.add("x:nasa_fan paused", Phrase("Ask nasa about it."))
    await store.posts.add("k", "bot", "text", voice="nasa", state="sent")
    await store.jobs.add("hubble-nasa", "p1", max_waiting=9)
    await store.forgetting.voice("nasa", by="p1")
    assert set(await _mentioning(store, "nasa")) == {"tombstones", "audit", "settings", "notices"}
    acts = await store.audit.recent()
    assert [act.subject for act in acts] == ["nasa_fan", "post:1", "", ""]
    assert (acts[1].person, acts[1].facts) == ("schedule:", {"other": "kept"})
    assert await store.settings.get("discord:channel:2", "voice") == "nasa_fan"
    assert [notice.key for notice in await store.notices.untold()] == ["x:nasa_fan paused"]
    assert set(await _mentioning(store, "nightly")) == set()


async def test_a_person_can_see_all_that_is_kept_of_them(store: Store, time) -> None:
    await _fill(store, time, "person-1", "voice_1")
    await _fill(store, time, "person-2", "voice_2")
    kept = await store.forgetting.about("person-1")
    assert {"answers", "feedback", "votes", "member_messages", "members", "links", "strikes", "jobs"} == set(kept)
    assert "person-2" not in str(kept)
    assert kept["member_messages"][0]["written_at"] == time.now.isoformat()


async def test_what_was_forgotten_is_in_no_file_any_more_also_while_the_bot_runs(tmp_path, time) -> None:
    def kept(word: bytes) -> list[str]:
        return [path.name for path in tmp_path.iterdir() if word in path.read_bytes()]

    async with Store(sqlite_in(tmp_path), time) as store:
        await _fill(store, time, "person-1", "voice_1")
        await store.members.edited("m-person-1", "a diary that nobody should read")
        await store.feedback.answered("m", person="person-2", voice=VoiceName("voice_2"), texts=["drawn from a life"])
        assert kept(b"a diary that") == ["bot.db-wal"]
        await store.forgetting.person("person-1", by="admin")
        await store.forgetting.voice("voice_2", by="admin")
        assert kept(b"a diary that") == kept(b"drawn from a life") == []


async def test_an_old_comparison_is_only_its_vote(store: Store, time: Time) -> None:
    async def begin(number: str) -> None:
        texts = {"texts_of_older": ["one"], "texts_of_newer": ["two"], "older_first": True}
        assert await store.comparisons.begin(
            number, person="p1", voice=VoiceName("ann"), older="v1", newer="v2", **texts
        )

    await begin("voted")
    await begin("unvoted")
    assert await store.comparisons.vote("voted", "p1", "newer")
    time.pass_by(days=29)
    await begin("new")
    assert (await store.comparisons.get("unvoted")).texts_of_older == ["one"]
    time.pass_by(days=2)
    await begin("newest")
    assert await store.comparisons.get("unvoted") is None
    voted = await store.comparisons.get("voted")
    assert (voted.person, voted.texts_of_older, voted.texts_of_newer) == ("", [], [])
    assert [one.for_newer for one in await store.comparisons.preferences(VoiceName("ann"))] == [1]
    assert (await store.comparisons.get("new")).texts_of_newer == ["two"]
