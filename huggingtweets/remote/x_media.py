"""Pictures for posts on X, by its API v1.1: a picture is uploaded, described in words, and named by its id in a post.

tweepy offers uploads only in its sync API, so the functions here are called in a thread.

Raises what `upstream` draws, and never `InDoubt`: while a picture is uploaded, nothing is posted yet. Does not know
what is on a picture.
"""

import io
from typing import Any
from urllib.parse import urlsplit

import requests
import tweepy  # type: ignore[import-untyped]

from huggingtweets.remote.upstream import BadCredentials, NotReached, RateLimited, Refused
from huggingtweets.remote.x_records import X
from huggingtweets.remote.x_session import Credentials, reset_of

UPLOAD_URL = "https://upload.twitter.com"
MAX_DESCRIPTION = 1_000  # characters that X takes of a description


def upload(
    picture: bytes, description: str, credentials: Credentials, *, url: str = UPLOAD_URL, timeout_seconds: float = 20.0
) -> str:
    """Upload a PNG, described for people who cannot see it. Returns its id. Raises `Refused` if X refuses it."""
    keys = (credentials.consumer_key, credentials.consumer_secret)
    auth = tweepy.OAuth1UserHandler(*keys, credentials.access_token, credentials.access_token_secret)
    api = tweepy.API(auth, upload_host=urlsplit(url).netloc, timeout=timeout_seconds, retry_count=0)
    api.session = _Session(urlsplit(url).scheme)
    try:
        media = api.simple_upload("card.png", file=io.BytesIO(picture), media_category="tweet_image")
        api.create_media_metadata(media.media_id_string, description[:MAX_DESCRIPTION])
        return str(media.media_id_string)
    except tweepy.Unauthorized as error:
        raise BadCredentials(X, "X refuses the keys and tokens for pictures (401); put valid ones in place.") from error
    except tweepy.TooManyRequests as error:
        raise RateLimited(X, reset_of(error.response.headers)) from error
    except tweepy.TwitterServerError as error:
        raise NotReached(X, f"status {error.response.status_code}") from error
    except tweepy.HTTPException as error:
        status = error.response.status_code
        raise Refused(X, f"X refuses the picture ({status}); see whether the app may upload pictures.") from error
    except (tweepy.TweepyException, requests.RequestException, AttributeError, ValueError) as error:
        raise NotReached(X, type(error).__name__) from error


class _Session(requests.Session):
    """A session that follows no redirect. tweepy always asks by https, which a server on this machine may not speak."""

    def __init__(self, scheme: str) -> None:
        super().__init__()
        self.max_redirects = 0
        self._scheme = scheme

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        request.url = f"{self._scheme}://{(request.url or '').partition('://')[2]}"
        return super().send(request, **more)
