"""What somebody sees whose browser has no session: it is over, or the browser keeps no cookies.

It comes from the door, before anything of the page, so it is written here as a whole.

Knows HTML. Does not know requests, or how a session is made.
"""

from html import escape

from starlette.responses import HTMLResponse

SENTENCE = "Your session here is over. Open the page again, and repeat what you did last."
NO_COOKIES = "If you read this each time, let your browser keep cookies of this page."
HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Your session is over · huggingtweets</title>
<link rel="stylesheet" href="{root}/static/page.css">
</head>
<body>
<main>
<section class="narrow">
<h1>Your session is over</h1>
<p class="notice">{sentence}</p>
<p>{no_cookies}</p>
<p class="go begin"><a class="button" href="{root}{path}">Open the page</a></p>
</section>
</main>
</body>
</html>
"""
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def session_is_over(root: str, path: str) -> HTMLResponse:
    """The page that says so. `path`, below `root`, is where the button leads."""
    address = {"root": escape(root), "path": escape(path)}
    text = HTML.format(**address, sentence=SENTENCE, no_cookies=NO_COOKIES)
    return HTMLResponse(text, status_code=403, headers=HEADERS)
