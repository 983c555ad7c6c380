"""The page itself: a chat, a few suggestions, and a line that says what is being learned.

Knows Gradio and HTML. Does not know use cases; it shows what `Chat` answers.
"""

import base64
import html
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from bot.playground.chat import Answer, Chat, Drawn, Learning, Picture, Said
from bot.playground.failures import note_failure
from bot.playground.visitors import Visitor
from huggingtweets.core.whole_text import whole
from huggingtweets.sources.reading.members import ENDINGS

Messages = list[dict[str, Any]]

STATUS_SECONDS = 1.0
KEPT = 40  # messages of a chat that the page keeps
LINE = 2_000  # characters of a visitor's line that the chat shows
STYLE = """
.tweet {border: 1px solid var(--border-color-primary); border-radius: 12px; padding: 10px 14px; margin: 4px 0}
.tweet .who {font-weight: 600} .tweet .ai {opacity: .65; font-weight: 400}
.tweet p {margin: 4px 0 0; white-space: pre-wrap; overflow-wrap: anywhere}
.picture {width: min(660px, 70vw) !important; max-width: none !important; border-radius: 12px}
.learning progress {width: 100%; height: 10px}
footer {display: none !important}
"""
INTRODUCTION = """# Tweets like the people who let it
Everything here is written by a small language model that learned from one person's tweets. It is a parody, not a quote.
Type `/tweetlike @name`, with the start of a tweet if you like; `/picture @name` makes a picture of it; `/models` lists
the voices, `/train name` learns a new one from an X archive or a table of tweets that you attach."""

WAITING = "…"
FAILED = "That did not work. Reload the page and try again."
PLACEHOLDER = "Whose tweet would you like? Type /tweetlike and a name."
# What may be attached. A workbook is answered with how to save it. Gradio would ask for a picture at a path that the
# door keeps shut.
FILE_TYPES = (".zip", *ENDINGS, ".xlsx", ".xls", ".ods")


class Page(gr.Blocks):
    """Gradio's page. An event that fails is one line in the log instead of a traceback."""

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Gradio calls this for each event."""
        try:
            return await super().process_api(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  Gradio would print a traceback
            note_failure("an event", error)
            # Gradio's own sentence says what is wrong with a value, for example that a number is too large.
            message = error.message if type(error) is gr.Error else FAILED
            raise gr.Error(message, print_exception=False) from None


def build_page(
    chat: Chat, max_count: int, suggestions: list[str], more: Mapping[str, Callable[[gr.Blocks], None]] | None = None
) -> gr.Blocks:
    """The page that talks to `chat`. `more` builds further tabs, by their titles."""
    conversation = Conversation(chat)
    page = Page(title="huggingtweets playground", analytics_enabled=False, fill_height=True)
    with page:
        gr.Markdown(INTRODUCTION)
        _add_status(page, conversation)
        with gr.Tab("Chat"):
            _add_chat(conversation, max_count, suggestions)
        for title, build in (more or {}).items():
            with gr.Tab(title):
                build(page)
    return page


class Conversation:
    """What the page shows of the answers of `chat`."""

    def __init__(self, chat: Chat):
        self._chat = chat

    async def respond(
        self, message: dict[str, Any], history: Messages, count: float, request: gr.Request
    ) -> AsyncIterator[tuple[Messages, dict[str, Any]]]:
        """The conversation and the emptied input, again with each answer to a line."""
        line, files = message.get("text") or "", [Path(file) for file in message.get("files") or []]
        asked = line + "".join(f"\nAttached: {file.name}" for file in files)
        # The session's own list grows in place, because several lines may be answered at once.
        # All of it is sent again with each answer, and kept for as long as the page is open.
        del history[:-KEPT]
        history.append({"role": "user", "content": plain(shortened(asked.strip()))})
        reply = {"role": "assistant", "content": WAITING}
        history.append(reply)
        yield list(history), gr.update(value=None)
        async for answer in self._chat.answers(visitor_of(request), line, files, int(count)):
            reply["content"] = as_html(answer)
            yield list(history), gr.skip()
        # Gradio sends the last values a second time at the end. Skipped values are not shown twice.
        yield gr.skip(), gr.skip()

    async def status(self) -> str:
        """What is being learned, as HTML."""
        return "".join(as_html(state) for state in await self._chat.learning())


def _add_status(page: gr.Blocks, conversation: Conversation) -> None:
    """A line that says what is being learned."""
    # As events: Gradio calls a component's own function while it renders, where it cannot wait for an answer.
    learning = gr.HTML()
    page.load(conversation.status, None, learning, api_visibility="private")
    timer = gr.Timer(STATUS_SECONDS)
    timer.tick(conversation.status, None, learning, api_visibility="private", show_progress="hidden")


def _add_chat(conversation: Conversation, max_count: int, suggestions: list[str]) -> None:
    """What was said, the line to say something, and suggestions of what to say."""
    # What was said is kept here. A page that sent it back could say that it was anything, files among it.
    history = gr.State([])
    shown = gr.Chatbot(
        show_label=False, height=460, buttons=[], feedback_options=None, allow_tags=False, placeholder=PLACEHOLDER
    )
    with gr.Row():
        line = _line()
        count = gr.Slider(
            1, max_count, value=min(3, max_count), step=1, label="Tweets", scale=1, min_width=200, buttons=[]
        )
    with gr.Row():
        for text in suggestions:
            # gr.Examples would ask past the queue, at a path that the door keeps shut.
            button = gr.Button(text, size="sm", min_width=120)
            button.click(partial(_message, text), None, line, api_visibility="private", show_progress="hidden")
    line.submit(
        conversation.respond,
        [line, history, count],
        [shown, line],
        api_visibility="private",
        show_progress="hidden",
        trigger_mode="multiple",
    )
    shown.clear(_forget, history, None, api_visibility="private", show_progress="hidden")


def _line() -> gr.MultimodalTextbox:
    return gr.MultimodalTextbox(
        placeholder="/tweetlike @name how it starts",
        label="What you say",
        show_label=False,
        file_count="multiple",
        file_types=list(FILE_TYPES),
        scale=5,
        min_width=320,
    )


def _message(text: str) -> dict[str, Any]:
    return {"text": text, "files": []}


def _forget(history: Messages) -> None:
    history.clear()


def visitor_of(request: gr.Request) -> Visitor:
    """Who caused an event; the door has noted it."""
    assert request.request
    visitor: Visitor = request.request.state.visitor
    return visitor


def as_html(answer: Answer) -> str:
    """An answer as HTML in which nothing that a model or a person wrote is markup."""
    match answer:
        case Drawn(name, version, texts, note):
            who = f'<span class="who">@{plain(name)}</span> <span class="ai">AI parody · {plain(version)}</span>'
            shown = "".join(f'<div class="tweet">{who}<p>{plain(text)}</p></div>' for text in texts)
            return shown + (f"<p>{plain(note)}</p>" if note else "")
        case Learning(name, standing, percent, foreseen):
            expected = f"<br>{plain(foreseen)}" if foreseen else ""
            return (
                f'<div class="learning">Learning @{plain(name)}: {plain(standing)}'
                f'<br><progress value="{percent}" max="100"></progress>{expected}</div>'
            )
        case Picture(png, description):
            # In the page itself: a file would have to be kept somewhere, and to be forgotten there.
            source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
            return f'<img class="picture" src="{source}" alt="{html.escape(whole(description))}">'
        case Said(text):
            return f'<div style="white-space: pre-wrap">{plain(text)}</div>'


def shortened(text: str) -> str:
    """`text`, or its beginning when it is very long."""
    return text if len(text) <= LINE else f"{text[:LINE]}…"


def plain(text: str) -> str:
    """`text` as HTML that shows it as it is: no markup, and nothing that the chat takes for Markdown or LaTeX."""
    escaped = html.escape(whole(text))
    return "".join(
        f"&#{ord(char)};" if char in "\\`*_{}[]()#+-.!~|$:/" else char for char in escaped.replace("&#x27;", "'")
    )
