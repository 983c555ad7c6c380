"""The page of what programs call: signatures and docstrings, as the package has them.

Knows how Python describes its functions. Does not know the other pages.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, ForwardRef, is_typeddict

LONGEST_LINE = 100


def python_page() -> str:
    """The page of what programs call: signatures and docstrings, and the tree of errors."""
    import huggingtweets
    from huggingtweets.core import errors

    lines = ["# What programs call\n", "[In Python](../python.md) shows how it is used.\n"]
    for name in sorted(set(huggingtweets.__all__) - {"__version__"}):
        lines += [f"## {name}\n", *_of_python(getattr(huggingtweets, name), name)]
    assert errors.__doc__
    lines += [
        "## Errors\n",
        f"They are in `huggingtweets.core.errors`.\n\n```text\n{inspect.cleandoc(errors.__doc__)}\n```\n",
    ]
    return "\n".join(lines)


def _of_python(thing: Any, name: str) -> Iterator[str]:
    """The signature and the docstring, and for a class those of its methods, too. Of options, their names and types."""
    if is_typeddict(thing):
        options = [f"{option}: {_shown(kind)}" for option, kind in thing.__annotations__.items()]
        yield f"```python\n{name}({', '.join(options)})\n```\n\n{inspect.getdoc(thing)}\n"
        return
    public = thing if not isinstance(thing, type) else thing.__init__
    yield f"```python\n{name}{_signature(public)}\n```\n"
    yield f"{inspect.getdoc(thing)}\n"
    if isinstance(thing, type):
        for member, value in vars(thing).items():
            if member.startswith("_") or not inspect.getdoc(value) or not hasattr(thing, member):
                continue
            if isinstance(value, property):
                yield f"### {name}.{member}\n\n{inspect.getdoc(value)}\n"
            elif callable(getattr(thing, member)):
                yield f"### {name}.{member}\n"
                yield from _of_python(getattr(thing, member), f"{name}.{member}")


def _shown(kind: Any) -> str:
    """A type as it is written in the code."""
    if isinstance(kind, ForwardRef):
        return kind.__forward_arg__
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _signature(function: Callable[..., Any]) -> str:
    """What it takes and returns, without `self`."""
    signature = inspect.signature(function)
    taken = [parameter for word, parameter in signature.parameters.items() if word != "self"]
    text = str(signature.replace(parameters=taken))
    text = re.sub(r"(: |-> )'([\w.[\]]+)'", r"\1\2", text)  # a type that is written in quotes
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", text)  # the modules of types
    text = text.replace("<factory>", "{}")  # made anew for each, and empty
    if len(text) <= LONGEST_LINE:
        return text
    return re.sub(r", (?![^\[]*\])", ",\n    ", text.replace("(", "(\n    ", 1))
