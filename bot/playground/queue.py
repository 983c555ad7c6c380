"""The queue of posts, as the page shows it: what waits, what was decided, and buttons to decide.

Knows Gradio and HTML. Does not know when or how a post is sent.
"""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime

import gradio as gr

from bot.errors import told
from bot.playground.page import plain
from bot.posting import Posting, standing
from bot.store.posts import Post

PERSON = "playground"
REFRESH_SECONDS = 2.0
SHOWN = 90  # characters of a post in the list
INTRODUCTION = """Nothing is posted on X before it is approved here or in Discord, unless config.toml says `automatic`.
In a dry run nothing is ever sent: try it."""
_STATES = {
    "proposed": "waits for approval",
    "queued": "approved, waits for its time",
    "sending": "on its way",
    "unknown": "in doubt, the timeline decides",
    "sent": "sent",
    "rejected": "rejected",
    "failed": "failed",
}

Choices = list[tuple[str, int]]


class Queue:
    """What the buttons do, and what the page says about it."""

    def __init__(self, posting: Posting):
        self._posting = posting

    async def choices(self) -> Choices:
        """What waits, as labels and ids."""
        return [(_label(post), post.id) for post in await self._posting.queue()]

    async def text(self, post_id: int | None) -> str:
        """The whole text of a post that waits."""
        return next((post.text for post in await self._posting.queue() if post.id == post_id), "")

    async def status(self) -> str:
        """How posting stands, and the last posts, as HTML."""
        status = await self._posting.status()
        lines = "".join(
            f'<div class="tweet"><span class="who">@{plain(post.voice)}</span> <span class="ai">AI parody · '
            f"{plain(_STATES[post.state])}{_dry(post)} · {_moment(post.changed_at)}</span>"
            f"<p>{plain(post.text or '(text deleted)')}</p>{_why(post)}</div>"
            for post in await self._posting.recent(8)
        )
        return f"<p>{plain(standing(status))}</p>{lines}"

    async def propose(self, voice: str) -> str:
        """Draw and propose a post."""
        return await self._done(self._propose(voice))

    async def act(self, action: str, post_id: int | None, text: str = "") -> str:
        """Approve, save, reject, or ask for another; what came of it."""
        if post_id is None:
            return "Choose a post first."
        return await self._done(self._act(action, post_id, text))

    async def pause(self) -> str:
        return await self._done(self._pause())

    async def resume(self) -> str:
        return await self._done(self._resume())

    async def _propose(self, voice: str) -> str:
        post = await self._posting.propose(voice.strip().removeprefix("@").lower(), by=PERSON)
        return f"Post {post.id} {_STATES[post.state]}."

    async def _act(self, action: str, post_id: int, text: str) -> str:
        match action:
            case "approve":
                # What stands in the box is what is meant.
                if text.strip() and text != await self.text(post_id):
                    await self._posting.edit(post_id, text, PERSON)
                post = await self._posting.approve(post_id, PERSON)
            case "save":
                post = await self._posting.edit(post_id, text, PERSON)
            case "reject":
                post = await self._posting.reject(post_id, PERSON)
            case _:
                post = await self._posting.again(post_id, PERSON)
        return f"Post {post.id} {_STATES[post.state]}."

    async def _pause(self) -> str:
        await self._posting.pause(PERSON)
        return "Posting is paused."

    async def _resume(self) -> str:
        return "Posting goes on." if await self._posting.resume(PERSON) else "It was not paused."

    @staticmethod
    async def _done(call: Coroutine[None, None, str]) -> str:
        try:
            return await call
        except Exception as error:  # noqa: BLE001  whatever happens, the person gets an answer
            return told(error)


def build_queue(queue: Queue, page: gr.Blocks) -> None:
    """The queue's part of `page`, which is being built."""

    async def refresh(chosen: int | None) -> dict[str, object]:
        choices = await queue.choices()
        keep = chosen if chosen in [post_id for _, post_id in choices] else None
        return gr.update(choices=choices, value=keep)

    def acting(action: str) -> Callable[[int | None, str], Awaitable[tuple[str, dict[str, object]]]]:
        async def act(chosen: int | None, text: str) -> tuple[str, dict[str, object]]:
            said = await queue.act(action, chosen, text)
            return plain(said), await refresh(chosen)

        return act

    async def propose(voice: str, chosen: int | None) -> tuple[str, dict[str, object]]:
        return plain(await queue.propose(voice)), await refresh(chosen)

    async def pause() -> str:
        return plain(await queue.pause())

    async def resume() -> str:
        return plain(await queue.resume())

    gr.Markdown(INTRODUCTION)
    with gr.Row():
        voice = gr.Textbox(placeholder="a voice, or empty for the one in config.toml", show_label=False, scale=4)
        proposing = gr.Button("Propose", scale=1)
        pausing = gr.Button("Pause", scale=1)
        resuming = gr.Button("Resume", scale=1)
    waiting = gr.Radio([], label="Waiting")
    text = gr.Textbox(label="Text", lines=2, max_length=1_000)
    with gr.Row():
        buttons = {
            "approve": gr.Button("Approve", variant="primary"),
            "save": gr.Button("Save the edit"),
            "reject": gr.Button("Reject"),
            "again": gr.Button("Another one"),
        }
    said = gr.HTML()
    standing = gr.HTML()
    waiting.change(queue.text, waiting, text, api_name=None, show_progress="hidden")
    for event in (page.load, gr.Timer(REFRESH_SECONDS).tick):
        event(queue.status, None, standing, api_name=None, show_progress="hidden")
        event(refresh, waiting, waiting, api_name=None, show_progress="hidden")
    for action, button in buttons.items():
        button.click(acting(action), [waiting, text], [said, waiting], api_name=None)
    proposing.click(propose, [voice, waiting], [said, waiting], api_name=None)
    pausing.click(pause, None, said, api_name=None)
    resuming.click(resume, None, said, api_name=None)


def _label(post: Post) -> str:
    short = post.text if len(post.text) <= SHOWN else post.text[: SHOWN - 1] + "…"
    return f"{post.id} · @{post.voice or '?'} · {_STATES[post.state]} · {short}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _dry(post: Post) -> str:
    return " (dry run)" if post.dry_run else ""


def _why(post: Post) -> str:
    return f'<span class="ai">{plain(post.error)}</span>' if post.error and post.state == "failed" else ""
