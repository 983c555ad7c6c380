"""Make: somebody's tweets come in, are looked through, and a training begins. Three steps: give, look, learn.

Knows requests and drafts. Does not know how a voice is learned.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from bot.trainings.drafts import Draft
from bot.trainings.fitness import expected
from bot.trainings.judged import Judged
from bot.trainings.news import standing
from bot.trainings.prepared import MAX_PEOPLE, Person, Unnamed
from bot.web.frame.asking import admins, parts_of, visitor_of, wants_part
from bot.web.frame.faces import face_of
from bot.web.frame.rendering import page
from bot.web.making.forms import receive
from bot.web.making.tweet_table import Look, Show, Sort, table
from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.core.errors import SeveralPeople, Usage
from huggingtweets.core.people.names import handle_like, parse_handle
from huggingtweets.core.records import Counts
from huggingtweets.model.catalogue import Offer, catalogue
from huggingtweets.sources.reading.members import ENDINGS
from huggingtweets.tweets.kept.choices import Choices

router = APIRouter(include_in_schema=False, dependencies=[Depends(admins)])

ACCEPTED = ",".join((".zip", ".gz", ".tgz", ".tar", ".car", *ENDINGS))
MAX_AUTHOR, MAX_AUTHORS = 200, 500  # characters of a name, and people in a file of whom one can be chosen
MAX_PAGE = 100_000
Words = Annotated[str, Query(max_length=200)]


@router.get("/make")
async def make_page(request: Request) -> HTMLResponse:
    parts = parts_of(request)
    jobs = [(job, standing(job)) for job in await parts.training.jobs()]
    drafts = [draft for draft in parts.drafts.of(visitor_of(request).person) if draft.people or draft.unnamed]
    return page(request, "making/make.html", jobs=jobs, drafts=drafts, draft=None, accepted=ACCEPTED)


@router.post("/make/files")
async def add_files(request: Request) -> Response:
    """Somebody's files, or an account at a network, come into a draft; a new one if the form names none."""
    parts, person = parts_of(request), visitor_of(request).person
    draft = await asyncio.to_thread(parts.drafts.new, person)
    try:
        form = await receive(request, draft.folder, parts.drafts.max_bytes)
        parts.drafts.get(draft.id, person)  # others may have come meanwhile, and have pushed it out
        into = parts.drafts.get(form.fields["draft"], person) if form.fields.get("draft") else draft
        files = (
            [file.rename(_free(into.folder) / file.name) for file in form.files] if into is not draft else form.files
        )
        who = await _add(request, into, files, form.fields.get("account", "").strip(), form.fields.get("name", ""))
    except BaseException:
        await asyncio.to_thread(parts.drafts.delete, draft)
        raise
    if into is not draft:
        await asyncio.to_thread(parts.drafts.delete, draft)
    return _to(request, into, who=who)


@router.get("/make/{draft_id}")
async def draft_page(
    request: Request,
    draft_id: str,
    who: Words = "",
    words: Words = "",
    show: Show = "all",
    sort: Sort = "newest",
    number: Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)] = 1,
) -> HTMLResponse:
    draft = _draft(request, draft_id)
    return await _page(request, draft, who, Look(words, show, sort, number))


@router.post("/make/{draft_id}/name")
async def name_them(
    request: Request,
    draft_id: str,
    name: Annotated[str, Form(max_length=200)] = "",
    author: Annotated[str, Form(max_length=MAX_AUTHOR)] = "",
) -> Response:
    """Say whose files these are, or who of several people is meant, if they do not say it."""
    draft = _draft(request, draft_id)
    if draft.several and author not in dict(draft.several):
        raise Usage("Choose whose posts are to be learned.")
    name = name.strip() or handle_like(author)
    if not name:
        raise Unnamed("What is the voice called? Write a handle: letters from a to z, digits and _.")
    person = await parts_of(request).preparing.from_files(draft.unnamed, name, author)
    await _put(draft, person)
    draft.ask_about(())
    return _to(request, draft, who=person.handle)


@router.post("/make/{draft_id}/pass-over")
async def pass_over(request: Request, draft_id: str) -> Response:
    """Leave out files of which nobody says whose they are."""
    draft = _draft(request, draft_id)
    draft.ask_about(())
    return await _back(request, draft)


class _Table(BaseModel):
    """What a form of the table says: whose tweets it showed, and what somebody wanted to see of them."""

    who: str
    words: str = Field("", max_length=200)
    show: Show = "all"
    sort: Sort = "newest"
    page: int = Field(1, ge=1, le=MAX_PAGE)

    @property
    def look(self) -> Look:
        return Look(self.words, self.show, self.sort, self.page)


class _Choice(_Table):
    tweet: str = Field(max_length=200)
    act: Literal["strike", "keep", "leave"]


class _Hiding(_Table):
    hide: bool = False


@router.post("/make/{draft_id}/tweets")
async def choose(request: Request, draft_id: str, form: Annotated[_Choice, Form()]) -> Response:
    """Strike out a tweet, keep one that was dropped, or take that back."""
    draft = _draft(request, draft_id)
    person = draft.get(form.who)
    if form.tweet not in draft.judged[person.handle]:
        raise Usage("This tweet is not here any more. Reload the page.")
    choices = person.choices
    decided = {"strike": choices.strike, "keep": choices.keep, "leave": choices.leave}[form.act]
    draft.people[person.handle] = person.having(decided(form.tweet))
    return await _table_again(request, draft, form)


@router.post("/make/{draft_id}/contacts")
async def hide_contacts(request: Request, draft_id: str, form: Annotated[_Hiding, Form()]) -> Response:
    """Hide e-mail addresses and telephone numbers, or show them again. The table goes on showing what it did."""
    draft = _draft(request, draft_id)
    person = draft.get(form.who)
    await _put(draft, person.having(Choices(person.choices.struck, person.choices.kept, form.hide)))
    return await _table_again(request, draft, form)


async def _table_again(request: Request, draft: Draft, form: _Table) -> Response:
    if wants_part(request):
        return await _page(request, draft, form.who, form.look, template="making/_tweets.html")
    return _to(request, draft, **form.model_dump(include=set(_Table.model_fields)))


@router.post("/make/{draft_id}/remove")
async def remove(request: Request, draft_id: str, who: Annotated[str, Form()]) -> Response:
    """Take somebody out of the voice."""
    draft = _draft(request, draft_id)
    draft.remove(parse_handle(who))
    return await _back(request, draft)


@router.post("/make/{draft_id}/learn")
async def learn(request: Request, draft_id: str, base: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Begin the training."""
    parts, person = parts_of(request), visitor_of(request).person
    draft = _draft(request, draft_id)
    names = [offer.name for offer in await asyncio.to_thread(_offers, request)]
    if base and base not in names:
        raise Usage("I do not have this base. Choose one of the list.")
    options = {"base": base} if base and base != parts.base else {}
    job = await parts.preparing.begin(person, list(draft.people.values()), options=options)
    await parts.store.audit.add(person, "job.start", job.name, job=job.id, files=len(job.files))
    await asyncio.to_thread(parts.drafts.delete, draft)
    return RedirectResponse(request.scope.get("root_path", "") + f"/trainings/{job.id}", status_code=303)


async def _add(request: Request, draft: Draft, files: Sequence[Path], account: str, name: str) -> str:
    """Add somebody to a draft. Returns their handle; empty if the files do not say whose they are."""
    preparing = parts_of(request).preparing
    if not files and not account:
        raise Usage("Choose a file first, or name an account.")
    try:
        if files:
            person = await preparing.from_files(files, name)
        else:
            person = await preparing.from_network(_origin(account), _free(draft.folder), name)
    except Unnamed:
        draft.ask_about(files)
        return ""
    except SeveralPeople as error:
        people = [(shown, count) for shown, count in error.people if len(shown) <= MAX_AUTHOR]
        draft.ask_about(files, people[:MAX_AUTHORS], name.strip())
        return ""
    await _put(draft, person)
    return person.handle


async def _put(draft: Draft, person: Person) -> None:
    hide = person.choices.hide_contacts
    draft.add(person, await asyncio.to_thread(Judged, person.tweets, hide_contacts=hide))


async def _page(
    request: Request, draft: Draft, who: str, look: Look, *, template: str = "making/draft.html"
) -> HTMLResponse:
    parts = parts_of(request)
    if draft.unnamed or not draft.people:
        return page(request, "making/whose.html", draft=draft, files=[file.name for file in draft.unnamed])
    person = draft.get(who)
    counts = {handle: draft.judged[handle].counts(one.choices) for handle, one in draft.people.items()}
    shown = await asyncio.to_thread(lambda: table(draft.judged[person.handle].each(person.choices), look))
    return page(
        request,
        template,
        draft=draft,
        person=person,
        counts=counts,
        total=Counts.sum(counts.values()),
        struck=sum(len(one.choices.struck) for one in draft.people.values()),
        faces={
            handle: face_of(handle, one.account.display_name, parts.avatars) for handle, one in draft.people.items()
        },
        table=shown,
        look=look,
        address=lambda **changes: _address(draft, person, look, **changes),
        offers=await asyncio.to_thread(_offers, request),
        foreseen=await asyncio.to_thread(expected, _judged_people(draft), parts.base, parts.models),
        usual_base=parts.base,
        base_title=base_title,
        accepted=ACCEPTED,
        max_people=MAX_PEOPLE,
    )


def _judged_people(draft: Draft) -> list[tuple[Judged, Choices]]:
    return [(draft.judged[handle], person.choices) for handle, person in draft.people.items()]


def _offers(request: Request) -> list[Offer]:
    """The bases that can be used now, without anything being fetched; the usual one first."""
    parts = parts_of(request)
    offers = [offer for offer in catalogue(parts.models) if not offer.state.startswith(("first:", "from the Hub"))]
    return sorted(offers, key=lambda offer: offer.name != parts.base)


def base_title(name: str) -> str:
    """What a base is called on the page."""
    return "A small model" if name == EMBEDDED else name


def _draft(request: Request, draft_id: str) -> Draft:
    return parts_of(request).drafts.get(draft_id, visitor_of(request).person)


def _free(folder: Path) -> Path:
    """A new folder below `folder`."""
    free = folder / str(len(list(folder.iterdir())))
    free.mkdir()
    return free


def _origin(account: str) -> str:
    """An account as the pipeline writes it: one with a server after an @ is at Mastodon, another one at Bluesky."""
    if ":" in account:
        return account
    bare = account.removeprefix("@")
    return f"mastodon:{bare}" if "@" in bare else f"bluesky:{bare}"


def _address(draft: Draft, person: Person, look: Look, **changes: object) -> str:
    fields = {"who": person.handle, "words": look.words, "show": look.show, "sort": look.sort, "page": 1, **changes}
    return f"/make/{draft.id}?{urlencode(fields)}"


async def _back(request: Request, draft: Draft) -> RedirectResponse:
    """To what is left of a draft. One without anybody is deleted."""
    if draft.people:
        return _to(request, draft)
    await asyncio.to_thread(parts_of(request).drafts.delete, draft)
    return RedirectResponse(request.scope.get("root_path", "") + "/make", status_code=303)


def _to(request: Request, draft: Draft, **query: object) -> RedirectResponse:
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}/make/{draft.id}?{urlencode(query)}", status_code=303)
