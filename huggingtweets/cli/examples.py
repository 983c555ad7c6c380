"""Examples at the end of a command's help. Knows click's way of writing help. Does not know any command."""


def examples(*commands: str) -> str:
    """The end of a command's help: what somebody may type after `huggingtweets`."""
    return "\b\nExamples:\n" + "".join(f"  huggingtweets {command}\n" for command in commands)
