"""The page that people open in a browser, and what other programs ask over HTTP.

Pages are rendered here, on the server. Each works without a script as far as that makes sense; the small scripts in
`static/` make it live. Nothing is loaded from elsewhere. What a page shows follows from its address and from what the
server keeps, so a reload shows the same again.

To add a page:

1. Write a module of routes with a `router`, in the room that it belongs to. A route gets the use cases by
   `parts_of(request)` and who asks by `visitor_of(request)`, both in `frame.asking`. It answers with
   `page(request, "room/name.html", ...)` out of `frame.rendering`. Routes for admins say
   `dependencies=[Depends(admins)]`. Errors need no handling: `frame.refusals` turns each into a page.
2. Write its template in `templates/`, which extends `frame.html`. `link("/path")` makes an address; a form that changes
   something uses POST. Styles go into `static/page.css`. A script is a module of its own in `static/`.
3. Name the router in `application.ROUTERS`, and the page in `frame.rendering.NAVIGATION` if the header should show it.
4. Test it in `tests/bot/web/` with the fixtures `browser` (a visitor) and `admin`, which ask the real application.

Routes for other programs are added in the same way. `entry.door.WITHOUT_SESSION` names the paths whose requests need no
session because they say in another way who asks.

Each folder may import those above it in this list.

    entry/          door: which requests are let in, and as whom:  sessions  visitors  roles  users
                    body_limits: how much a request may send;  headers: what a browser may do with an answer
    frame/          asking: what routes ask of a request;  parts: the use cases;  rendering: templates;  events
                    refusals: what goes wrong, as a page;  failures: what goes wrong unexpectedly, a line each
                    faces: people's pictures;  sharing: links to where a tweet can be posted
    voices/         gallery: all voices, and one page a voice:  voice_cards  starts  version_scores  version_pictures
                    changes: what admins do with a voice;  deletions: what would go with it;  exports  zipped
                    compare: two versions side by side, blind, and a vote
    trying/         try_it: tweets are drawn and shown;  answers: they are kept
    making/         make: files come in, a training begins;  forms: files of a form, written to the disk as they come
                    tweet_table: the tweets;  learning: a training is watched;  curves
    desk/           desk: where admins work;  today  queue (posts)  clock  desk_words (in words)
    health          /healthz, /readyz, /metrics;  sign_in;  command_line: `huggingtweets generate` asks here
    api_reference   /docs: what other programs can ask
    application     the routes together, with everything that a request must pass before them
    server          listens; uvicorn;  slow_requests: connections that only take up room

Knows FastAPI, Jinja2 and uvicorn. Does not know how anything is drawn, learned or sent.
"""
