"""The queue of posts on the page: what waits, what was decided, and buttons to decide.

Knows Gradio and HTML. Does not know when or how a post is sent.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import gradio as gr

from bot.core.errors import told
from bot.playground.page import plain, visitor_of
from bot.playground.visitors import Visitor
from bot.posts.post_words import standing_of
from bot.posts.posting import Posting, standing
from bot.store.posts import Post
from huggingtweets.core.names import NO_VOICE, VoiceName
from huggingtweets.core.whole_text import whole

PERSON = "playground"
REFRESH_SECONDS = 2.0
SHOWN = 90  # characters of a post in the list
INTRODUCTION = """I post on X only what somebody has approved here or in Discord, unless I may post without approval.
In a dry run nothing is sent to X, so you can try everything."""
PostChoices = list[tuple[str, int]]


class Queue:
    """What the buttons do and what the page shows. Only visitors at this machine see or decide anything."""

    def __init__(self, posting: Posting):
        self._posting = posting

    async def choices(self, visitor: Visitor) -> PostChoices:
        """The posts that wait, each as its label and id."""
        if not visitor.here:
            return []
        return [(_label(post), post.id) for post in await self._posting.queue()]

    async def text(self, visitor: Visitor, post_id: int | None) -> str:
        """The whole text of a post that waits. Empty if there is no such post, or if it cannot be read now."""
        if not visitor.here:
            return ""
        try:
            waiting = await self._posting.queue()
        except Exception:  # noqa: BLE001  the line below the buttons says why
            return ""
        return next((post.text for post in waiting if post.id == post_id), "")

    async def status(self, visitor: Visitor) -> str:
        """The state of posting, and the last posts, as HTML."""
        if not visitor.here:
            return ""
        try:
            status, recent = await self._posting.status(), await self._posting.recent(8)
        except Exception as error:  # noqa: BLE001  the page asks again in a moment
            return f"<p>{plain(told(error))}</p>"
        lines = "".join(
            f'<div class="tweet"><span class="who">@{plain(post.voice)}</span> <span class="ai">AI parody · '
            f"{plain(standing_of(post))} · {_moment(post.changed_at)}</span>"
            f"<p>{plain(post.text or '(text deleted)')}</p>{_why(post)}</div>"
            for post in recent
        )
        return f"<p>{plain(standing(status))}</p>{lines}"

    async def propose(self, visitor: Visitor, voice: str) -> str:
        """Draw and propose a post. Returns a sentence about the result."""
        return await self._done(visitor, partial(self._propose, voice))

    async def act(self, visitor: Visitor, action: str, post_id: int | None, text: str = "") -> str:
        """Approve, save, reject, or ask for another one. Returns a sentence about the result."""
        if post_id is None:
            return "Choose a post first."
        return await self._done(visitor, partial(self._act, visitor, action, post_id, whole(text)))

    async def pause(self, visitor: Visitor) -> str:
        """Pause posting. Returns a sentence about the result, as HTML."""
        return plain(await self._done(visitor, self._pause))

    async def resume(self, visitor: Visitor) -> str:
        """End the pause. Returns a sentence about the result, as HTML."""
        return plain(await self._done(visitor, self._resume))

    async def _propose(self, voice: str) -> str:
        named = VoiceName.parse(voice) if voice.strip() else NO_VOICE
        post = await self._posting.propose(named, by=PERSON)
        return f"Post {post.id} {standing_of(post)}."

    async def _act(self, visitor: Visitor, action: str, post_id: int, text: str) -> str:
        match action:
            case "approve":
                # The visitor approves the text in the box, which may be edited.
                if text.strip() and text != await self.text(visitor, post_id):
                    await self._posting.edit(post_id, text, PERSON)
                post = await self._posting.approve(post_id, PERSON)
            case "save":
                post = await self._posting.edit(post_id, text, PERSON)
            case "reject":
                post = await self._posting.reject(post_id, PERSON)
            case _:
                post = await self._posting.again(post_id, PERSON)
        return f"Post {post.id} {standing_of(post)}."

    async def _pause(self) -> str:
        await self._posting.pause(PERSON)
        return "Posting is paused."

    async def _resume(self) -> str:
        return "Posting goes on." if await self._posting.resume(PERSON) else "Posting was not paused."

    @staticmethod
    async def _done(visitor: Visitor, call: Callable[[], Awaitable[str]]) -> str:
        try:
            visitor.refuse_unless_here("to post")
            return await call()
        except Exception as error:  # noqa: BLE001  the person gets an answer to any failure
            return told(error)


def build_queue(queue: Queue, page: gr.Blocks) -> None:
    """Add the queue to `page`, which is being built."""
    events = QueueEvents(queue)
    gr.Markdown(INTRODUCTION)
    with gr.Row():
        voice = gr.Textbox(placeholder="a voice, or empty for the usual one", show_label=False, scale=4)
        propose, pause, resume = (gr.Button(label, scale=1) for label in ("Propose", "Pause", "Resume"))
    waiting = gr.Radio([], label="Waiting")
    text = gr.Textbox(label="Text", lines=2, max_length=1_000)
    with gr.Row():
        buttons = {
            "approve": gr.Button("Approve", variant="primary"),
            "save": gr.Button("Save the edit"),
            "reject": gr.Button("Reject"),
            "again": gr.Button("Another one"),
        }
    said, standing = gr.HTML(), gr.HTML()
    waiting.change(events.text_of, waiting, text, api_visibility="private", show_progress="hidden")
    for event in (page.load, gr.Timer(REFRESH_SECONDS).tick):
        event(_shown(queue.status), None, standing, api_visibility="private", show_progress="hidden")
        event(events.refresh, waiting, waiting, api_visibility="private", show_progress="hidden")
    for action, button in buttons.items():
        button.click(events.act(action), [waiting, text], [said, waiting], api_visibility="private")
    propose.click(events.propose, [voice, waiting], [said, waiting], api_visibility="private")
    pause.click(_shown(queue.pause), None, said, api_visibility="private")
    resume.click(_shown(queue.resume), None, said, api_visibility="private")


class QueueEvents:
    """What happens at an event of the page. `post_id` is of the post that is selected, or None."""

    def __init__(self, queue: Queue):
        self._queue = queue

    async def refresh(self, post_id: int | None, request: gr.Request) -> dict[str, object]:
        """The list of what waits, up to date."""
        try:
            choices = await self._queue.choices(visitor_of(request))
        except Exception:  # noqa: BLE001  the line below the buttons says why
            return gr.update()
        if post_id is None or post_id in [waiting_id for _, waiting_id in choices]:
            # Without a value, because the visitor may have selected another post meanwhile.
            return gr.update(choices=choices)
        return gr.update(choices=choices, value=None)

    async def text_of(self, post_id: int | None, request: gr.Request) -> str:
        return await self._queue.text(visitor_of(request), post_id)

    async def propose(self, voice: str, post_id: int | None, request: gr.Request) -> tuple[str, dict[str, object]]:
        """What came of it as HTML, and the list of what waits."""
        return plain(await self._queue.propose(visitor_of(request), voice)), await self.refresh(post_id, request)

    def act(self, action: str) -> Callable[[int | None, str, gr.Request], Awaitable[tuple[str, dict[str, object]]]]:
        """The event of a button: what came of it as HTML, and the list of what waits."""

        async def act(post_id: int | None, text: str, request: gr.Request) -> tuple[str, dict[str, object]]:
            said = await self._queue.act(visitor_of(request), action, post_id, text)
            return plain(said), await self.refresh(post_id, request)

        return act


def _shown(ask: Callable[[Visitor], Awaitable[str]]) -> Callable[[gr.Request], Awaitable[str]]:
    """An event that shows the answer of `ask` to the visitor."""

    async def show(request: gr.Request) -> str:
        return await ask(visitor_of(request))

    return show


def _label(post: Post) -> str:
    short = post.text if len(post.text) <= SHOWN else post.text[: SHOWN - 1] + "…"
    return f"{post.id} · @{post.voice or '?'} · {standing_of(post)} · {short}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _why(post: Post) -> str:
    return f'<span class="ai">{plain(post.error)}</span>' if post.error and post.state in ("failed", "rejected") else ""
