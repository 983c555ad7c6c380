"""The client of X against a hostile server on loopback: every answer gets its meaning, and no secret gets out."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from huggingtweets.remote.upstream import (
    BadCredentials,
    Duplicate,
    Forbidden,
    InDoubt,
    NotFound,
    NotReached,
    OutOfCredit,
    Patience,
    RateLimited,
    Refused,
    Suspended,
    Upstream,
)
from huggingtweets.remote.x import XClient
from huggingtweets.remote.x_session import MAX_ANSWER_BYTES, Credentials
from tests.fakes.moods import Trouble
from tests.fakes.x_server import BEARER, KEYS, XServer, refusing

SECONDS = 3.0  # for an answer: far more than one takes, also on a busy machine
QUICK = Patience(attempts=3, first_seconds=0.001, longest_seconds=0.1)
POST = ("POST", "/2/tweets")
_DESCRIPTIONS = [folder / "shared/reference/specs/x-api-v2-openapi.json" for folder in Path(__file__).parents]
DESCRIPTION = next((path for path in _DESCRIPTIONS if path.exists()), None)
PROBLEM = {"$ref": "#/components/schemas/Problem"}


@pytest.fixture
async def server() -> AsyncIterator[XServer]:
    async with XServer() as server:
        yield server


@pytest.fixture
async def x(server: XServer) -> AsyncIterator[XClient]:
    async with XClient(KEYS, api_url=server.url, timeout_seconds=SECONDS, patience=QUICK) as client:
        yield client


@pytest.fixture
async def reader(server: XServer) -> AsyncIterator[XClient]:
    async with XClient(BEARER, api_url=server.url, timeout_seconds=SECONDS, patience=QUICK) as client:
        yield client


async def test_a_post_is_signed_made_and_found_again(server: XServer, x: XClient) -> None:
    text = "100 % + fun & <b>: ünïcode 🚀"
    post_id = await x.post(text)
    pages = [page async for page in x.timeline("12")]
    assert [post.id for page in pages for post in page] == [post_id]
    assert pages[0][0].text == "100 % + fun &amp; &lt;b&gt;: ünïcode 🚀"
    assert (await x.me()).handle == "thebot"


async def test_a_reply_names_what_it_answers(server: XServer, x: XClient) -> None:
    await x.post("indeed", in_reply_to="77")
    assert server.posts[0]["referenced_tweets"] == [{"type": "replied_to", "id": "77"}]


async def test_wrong_keys_are_refused(server: XServer) -> None:
    wrong = Credentials(consumer_key="a", consumer_secret="b", access_token="c", access_token_secret="d")
    async with XClient(wrong, api_url=server.url) as client:
        with pytest.raises(BadCredentials, match="refuses the keys"):
            await client.post("hello")
    async with XClient(BEARER, api_url=server.url) as client:
        with pytest.raises(BadCredentials):
            await client.post("hello")
    assert server.texts() == []


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (refusing(*POST, 400, "One or more parameters were invalid."), Refused),
        (refusing(*POST, 401, "Unauthorized"), BadCredentials),
        (refusing(*POST, 402, "Your account does not have any credits."), OutOfCredit),
        (refusing(*POST, 403, "You are not permitted to perform this action."), Forbidden),
        (refusing(*POST, 403, "Your account is suspended and is not permitted to do this."), Suspended),
        (refusing(*POST, 403, "To protect our users, this account is temporarily locked."), Suspended),
        (refusing(*POST, 403, "We have locked your account."), Suspended),
        (refusing(*POST, 403, "You have been blocked from the author of this tweet."), Forbidden),
        (refusing(*POST, 403, "Your account cannot answer; User has been suspended."), Forbidden),
        (refusing(*POST, 403, "You are not allowed to create a Tweet with duplicate content."), Duplicate),
        (Trouble(*POST, 403, "<html>forbidden</html>", "text/html"), Forbidden),
        (Trouble(*POST, 403, '{"errors": [{"code": 187, "message": "Status is a duplicate."}]}'), Duplicate),
        (Trouble(*POST, 403, '{"errors": 5}'), Forbidden),
        (Trouble(*POST, 400, '{"errors": {"detail": "no"}, "detail": ["no"], "title": {}}'), Refused),
        (Trouble(*POST, 400, '{"errors": [5, null, ["no"], {"message": 7}]}'), Refused),
        (refusing(*POST, 404, "Not Found"), NotFound),
        (refusing(*POST, 429, "Too Many Requests"), RateLimited),
        (refusing(*POST, 500, "Internal Server Error"), InDoubt),
        (Trouble.html_503(*POST), InDoubt),
        (Trouble(*POST, 302, "", headers={"Location": "http://127.0.0.1:1/"}), InDoubt),
        (Trouble(*POST, 201, '{"data": {"id": "19'), InDoubt),
        (Trouble(*POST, 201, '{"data": {"id": 19, "text": "a"}}'), InDoubt),
        (Trouble(*POST, 201, '{"data": {"text": "a"}}'), InDoubt),
        (Trouble(*POST, 201, '{"data": null}'), InDoubt),
        (Trouble(*POST, 201, "[]"), InDoubt),
        (Trouble(*POST, 200, "[" * 100_000), InDoubt),
        (Trouble(*POST, 200, b"\xff\xfe{", "text/html"), InDoubt),
        (Trouble(*POST, 200, b" " * (MAX_ANSWER_BYTES + 1)), InDoubt),
        (Trouble(*POST, 200, ""), InDoubt),
        (Trouble.hang_up(*POST), InDoubt),
        (Trouble(*POST, until=asyncio.Event()), InDoubt),
    ],
    ids=lambda value: f"{value.status}" if isinstance(value, Trouble) else value.__name__,
)
async def test_every_answer_has_a_meaning_and_a_post_is_never_repeated(
    server: XServer, x: XClient, trouble: Trouble, error: type[Upstream]
) -> None:
    server.troubles = [trouble]
    with pytest.raises(Upstream) as raised:
        await x.post("hello")
    assert type(raised.value) is error
    assert server.requests == ["POST /2/tweets"]
    assert str(raised.value).count(". ") == 0
    assert str(raised.value).endswith(".")


async def test_nobody_there_is_no_doubt() -> None:
    async with XClient(KEYS, api_url="http://127.0.0.1:9", patience=QUICK) as client:
        with pytest.raises(NotReached, match=r"X cannot be reached \(no connection to 127.0.0.1"):
            await client.post("hello")


async def test_a_rate_limit_says_when_it_ends(server: XServer, x: XClient) -> None:
    reset = int(time.time()) + 600
    daily = {"x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": str(reset + 3600)}
    for headers, until in [
        ({"x-rate-limit-reset": str(reset)}, reset),
        ({"x-rate-limit-reset": str(reset), **daily}, reset + 3600),
        ({"x-rate-limit-reset": str(reset), **daily, "x-user-limit-24hour-remaining": "5"}, reset),
    ]:
        server.troubles = [refusing(*POST, 429, "Too Many Requests", headers=headers)]
        with pytest.raises(RateLimited) as raised:
            await x.post("hello")
        assert raised.value.until == datetime.fromtimestamp(until, UTC)
    for nonsense in ("", "soon", "9" * 30, "-1"):
        server.troubles = [refusing(*POST, 429, "Too Many", headers={"x-rate-limit-reset": nonsense})]
        with pytest.raises(RateLimited) as raised:
            await x.post("hello")
        assert raised.value.until is None


async def test_reading_goes_on_after_troubles(server: XServer, x: XClient) -> None:
    server.troubles = [Trouble.html_503("GET", "/2/users/me"), Trouble.hang_up("GET", "/2/users/me")]
    assert (await x.me()).id == "12"
    assert len(server.requests) == 3
    server.troubles = [Trouble.html_503("GET", "/2/users/me", times=3)]
    with pytest.raises(InDoubt, match="status 503"):
        await x.me()


async def test_a_timeline_is_read_page_by_page_as_far_as_asked(server: XServer, reader: XClient) -> None:
    server.add_user("5", "ann")
    ids = [server.add_post("5", f"post {number}")["id"] for number in range(250)]
    pages = [page async for page in reader.timeline("5")]
    assert [len(page) for page in pages] == [100, 100, 50]
    assert [post.id for page in pages for post in page] == ids[::-1]
    newer = [post.id async for page in reader.timeline("5", since_id=ids[239]) for post in page]
    assert newer == ids[:239:-1]
    assert [len(page) async for page in reader.timeline("5", most=103)] == [100, 5]
    assert [page async for page in reader.timeline("5", since_id=ids[-1])] == [[]]


async def test_a_long_post_comes_whole_and_a_retweet_as_what_it_is(server: XServer, reader: XClient) -> None:
    server.add_user("5", "ann")
    server.add_post("5", "Once upon a…", note_tweet={"text": "Once upon a time " * 20})
    server.add_post("5", "RT @bob: hm…", referenced_tweets=[{"type": "retweeted", "id": "1"}])
    [[retweet, long]] = [page async for page in reader.timeline("5")]
    assert long.text == "Once upon a time " * 20
    assert (retweet.referenced, long.referenced) == (("retweeted",), ())


async def test_accounts_that_cannot_be_read_are_told_apart(server: XServer, reader: XClient) -> None:
    server.add_user("5", "ann", protected=True)
    server.add_user("6", "bob")
    server.suspended.add("6")
    assert (await reader.user("ANN")).protected
    with pytest.raises(NotFound, match="Could not find user"):
        await reader.user("nobody")
    with pytest.raises(Forbidden, match="suspended"):
        await reader.user_by_id("6")
    with pytest.raises(Forbidden, match="not authorized"):
        _ = [page async for page in reader.timeline("5")]


async def test_posts_that_are_gone_are_told_from_those_that_are_there(server: XServer, reader: XClient) -> None:
    server.add_user("5", "ann", protected=True)
    there, hidden = server.add_post("12", "here")["id"], server.add_post("5", "hidden")["id"]
    looked = await reader.look([there, "1", hidden])
    assert [post.id for post in looked.posts] == [there]
    assert looked.gone == {"1", hidden}
    body = '{"errors": [{"resource_id": "1", "title": "Hm", "type": "about:blank"}]}'
    server.troubles = [Trouble("GET", "/2/tweets", 200, body)]
    assert (await reader.look(["1"])).gone == frozenset()


@pytest.mark.parametrize(
    "body", ['{"errors": 5}', '{"errors": [5]}', '{"data": 5}', '{"data": [5], "errors": {"a": 1}}']
)
async def test_an_answer_of_an_odd_shape_is_no_fault_of_ours(server: XServer, reader: XClient, body: str) -> None:
    paths = ("/2/tweets", "/2/users/5", "/2/users/5/tweets")
    server.troubles = [Trouble("GET", path, 200, body, times=9) for path in paths]
    for asked in (reader.look(["1"]), reader.user_by_id("5"), anext(reader.timeline("5"))):
        with contextlib.suppress(Upstream):
            assert not getattr(await asked, "gone", None)


async def test_mentions_come_with_their_authors(server: XServer, x: XClient) -> None:
    server.add_user("5", "ann", description="I am a bot")
    server.add_post("5", "@TheBot hello")
    [[mention]] = [page async for page in x.mentions("12")]
    assert mention.author
    assert (mention.author.handle, mention.author.description) == ("ann", "I am a bot")


async def test_no_secret_is_in_a_log_or_an_error(
    server: XServer, x: XClient, reader: XClient, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = [KEYS.consumer_key, KEYS.consumer_secret, KEYS.access_token, KEYS.access_token_secret]
    told = []
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "tweepy"):
        await x.post("hello")
        await reader.user("thebot")
        for detail in secrets:
            server.troubles = [refusing(*POST, 400, f"you sent {detail}\nand\x07 more")]
            with pytest.raises(Refused) as raised:
                await x.post("hello")
            told.append(f"{raised.value} {raised.value!r}")
    assert all("you sent … and more" in sentence for sentence in told)
    shown = caplog.text + "".join(told) + repr(KEYS) + repr(BEARER)
    assert [secret for secret in [*secrets, BEARER.bearer_token] if secret in shown] == []
    assert "Making API request" in caplog.text, "tweepy logs all that it knows"


@pytest.mark.skipif(not DESCRIPTION, reason="X's own description of its API is not here; NOT compared")
async def test_the_fake_answers_as_x_describes_itself(server: XServer, x: XClient, reader: XClient) -> None:
    assert DESCRIPTION
    described = json.loads(DESCRIPTION.read_text())
    registry: Registry[Any] = Registry().with_resource("urn:x", Resource(described, DRAFT4))
    server.add_user("5", "ann")
    server.add_user("6", "bob", protected=True)
    server.add_user("7", "cat")
    server.suspended.add("7")
    posts = [server.add_post(author, "@thebot hi", note_tweet={"text": "@thebot hi"})["id"] for author in "567"]
    await x.me()
    reply = await x.post("hello", in_reply_to=posts[0])
    with pytest.raises(Duplicate):
        await x.post("hello", in_reply_to=posts[0])
    refusals: list[Any] = [x.user("nobody"), x.user_by_id("7")]
    refusals += [anext(x.timeline("6"))]
    for status in (400, 401, 402, 403, 404, 429, 500):
        server.troubles.append(refusing(*POST, status, "no"))
        refusals.append(x.post("more"))
    for refused in refusals:
        with pytest.raises(Upstream):
            await refused
    for pages in (x.timeline("12"), x.mentions("12"), reader.timeline("5"), reader.timeline("5", since_id=reply)):
        assert [page async for page in pages]
    await reader.look([*posts, "1"])
    assert len({(sent.method, sent.route) for sent in server.answers}) == 7
    for sent in server.answers:
        answers = described["paths"][sent.route][sent.method.lower()]["responses"]
        schema = answers[str(sent.status)]["content"]["application/json"]["schema"] if sent.status < 300 else PROBLEM
        for part, rule in [(sent.body, schema), *((error, PROBLEM) for error in sent.body.get("errors", []))]:
            OAS30Validator({"$ref": f"urn:x{rule['$ref']}"}, registry=registry).validate(part)
            if rule is PROBLEM:
                kind = described["components"]["schemas"]["Problem"]["discriminator"]["mapping"][part["type"]]
                OAS30Validator({"$ref": f"urn:x{kind}"}, registry=registry).validate(part)
