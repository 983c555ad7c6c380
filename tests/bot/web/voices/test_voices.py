"""Voices: a gallery, one page a voice, and what an admin changes there."""

import asyncio
import html
import io
import re
import shutil
import zipfile

import httpx
import pytest

from bot.voices.exporting import Export, Exporting
from huggingtweets.core.errors import Unavailable
from huggingtweets.core.people.names import VoiceName
from huggingtweets.registry.manifest import read
from tests.bot.conftest import UseCases
from tests.bot.posting_parts import Parts as PostingParts
from tests.bot.web.conftest import Page, opts_out, page_of

ANN = VoiceName("ann")


def another_version(web: Page, why_not: str = "") -> str:
    """A second version of `ann`, made of the files of the first one. It is not in use."""
    registry = web.registry
    first = registry.current("ann")
    with registry.staged("ann") as staged:
        shutil.copytree(first.folder, staged, dirs_exist_ok=True)
        manifest = read(staged)
        if why_not:
            manifest = manifest.model_copy(update={"verdict": type(manifest.verdict)(why_not=why_not)})
        return registry.add("ann", staged, manifest).version


def in_use(web: Page) -> str:
    return web.registry.current("ann").version


async def test_visitors_look_at_voices_and_change_nothing(web: Page, browser: httpx.AsyncClient) -> None:
    another_version(web)
    assert 'href="/voices/ann"' in (await browser.get("/voices")).text
    page = await browser.get("/voices/ann")
    assert page.status_code == 200
    said = html.unescape(page.text)
    assert "<h3>v2</h3>" in said
    assert re.search(r"(Faint|Fair): it has picked up", said), "the verdict comes in words"
    assert "For admins" not in said
    assert "Put it in use" not in said
    for path, fields in (
        ("/voices/ann/promote", {"version": "v2"}),
        ("/voices/ann/rollback", {"instead_of": "v1"}),
        ("/voices/ann/forget", {"sure": "true"}),
    ):
        assert (await browser.post(path, data=fields)).status_code == 403, path
    assert (await browser.get("/voices/ann/forget")).status_code == 403
    assert in_use(web) == "v1"


async def test_a_version_that_did_not_pass_is_for_admins(
    web: Page, browser: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    another_version(web, why_not="it repeats <real> tweets.")
    assert "<h3>v2</h3>" not in (await browser.get("/voices/ann")).text
    assert "it repeats &lt;real&gt; tweets." in (await admin.get("/voices/ann")).text


async def test_of_a_voice_that_is_not_in_use_admins_see_the_newest_version(
    web: Page, browser: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    root = web.registry.root
    shutil.copytree(root / "ann", root / "bob")
    (root / "bob" / "current.json").unlink()
    [sample, *_] = read(root / "bob" / "v1").samples
    page = html.unescape((await admin.get("/voices/bob")).text)
    for part in ("so nobody can try it. This is v1", "What v1 wrote first", sample, "/voices/bob/v1/predictions.png"):
        assert part in page
    assert sample not in html.unescape((await browser.get("/voices/bob")).text)


async def test_a_voice_that_left_is_nowhere(web: Page, browser: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    await opts_out(web, "ann")
    for asker in (browser, admin):
        assert "/voices/ann" not in (await asker.get("/voices")).text
        assert (await asker.get("/voices/ann")).status_code == 403
        assert (await asker.get("/voices/ann/v1/profile.png")).status_code == 403
    assert (await admin.post("/voices/ann/promote", data={"version": "v1"})).status_code == 403
    assert (await admin.get("/voices/ann/forget")).status_code == 200, "its files can be deleted all the same"


async def test_what_is_not_here_is_named(admin: httpx.AsyncClient) -> None:
    for method, path, fields, says in (
        ("GET", "/voices/anm", {}, "I know no voice called anm. Did you mean ann? Make, above, learns a new voice"),
        ("POST", "/voices/anm/rollback", {"instead_of": "v1"}, "I know no voice called anm. Did you mean ann?"),
        ("GET", "/voices/anm/forget", {}, "I know no voice called anm."),
        ("POST", "/voices/ann/promote", {"version": "v9"}, "There is no version v9 of ann any more."),
        ("POST", "/voices/anm/promote", {"version": "v1"}, "There is no version v1 of anm any more."),
        ("GET", "/voices/ann/v9/profile.png", {}, "There is no such picture."),
    ):
        answer = await admin.request(method, path, data=fields)
        assert answer.status_code in (404, 422), path
        assert says in html.unescape(answer.text)


async def test_another_version_is_put_in_use_and_taken_back_once(web: Page, admin: httpx.AsyncClient) -> None:
    another_version(web)
    for _ in range(2):
        promoted = await admin.post("/voices/ann/promote", data={"version": "v2"}, follow_redirects=True)
        assert promoted.status_code == 200
    assert in_use(web) == "v2"
    assert "Go back to v1" in promoted.text
    await admin.post("/voices/ann/rollback", data={"instead_of": "v2"})
    assert in_use(web) == "v1"
    again = await admin.post("/voices/ann/rollback", data={"instead_of": "v2"})
    assert again.status_code == 422
    assert "v1 is in use by now, not v2, so I changed nothing." in again.text
    acts = [act.action for act in await web.parts.store.audit.recent()]
    assert acts[:1] == ["version.rollback"]


@pytest.mark.parametrize("for_good", [False, True])
async def test_a_voice_is_deleted_after_a_question(web: Page, admin: httpx.AsyncClient, *, for_good: bool) -> None:
    question = (await admin.get("/voices/ann/forget")).text
    assert "1 version of @ann" in question
    fields = {"for_good": "true"} if for_good else {}
    assert (await admin.post("/voices/ann/forget", data=fields)).status_code == 422
    assert in_use(web) == "v1"
    gone = await admin.post("/voices/ann/forget", data={"sure": "true", **fields})
    assert "@ann is no more." in gone.text
    assert ("are not learned again" if for_good else "may be learned again") in gone.text
    twice = await admin.post("/voices/ann/forget", data={"sure": "true", **fields})
    assert twice.status_code == 404
    assert "ann is gone already." in twice.text
    assert (await admin.get("/voices/ann")).status_code == (403 if for_good else 404)
    assert "There is no voice here yet." in (await admin.get("/voices")).text


async def test_a_stranger_s_site_changes_nothing(web: Page, admin: httpx.AsyncClient) -> None:
    another_version(web)
    for path, fields in (("promote", {"version": "v2"}), ("forget", {"sure": "true"})):
        answer = await admin.post(f"/voices/ann/{path}", data=fields, headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403
    assert in_use(web) == "v1"


async def test_a_stranger_sees_no_voice(web: Page, use_cases: UseCases, parts: PostingParts) -> None:
    closed = page_of(use_cases, parts, web.parts.store, web.parts.avatars.parent)
    async with closed.browser("192.0.2.7") as stranger:
        for path in ("/voices", "/voices/ann", "/voices/ann/v1/profile.png"):
            answer = await stranger.get(path)
            assert answer.status_code == 403, path
            assert "it has picked up" not in answer.text


async def compared(browser: httpx.AsyncClient) -> httpx.Response:
    fields = {"one": "v1", "other": "v2", "text": "our rover"}
    return await browser.post("/voices/ann/compare", data=fields, follow_redirects=True)


async def test_two_versions_are_compared_blind_and_each_comparison_has_one_vote(
    web: Page, browser: httpx.AsyncClient
) -> None:
    another_version(web)
    blind = await compared(browser)
    assert blind.status_code == 200
    assert blind.text.count('<p class="text" dir="auto">our rover') == 6
    assert not re.search(r"\bv[12]\b", blind.text), "nothing says which is which"
    [kept] = [await web.parts.store.comparisons.get(blind.url.path.rpartition("/")[2])]
    assert kept
    for verdict in ("second", "first"):
        voted = await browser.post(f"{blind.url.path}/vote", data={"verdict": verdict}, follow_redirects=True)
    liked = kept.names[1]
    assert f"You liked {liked} better." in voted.text
    assert f"1 for {liked}" in voted.text
    assert f"1 for {liked}" in (await browser.get("/voices/ann")).text
    assert (await browser.post(f"{blind.url.path}/vote", data={"verdict": "older"})).status_code == 422


async def test_a_comparison_is_shown_to_nobody_else_and_goes_with_its_voice(
    web: Page, browser: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    another_version(web)
    path = (await compared(browser)).url.path
    async with web.browser("192.0.2.8") as other:
        await other.get("/")
        assert (await other.get(path)).status_code == 422
        assert (await other.post(f"{path}/vote", data={"verdict": "first"})).status_code == 422
    await admin.post("/voices/ann/forget", data={"sure": "true"})
    gone = await browser.post(f"{path}/vote", data={"verdict": "first"})
    assert gone.status_code == 422
    assert "is not there any more" in gone.text
    assert (await compared(browser)).status_code == 422


async def test_only_versions_that_are_shown_are_compared(web: Page, browser: httpx.AsyncClient) -> None:
    another_version(web, why_not="it repeats tweets.")
    for one, other in (("v1", "v2"), ("v1", "v1"), ("v1", "../v1"), ("v1", "v9")):
        assert (await browser.post("/voices/ann/compare", data={"one": one, "other": other})).status_code == 422


async def exported(web: Page, admin: httpx.AsyncClient, form: str) -> str:
    """The address of an export that is ready."""
    answer = await admin.post("/voices/ann/v1/export", data={"format": form}, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    assert "You can close this page" in answer.text
    events = await admin.get(f"{answer.url.path}/events")
    assert events.text.endswith("event: ended\ndata:\n\n")
    return answer.url.path


async def test_a_version_is_exported_as_a_zip_without_any_tweet(
    web: Page, browser: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    assert (await browser.post("/voices/ann/v1/export")).status_code == 403
    assert (await admin.post("/voices/ann/v9/export")).status_code == 404
    assert (await admin.post("/voices/ann/v1/export", data={"format": "exe"})).status_code == 422
    path = await exported(web, admin, "transformers")
    assert "Save the zip" in (await admin.get(path)).text
    assert (await browser.get(f"{path}/file")).status_code == 403
    answer = await admin.get(f"{path}/file")
    assert answer.headers["content-disposition"] == 'attachment; filename="ann-v1.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
    assert {"ann-v1/config.json", "ann-v1/model.safetensors", "ann-v1/tokenizer.json", "ann-v1/README.md"} <= names
    assert not any("dataset" in name for name in names)
    await opts_out(web, "ann")
    assert (await admin.get(f"{path}/file")).status_code == 403, "somebody has withdrawn meanwhile"
    assert (await admin.post("/voices/ann/v1/export")).status_code == 403
    await web.parts.exporting.close()
    assert not list(web.registry.root.parent.glob("data/exports/ann/v1")), "nothing of it is left here"
    assert (await admin.get(path)).status_code == 422


async def test_one_export_is_made_at_a_time_and_the_next_replaces_it(
    web: Page, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()

    async def made(self: Exporting, export: Export) -> None:
        folder = web.registry.root.parent / "data/exports/ann" / f"v1-{export.form}".removesuffix("-transformers")
        folder.mkdir(parents=True)
        (folder / "README.md").write_text("a card")
        await go_on.wait()
        if export.form == "gguf":
            raise Unavailable("there is no room on /disk", for_people="It did not work.")

    monkeypatch.setattr(Exporting, "_make", made)
    first = (await admin.post("/voices/ann/v1/export")).headers["location"]
    assert "Try again in some minutes" in (await admin.post("/voices/ann/v1/export")).text
    assert (await admin.get(f"{first}/file")).status_code == 422, "it is not ready"
    go_on.set()
    await admin.get(f"{first}/events")
    assert len((await admin.get(f"{first}/file")).content) > 100
    second = (await admin.post("/voices/ann/v1/export", data={"format": "gguf"})).headers["location"]
    assert (await admin.get(first)).status_code == 422
    await admin.get(f"{second}/events")
    page = (await admin.get(second)).text
    assert "It did not work." in page
    assert "/disk" not in page
    assert not list((web.registry.root.parent / "data/exports/ann").iterdir())
    await web.parts.exporting.close()
