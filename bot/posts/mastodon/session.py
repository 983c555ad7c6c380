"""The HTTP session below Mastodon's client: it follows no redirect and bounds answers.

Knows HTTP. Does not know what is asked for. It is imported only where Mastodon is used.
"""

from typing import Any

import requests

MAX_ANSWER_BYTES = 8 << 20


class BoundedSession(requests.Session):
    """A session whose answers have an end. The token is for one host alone, so a redirect is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = 0

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        response = super().send(request, **more | {"stream": True})
        body = bytearray()
        for chunk in response.iter_content(1 << 16):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                response.close()
                raise requests.exceptions.ContentDecodingError("the answer does not end")
        response._content = bytes(body)
        return response
