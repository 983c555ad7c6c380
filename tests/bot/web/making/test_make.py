"""Make: files come in, a voice is learned, and the page says how far that is."""

import asyncio
import errno
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.trainings.drafts import Drafts
from bot.trainings.judged import Fate
from bot.trainings.prepared import Preparing
from bot.web.making.forms import safe_name
from huggingtweets.core.config.settings import CollectingSettings
from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.tweets.kept.choices import NO_CHOICES
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.tweets.learned.dataset import Dataset
from tests.bot.conftest import UseCases, settings_of
from tests.bot.web.conftest import PART, Page
from tests.conftest import sentences
from tests.fakes.bluesky_server import BlueskyServer
from tests.fakes.mastodon_server import MastodonServer

FORM = {"content-type": "multipart/form-data; boundary=x"}


def lying_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def given(admin: httpx.AsyncClient, file_name: str, content: bytes, **fields: str) -> str:
    """The address of the draft after a file was given."""
    answer = await admin.post("/make/files", data=fields, files={"files": (file_name, content)})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def learned(admin: httpx.AsyncClient, address: str, **fields: str) -> str:
    """The page of the training that a draft begins, once it has ended."""
    begun = await admin.post(f"{address.partition('?')[0]}/learn", data=fields)
    assert begun.status_code == 303, begun.text
    address = begun.headers["location"]
    assert "Learning @" in (await admin.get(address)).text
    events = (await admin.get(f"{address}/events")).text
    assert events.count("event: progress") >= 1
    assert events.endswith("event: ended\ndata:\n\n")
    return html.unescape((await admin.get(address)).text)


def counts(page: str) -> list[str]:
    return [re.sub(r"[^\d]", "", count) for count in re.findall(r"<dd>(.*?)</dd>", page)][:4]


def table(*texts: str, people: str = "") -> bytes:
    """A table of tweets with dates."""
    rows = [f'{number},2024-01-{number % 28 + 1:02d},"{text}"' for number, text in enumerate(texts, 1)]
    return "\n".join(["id,created_at,text", *rows]).encode()


FIVE = table(
    "one fine day at the shore", "ok", "RT @bob: a fine day it is", "call me at 555-123-4567 please do", "gulls, again!"
)


async def test_a_base_that_does_not_fit_the_language_is_told_before_anything_is_learned(
    web: Page, admin: httpx.AsyncClient
) -> None:
    spanish = table(*(f"hoy vimos {number} gaviotas volando sobre el puerto con mucha lluvia" for number in range(30)))
    page = html.unescape((await admin.get(await given(admin, "tweets.csv", spanish, name="@ana"))).text)
    assert "These tweets are mostly Spanish (100%)" in page
    assert "a model that writes Spanish, such as flax-community/gpt-2-spanish." in page


async def test_a_voice_is_learned_from_a_file(web: Page, admin: httpx.AsyncClient, sample_file: Path) -> None:
    address = await given(admin, "tweets.jsonl", sample_file.read_bytes(), name="@Bob")
    page = (await admin.get(address)).text
    assert counts(page)[0] == "250"
    told = await learned(admin, address)
    assert lying_in(web.parts.drafts.home) == [], "the training has its own copy"
    assert re.search(r"bob v1 (is in use|was learned)", told)
    assert counts(told) == counts(page)
    for part in ("What it wrote first", "How it did", "The loss falls from", "/voices/bob/v1/predictions.png"):
        assert part in told
    picture = await admin.get("/voices/bob/v1/predictions.png")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")


async def test_what_is_decided_about_a_tweet_is_learned(
    web: Page, admin: httpx.AsyncClient, use_cases: UseCases, sample_file: Path
) -> None:
    address = await given(admin, "tweets.jsonl", sample_file.read_bytes(), name="bob")
    [draft] = web.parts.drafts._drafts.values()
    tweets = draft.people[VoiceName("bob")].tweets
    learnable = next(one for one in draft.judged[VoiceName("bob")].each(NO_CHOICES) if one.fate is Fate.LEARNED)
    short = next(one for one in draft.judged[VoiceName("bob")].each(NO_CHOICES) if one.fate is Fate.SHORT)
    before = counts((await admin.get(address)).text)
    for judged, act in ((learnable, "strike"), (short, "keep")):
        fields = {"who": "bob", "tweet": judged.tweet.id, "act": act}
        assert (await admin.post(f"/make/{draft.id}/tweets", data=fields)).status_code == 303
    after = counts((await admin.get(address)).text)
    assert [int(one) - int(other) for one, other in zip(after, before, strict=True)] == [-1, 0, -1, 0]
    told = await learned(admin, address)
    assert counts(told) == after
    texts = Dataset.load(use_cases.home.registry.version("bob", "v1").dataset).texts
    assert learnable.text not in texts
    assert short.text in texts
    store = TweetStore(settings_of(use_cases.home).tweets)
    assert store.choices("bob").struck == {learnable.tweet.id}
    assert len(store.tweets("bob")) == len(tweets), "what is struck out is kept, so it can be taken back"
    store.forget("bob")
    assert not list(store.folder.glob("bob.*"))


async def test_tweets_are_searched_filtered_and_sorted(admin: httpx.AsyncClient) -> None:
    address = (await given(admin, "five.csv", FIVE, name="bob")).partition("?")[0]

    async def shown(**query: str) -> list[str]:
        page = (await admin.get(address, params=query)).text
        return [html.unescape(text) for text in re.findall(r'<p class="words" dir="auto">(.*?)</p>', page, re.DOTALL)]

    assert len(await shown()) == 5
    assert await shown(words="FINE day", sort="oldest") == ["one fine day at the shore", "RT @bob: a fine day it is"]
    assert set(await shown(show="dropped")) == {"ok", "RT @bob: a fine day it is", "gulls, again!"}
    assert (await shown(sort="shortest"))[0] == "ok"
    assert await shown(words="<b>") == []
    assert counts((await admin.get(address)).text) == ["5", "1", "2", "2"]
    assert (await admin.get(address, params={"show": "nonsense"})).status_code == 422


async def test_a_script_gets_the_table_alone(web: Page, admin: httpx.AsyncClient) -> None:
    address = (await given(admin, "five.csv", FIVE, name="bob")).partition("?")[0]
    fields = {"who": "bob", "tweet": "1", "act": "strike", "sort": "oldest"}
    page = (await admin.post(f"{address}/tweets", data=fields, headers=PART)).text
    assert "<html" not in page
    assert '<span class="fate">struck out</span>' in page
    assert "Struck out by hand, and not counted: 1." in page
    assert counts(page) == ["4", "1", "2", "1"]
    page = (await admin.post(f"{address}/tweets", data={**fields, "act": "leave"}, headers=PART)).text
    assert counts(page) == ["5", "1", "2", "2"]


async def test_contacts_are_hidden_by_one_switch(admin: httpx.AsyncClient) -> None:
    address = (await given(admin, "five.csv", FIVE, name="bob")).partition("?")[0]
    assert "555-123-4567" in (await admin.get(address)).text
    hidden = await admin.post(f"{address}/contacts", data={"who": "bob", "hide": "true"}, follow_redirects=True)
    assert "555-123-4567" not in hidden.text
    assert ">call me at please do<" in hidden.text
    shown = await admin.post(f"{address}/contacts", data={"who": "bob"}, follow_redirects=True)
    assert "555-123-4567" in shown.text
    look = {"words": "call", "show": "learned", "sort": "longest", "page": "1"}
    kept = await admin.post(f"{address}/contacts", data={"who": "bob", "hide": "true", **look})
    assert dict(httpx.URL(kept.headers["location"]).params) == {"who": "bob", **look}
    part = await admin.post(f"{address}/contacts", data={"who": "bob", **look}, headers=PART)
    assert part.text.startswith("<dl")
    assert 'value="call"' in part.text
    assert "555-123-4567" in part.text


async def test_files_that_do_not_say_whose_they_are_are_asked_about(admin: httpx.AsyncClient) -> None:
    address = await given(admin, "five.csv", FIVE)
    assert "five.csv does not say whose tweets it holds." in (await admin.get(address)).text
    named = await admin.post(f"{address.partition('?')[0]}/name", data={"name": "bob"}, follow_redirects=True)
    assert "@bob" in named.text
    assert counts(named.text) == ["5", "1", "2", "2"]


async def test_an_archive_that_knows_its_handle_needs_no_name(admin: httpx.AsyncClient) -> None:
    row = '{"id": "%d", "text": "a fine day %d at the shore", "user": {"screen_name": "NASA", "name": "NASA HQ"}}'
    content = "\n".join(row % (number, number) for number in range(1, 9)).encode()
    page = (await admin.get(await given(admin, "tweets.jsonl", content))).text
    assert "@nasa" in page


async def test_one_voice_is_learned_from_several_people(
    web: Page, admin: httpx.AsyncClient, use_cases: UseCases, sample_file: Path
) -> None:
    address = await given(admin, "tweets.jsonl", sample_file.read_bytes(), name="bob")
    [draft] = web.parts.drafts._drafts.values()
    said = [f"31/12/23, 21:{number % 60:02d} - Кэт: {text}" for number, text in enumerate(sentences(150, seed=5))]
    chat = "\n".join(["31/12/23, 21:00 - Bob: tell me everything", *said]).encode()
    again = await given(admin, "WhatsApp Chat with Bob.txt", chat, draft=draft.id)
    assert again.partition("?")[0] == address.partition("?")[0]
    both = await admin.post(f"/make/{draft.id}/name", data={"author": "Кэт", "name": "cat"}, follow_redirects=True)
    assert "Learn one voice of 2" in both.text
    await learned(admin, address)
    version = use_cases.home.registry.version("bob-cat", "v1")
    assert [account.counts.downloaded for account in version.manifest.accounts] == [250, 150]


async def test_somebody_is_taken_out_again(web: Page, admin: httpx.AsyncClient) -> None:
    address = (await given(admin, "five.csv", FIVE, name="bob")).partition("?")[0]
    answer = await admin.post(f"{address}/remove", data={"who": "bob"})
    assert answer.headers["location"] == "/make"
    assert lying_in(web.parts.drafts.home) == []
    assert (await admin.get(address)).status_code == 422


async def test_a_draft_is_shown_to_nobody_else(web: Page, admin: httpx.AsyncClient) -> None:
    address = (await given(admin, "five.csv", FIVE, name="bob")).partition("?")[0]
    async with web.browser() as other:
        await other.get("/")
        assert (await other.get(address)).status_code == 422
        assert (await other.post(f"{address}/learn")).status_code == 422
        assert "bob" not in (await other.get("/make")).text
    assert "@bob" in (await admin.get("/make")).text


async def test_who_opted_out_is_not_prepared(web: Page, admin: httpx.AsyncClient, use_cases: UseCases) -> None:
    TweetStore(settings_of(use_cases.home).tweets).forget("bob")
    answer = await admin.post("/make/files", data={"name": "bob"}, files={"files": ("five.csv", FIVE)})
    assert answer.status_code >= 400
    assert lying_in(web.parts.drafts.home) == []


async def test_a_training_is_cancelled(admin: httpx.AsyncClient, sample_file: Path) -> None:
    address = (await given(admin, "tweets.jsonl", sample_file.read_bytes(), name="bob")).partition("?")[0]
    begun = (await admin.post(f"{address}/learn")).headers["location"]
    assert (await admin.post(f"{begun}/cancel", follow_redirects=True)).status_code == 200
    await admin.get(f"{begun}/events")
    ended = (await admin.get(begun)).text
    assert "The training of bob was cancelled." in ended
    assert "Nothing of @bob is kept" in ended
    assert 'href="/make">Give them again' in ended


async def test_a_cancelled_training_of_a_voice_that_is_known_says_that_it_is_still_there(
    web: Page, admin: httpx.AsyncClient, sample_file: Path
) -> None:
    address = (await given(admin, "tweets.jsonl", sample_file.read_bytes(), name="ann")).partition("?")[0]
    begun = (await admin.post(f"{address}/learn")).headers["location"]
    await admin.post(f"{begun}/cancel")
    await admin.get(f"{begun}/events")
    ended = (await admin.get(begun)).text
    assert "What was learned of @ann before is still there." in ended
    assert 'href="/voices/ann"' in ended
    assert await web.parts.versions.of(VoiceName("ann"))


@pytest.mark.parametrize(
    ("fields", "files", "says"),
    [
        ({"name": "bob"}, {"files": ("", b"")}, "Choose a file first, or name an account."),
        ({"name": "no name!"}, {"files": ("a.csv", b"text\nhello")}, "is not a name"),
        ({"account": "not an account"}, {"files": ("", b"")}, "not an account"),
        ({"name": "bob"}, {"files": ("a.png", b"\x89PNG\r\n")}, "it is a file of the kind PNG"),
        ({"name": "bob"}, {"files": ("a.zip", b"PK\x03\x04rubbish")}, "a.zip"),
        ({"name": "bob", "draft": "0123"}, {"files": ("a.csv", FIVE)}, "Begin again."),
    ],
)
async def test_what_cannot_be_read_is_answered_with_a_sentence(
    web: Page, admin: httpx.AsyncClient, fields: dict[str, str], files: dict[str, tuple[str, bytes]], says: str
) -> None:
    answer = await admin.post("/make/files", data=fields, files=files, headers=PART)
    assert answer.status_code == 422
    assert says in html.unescape(answer.text)
    assert str(web.parts.drafts.home) not in answer.text
    assert lying_in(web.parts.drafts.home) == []


async def test_another_base_is_chosen_from_the_list(web: Page, admin: httpx.AsyncClient) -> None:
    address = (await given(admin, "five.csv", FIVE, name="bob")).partition("?")[0]
    refused = await admin.post(f"{address}/learn", data={"base": "/etc"})
    assert "I do not have this base." in refused.text
    assert await web.parts.training.jobs() == []


async def test_a_form_of_another_kind_is_refused(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/make/files", data={"name": "bob"})
    assert "This form came in a way that I cannot read." in answer.text


def form(name: bytes, *, end: bool = True) -> bytes:
    """The body of an upload of one file."""
    start = b'--x\r\nContent-Disposition: form-data; name="files"; filename="' + name + b'"\r\n\r\n'
    return start + b"0" * 100_000 + (b"\r\n--x--\r\n" if end else b"")


async def test_a_form_whose_heads_have_no_end_is_refused(web: Page, admin: httpx.AsyncClient) -> None:
    for head in (b"X-Long: " + b"x" * 100_000, b"X: y\r\n" * 20_000):
        answer = await admin.post("/make/files", content=b"--x\r\n" + head + b"\r\n\r\n--x--\r\n", headers=FORM)
        assert answer.status_code == 422
        assert lying_in(web.parts.drafts.home) == []


async def test_a_disk_without_room_is_told(
    web: Page, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", "/srv/bot")

    monkeypatch.setattr("bot.web.making.forms.MultipartParser.write", full)
    answer = await admin.post("/make/files", data={"name": "bob"}, files={"files": ("five.csv", FIVE)})
    assert (answer.status_code, "My disk is full" in answer.text) == (500, True)
    assert "/srv" not in answer.text
    assert lying_in(web.parts.drafts.home) == []


async def test_an_upload_that_others_push_out_leaves_nothing(web: Page, admin: httpx.AsyncClient) -> None:
    async def while_others_come() -> AsyncIterator[bytes]:
        whole = form(b"a.csv")
        yield whole[:50_000]
        for number in range(12):
            web.parts.drafts.new(f"playground:{number}")
        yield whole[50_000:]

    answer = await admin.post("/make/files", content=while_others_come(), headers=FORM)
    assert answer.status_code == 422
    assert "Begin again." in answer.text
    assert lying_in(web.parts.drafts.home) == []


async def test_an_upload_that_is_cut_off_leaves_nothing(web: Page, admin: httpx.AsyncClient) -> None:
    async def half_an_upload() -> AsyncIterator[bytes]:
        yield form(b"a.zip", end=False)

    answer = await admin.post("/make/files", content=half_an_upload(), headers=FORM)
    assert answer.status_code == 422
    assert "cut off" in answer.text
    assert lying_in(web.parts.drafts.home) == []


@pytest.mark.parametrize("limit", ["CHUNK_SECONDS", "WHOLE_SECONDS"])
async def test_an_upload_that_comes_too_slowly_is_ended(
    web: Page, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(f"bot.web.making.forms.{limit}", 0.05)

    async def slowly() -> AsyncIterator[bytes]:
        yield form(b"a.zip", end=False)
        await asyncio.sleep(3_600)

    answer = await admin.post("/make/files", content=slowly(), headers=FORM)
    assert (answer.status_code, "too slowly" in answer.text) == (408, True)
    assert lying_in(web.parts.drafts.home) == []


async def test_an_upload_that_is_too_large_is_not_read_to_its_end(web: Page, admin: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield form(b"a.zip", end=False)
        while True:
            sent += 1 << 20
            yield b"0" * (1 << 20)

    answer = await admin.post("/make/files", content=endless(), headers=FORM)
    assert answer.status_code == 413
    assert "more than the 4 MB that I take" in answer.text
    assert sent < 8 << 20
    assert lying_in(web.parts.drafts.home) == []


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("tweets.js", "tweets.js"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", "file"),
        ("a\0b.csv", "a_b.csv"),
        ("x" * 300 + ".csv", "x" * 90 + ".csv"),
        ("ünï 1 (2).zip", "ünï 1 (2).zip"),
    ],
)
def test_the_name_of_a_file_leads_nowhere(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_draft_belongs_to_whoever_began_it_and_goes_when_nobody_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = Drafts(tmp_path / "page-uploads", 1)
    draft = drafts.new("playground:a")
    assert drafts.get(draft.id, "playground:a") is draft
    with pytest.raises(Usage, match="Begin again"):
        drafts.get(draft.id, "playground:b")
    monkeypatch.setattr("bot.trainings.drafts.UNUSED_SECONDS", -1.0)
    drafts.sweep()
    assert not draft.folder.exists()
    with pytest.raises(Usage, match="Begin again"):
        drafts.get(draft.id, "playground:a")


def test_there_are_never_many_drafts(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, 1)
    made = [drafts.new("playground:a") for _ in range(20)]
    assert len(list(tmp_path.iterdir())) == 12
    assert made[-1].folder.exists()
    assert not made[0].folder.exists()


async def test_an_account_at_bluesky_is_read_and_learned_from_there(
    web: Page, admin: httpx.AsyncClient, use_cases: UseCases
) -> None:
    async with BlueskyServer() as server:
        did = server.add_profile("dan.bsky.social")
        for number in range(5):
            server.add_post(did, f"post {number} about the shore")
        there = settings_of(use_cases.home).model_copy(
            update={"collecting": CollectingSettings(bluesky_url=server.url)}
        )
        object.__setattr__(web.parts, "preparing", Preparing(there, use_cases.training))
        answer = await admin.post("/make/files", data={"account": "@dan.bsky.social"}, files={"files": ("", b"")})
        address = answer.headers["location"].partition("?")[0]
        page = (await admin.get(address)).text
        assert counts(page) == ["5", "0", "0", "5"]
        assert "Dan.Bsky.Social" in page
        gone = await admin.post("/make/files", data={"account": "gone.bsky.social"}, files={"files": ("", b"")})
        assert gone.status_code >= 400
        assert "gone.bsky.social" in html.unescape(gone.text)
    assert not TweetStore(there.tweets).handles(), "nothing is kept before the training begins"
    await admin.post(f"{address}/learn")
    [job] = await web.parts.training.jobs()
    assert (job.name, job.files, job.options["origins"]) == ("dan", [], ["bluesky:dan.bsky.social"])
    await web.parts.training.cancel(job.id)


async def test_an_account_at_mastodon_is_read_by_its_whole_name(
    web: Page, admin: httpx.AsyncClient, use_cases: UseCases
) -> None:
    async with MastodonServer() as server:
        server.shows_guests = True
        server.add_account("5", "dan", url="https://m.example/@dan")
        for number in range(4):
            server.add_status("5", f"post {number} about the shore")
        there = settings_of(use_cases.home).model_copy(
            update={"collecting": CollectingSettings(mastodon_url=server.url)}
        )
        object.__setattr__(web.parts, "preparing", Preparing(there, use_cases.training))
        for account in ("@dan@m.example", "dan@m.example", "mastodon:dan@m.example"):
            answer = await admin.post("/make/files", data={"account": account}, files={"files": ("", b"")})
            page = (await admin.get(answer.headers["location"].partition("?")[0])).text
            assert counts(page) == ["4", "0", "0", "4"]
            assert "@dan" in page


CHAT = (
    "31/12/23, 21:40 - Bob: is the fog thick?\n31/12/23, 21:41 - Ann Keeper: so it is my dear\n"
    "31/12/23, 21:42 - Анна: a lamp is lit for the ships tonight\n"
)


async def test_of_a_chat_the_person_is_read_whom_the_visitor_names(admin: httpx.AsyncClient) -> None:
    address = await given(admin, "WhatsApp Chat with Bob.txt", CHAT.encode(), name="ann")
    page = (await admin.get(address)).text
    assert counts(page) == ["1", "0", "0", "1"]
    assert "so it is my dear" in page
    assert "is the fog thick" not in page


@pytest.mark.parametrize(
    ("author", "name", "handle"),
    [("Ann Keeper", "", "ann_keeper"), ("Анна", "anna", "anna"), ("Bob", "robert", "robert")],
)
async def test_whoever_is_in_a_chat_can_be_chosen_in_whatever_letters(
    web: Page, admin: httpx.AsyncClient, author: str, name: str, handle: str
) -> None:
    address = (await given(admin, "WhatsApp Chat with Bob.txt", CHAT.encode())).partition("?")[0]
    asked = html.unescape((await admin.get(address)).text)
    assert "Several people wrote in WhatsApp Chat with Bob.txt." in asked
    assert re.findall(r'<option value="(.+?)">', asked) == ["Bob", "Ann Keeper", "Анна"]
    page = await admin.post(f"{address}/name", data={"author": author, "name": name}, follow_redirects=True)
    assert f"@{handle}" in page.text
    assert counts(page.text) == ["1", "0", "0", "1"]
    await admin.post(f"{address}/learn")
    [job] = await web.parts.training.jobs()
    assert (job.name, job.options["authors"]) == (handle, {handle: author})
    await web.parts.training.cancel(job.id)


async def test_a_chat_needs_a_person_and_a_handle(admin: httpx.AsyncClient) -> None:
    address = (await given(admin, "WhatsApp Chat with Bob.txt", CHAT.encode(), name="cat")).partition("?")[0]
    assert 'value="cat"' in (await admin.get(address)).text, "what was typed is not asked for again"
    for fields, says in (
        ({"author": "Анна", "name": ""}, "What is the voice called?"),
        ({"author": "", "name": "anna"}, "Choose whose posts are to be learned."),
        ({"author": "Eve", "name": "eve"}, "Choose whose posts are to be learned."),
        ({"author": "Анна", "name": "анна"}, "is not a name"),
    ):
        answer = await admin.post(f"{address}/name", data=fields)
        assert (answer.status_code, says in html.unescape(answer.text)) == (422, True), fields
    assert (await admin.post(f"{address}/pass-over")).headers["location"] == "/make"


async def test_a_file_that_is_added_is_asked_about_too(admin: httpx.AsyncClient) -> None:
    """The page of the people who are there already would not say that anything is missing."""
    address = (await given(admin, "five.csv", FIVE, name="bob")).partition("?")[0]
    draft = address.rpartition("/")[2]
    assert (
        "more.csv does not say whose tweets it holds."
        in (await admin.get(await given(admin, "more.csv", FIVE, draft=draft))).text
    )
    left_out = await admin.post(f"{address}/pass-over", follow_redirects=True)
    assert "@bob" in left_out.text
    await given(admin, "more.csv", FIVE, draft=draft)
    named = await admin.post(f"{address}/name", data={"name": "cat"}, follow_redirects=True)
    assert "Learn one voice of 2" in named.text


async def test_more_tweets_than_anybody_looks_through_are_refused(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.trainings.prepared.MAX_TWEETS", 4)
    answer = await admin.post("/make/files", data={"name": "bob"}, files={"files": ("five.csv", FIVE)}, headers=PART)
    assert answer.status_code == 422
    assert "5 tweets are too many to look through: give at most 4." in answer.text
