"""What the bot and its gateway tell each other through two pipes: whole Python values, each behind its length.

Both are processes of ours on one machine, one the child of the other. Does not know what is said.
"""

import asyncio
import pickle
import struct
from typing import Any

_LENGTH = struct.Struct(">I")


def framed(value: Any) -> bytes:
    """`value` as it goes through a pipe."""
    content = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(content)) + content


async def read_frame(pipe: asyncio.StreamReader) -> Any:
    """The next value. Raises `EOFError` if the other side is gone, also in the middle of a frame."""
    try:
        (length,) = _LENGTH.unpack(await pipe.readexactly(_LENGTH.size))
        content = await pipe.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise EOFError("the other process is gone") from error
    return pickle.loads(content)  # noqa: S301  from a process of ours, through a pipe that nobody else has
