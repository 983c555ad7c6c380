"""What somebody typed, as it stands in a message about it.

Knows how a text is made safe to show. Does not know what the message is.
"""


def quoted(text: str, most: int = 60) -> str:
    """`text` in quotation marks, on one line and without what cannot be seen. A long text is cut."""
    from huggingtweets.core.text.visible import typed  # its patterns take a moment to compile

    line = typed(text)
    return f'"{line[:most]}…"' if len(line) > most else f'"{line}"'
