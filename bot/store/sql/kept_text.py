"""Every text that goes to a database is one that both can keep: without NUL, and of whole characters.

PostgreSQL refuses NUL, SQLite ends a text there, and neither driver can send half a surrogate pair. People and servers
elsewhere can send both. So it is mended here, too, where nothing passes by it. What people type is refused or cleaned
before, where they can be told.

Knows SQLAlchemy's parameters. Does not know tables.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from huggingtweets.core.text.whole_text import whole


def keep_texts_whole(engine: sa.Engine) -> None:
    """Mend the texts in all parameters of `engine` from now on."""
    event.listen(engine, "before_cursor_execute", _mended, retval=True)


def _mended(_: sa.Connection, __: Any, statement: str, parameters: Any, *___: Any) -> tuple[str, Any]:
    return statement, _kept(parameters)


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        # A text of ASCII alone has no halves, and most texts need nothing.
        return value if value.isascii() and "\0" not in value else whole(value).replace("\0", "")
    if isinstance(value, tuple):
        return tuple([_kept(one) for one in value])
    if isinstance(value, list):
        return [_kept(one) for one in value]
    if isinstance(value, dict):
        return {name: _kept(one) for name, one in value.items()}
    return value
