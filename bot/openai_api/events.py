"""An answer as a stream of server-sent events. It is whole before the first one, because every draft is checked first.

So a failure has its status, and a slow reader keeps nothing waiting but itself.

Knows OpenAI's events. Does not know how they are sent, or how anything is drawn.
"""

import json
from collections.abc import Iterator

from bot.openai_api.answered import ChatChunk, ChatCompletion, ChunkChoice, Completion, Delta

DONE = "data: [DONE]\n\n"


def events_of(answer: Completion | ChatCompletion, *, counts_tokens: bool) -> Iterator[str]:
    """The events of `answer`. With `counts_tokens`, the last but one says how many there were."""
    if isinstance(answer, Completion):
        for choice in answer.choices:
            yield _event(answer.model_copy(update={"choices": [choice], "usage": None}), counts_tokens)
        if counts_tokens:
            yield _event(answer.model_copy(update={"choices": []}), counts_tokens)
    else:
        chunk = ChatChunk(
            id=answer.id,
            created=answer.created,
            model=answer.model,
            system_fingerprint=answer.system_fingerprint,
            choices=[],
            notice=answer.notice,
        )
        for part in _chunks(answer):
            yield _event(chunk.model_copy(update={"choices": [part]}), counts_tokens)
        if counts_tokens:
            yield _event(chunk.model_copy(update={"usage": answer.usage}), counts_tokens)
    yield DONE


def _chunks(answer: ChatCompletion) -> Iterator[ChunkChoice]:
    for choice in answer.choices:
        yield ChunkChoice(index=choice.index, delta=Delta(role="assistant", content=""))
        if choice.message.content:
            yield ChunkChoice(index=choice.index, delta=Delta(content=choice.message.content))
        yield ChunkChoice(index=choice.index, delta=Delta(), finish_reason=choice.finish_reason)


def _event(data: Completion | ChatChunk, counts_tokens: bool) -> str:
    row = data.model_dump(mode="json")
    if not counts_tokens:
        del row["usage"]
    for choice in row["choices"]:
        if "delta" in choice:
            choice["delta"] = {name: value for name, value in choice["delta"].items() if value is not None}
    return f"data: {json.dumps(row, ensure_ascii=False)}\n\n"
