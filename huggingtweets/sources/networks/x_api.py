"""A timeline through X's API, as tweets.

Knows what a post of X's means for a collection. Does not know HTTP, keys or where tweets are kept.
"""

import logging
import re

from huggingtweets.core.errors import Usage
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import quoted
from huggingtweets.remote.upstream import Forbidden, NoAccount, NotFound
from huggingtweets.remote.x import Charge, XClient
from huggingtweets.remote.x_reads import ReadingTooDear
from huggingtweets.remote.x_records import X, XPost, XUser
from huggingtweets.sources.networks.handles import (
    CHECK_THE_HANDLE,
    ONLY_FROM_ITS_OWNER,
    SUSPENDED,
    UNKNOWN,
    bare_handle,
)
from huggingtweets.sources.reading import fields
from huggingtweets.sources.reading.edits import EditedVersions, superseded

log = logging.getLogger(__name__)

_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)
_ASK_FOR_ARCHIVE = Phrase("ask its owner for their archive instead")
_AVATAR_SIZE = re.compile(r"_normal(?=\.\w+$)")


def parse_handle(text: str) -> str:
    """`@NASA` as `NASA`. Raises `Usage`, with a sentence for each kind of mistake. X is not asked."""
    handle = bare_handle(text, "x", ("x.com", "twitter.com"))
    if not _HANDLE.fullmatch(handle):
        raise Usage(
            Phrase(
                "{handle} is no handle of X: it has 1 to 15 letters, digits and _; check how it is written.",
                handle=quoted(text),
            )
        )
    return handle


async def find(client: XClient, handle: str, user_id: str = "") -> XUser:
    """The account with this handle, or with this id if it is known, because the id stays when the handle changes.

    Raises `NoAccount` for an account that is unknown, protected or suspended.
    """
    try:
        user = await (client.user_by_id(user_id) if user_id else client.user(handle))
    except NotFound as error:
        raise NoAccount(X, handle, UNKNOWN, CHECK_THE_HANDLE, gone=bool(user_id)) from error
    except Forbidden as error:
        if "suspended" not in str(error).lower():
            raise
        raise NoAccount(X, handle, SUSPENDED, ONLY_FROM_ITS_OWNER) from error
    if user.protected:
        raise NoAccount(X, handle, Phrase("is protected"), _ASK_FOR_ARCHIVE)
    return user


async def read(client: XClient, user: XUser, *, since_id: str | None, most: int, charge: Charge) -> Collected:
    """The tweets after `since_id`; without it, as far back as X goes. Raises `NoAccount` if there are none at all.

    Pages that were paid for are kept. If the money ends after some pages, the tweets on them are returned.
    """
    tweets: list[Tweet] = []
    versions: list[EditedVersions] = []
    try:
        async for page in client.timeline(user.id, since_id=since_id, most=most, charge=charge):
            tweets += [_tweet(post, source_of(user.id)) for post in page]
            versions += [post.versions for post in page]
    except ReadingTooDear:
        if not tweets:
            raise
        log.warning("the tweets of @%s before %s are not read: the budget does not suffice", user.handle, tweets[-1].id)
    except Forbidden as error:
        raise NoAccount(X, user.handle, Phrase("cannot be read any more"), _ASK_FOR_ARCHIVE) from error
    if not tweets and since_id is None:
        raise NoAccount(X, user.handle, Phrase("has no tweets"), Phrase("choose an account that has tweeted"))
    account = fields.account(user.handle, user.name, _AVATAR_SIZE.sub("_400x400", user.avatar_url), "x")
    earlier = superseded(versions, [tweet.id for tweet in tweets])
    last = tuple(tweet for tweet in tweets if tweet.id not in earlier)
    return Collected(account or Account(user.handle, site="x"), last, withdrawn=frozenset(earlier))


def source_of(user_id: str) -> str:
    """The mark of tweets of this account: its id, which stays when the handle changes."""
    return f"x:{user_id}"


def _tweet(post: XPost, source: str) -> Tweet:
    return Tweet(
        id=post.id,
        text=post.text,
        created_at=post.created_at,
        is_retweet="retweeted" in post.referenced,
        is_reply="replied_to" in post.referenced or bool(post.in_reply_to_user_id),
        lang=post.lang,
        source=source,
        reply_to=post.reply_to,
    )
