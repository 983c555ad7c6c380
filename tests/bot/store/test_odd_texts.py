"""Texts that no database keeps as they are, in every argument of every part of the store.

People and servers elsewhere can send NUL and halves of characters. PostgreSQL refuses NUL, SQLite ends a text there,
and neither driver can send half a character. None of that may fail late, or be tried again and again.
"""

import inspect
import typing
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.errors import StoreUnavailable
from bot.store import Store
from bot.store.sql.database import Database
from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.core.text.phrases import Phrase

ODD = "a\0b\ud800c\uffff\U0010ffff\ufdd0\udfff"
KEPT = "abc\uffff\U0010ffff\ufdd0"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def methods(store: Store) -> list[tuple[str, Callable[..., Coroutine[Any, Any, object]]]]:
    """Every method of the store that takes a text, with its name."""
    found = []
    for name, part in vars(store).items():
        for method_name, method in inspect.getmembers(part, inspect.iscoroutinefunction):
            kinds = typing.get_type_hints(method)
            takes_text = any(is_text(kinds[one]) for one in inspect.signature(method).parameters)
            if not isinstance(part, Database) and not method_name.startswith("_") and takes_text:
                found.append((f"{name}.{method_name}", method))
    return found


def is_text(kind: Any) -> bool:
    return kind is str or (typing.get_origin(kind) is not typing.Literal and str in typing.get_args(kind))


class Unknown(Exception):
    """No value of this type can be made here."""


def value_of(kind: Any, text: str) -> Any:
    """A value of a type, with `text` wherever it holds one."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    simple: dict[Any, Any] = {
        str: text,
        int: 1,
        bool: True,
        datetime: NOW,
        Any: text,
        Phrase: Phrase("asked too often"),
    }
    if kind in simple:
        return simple[kind]
    if kind in (VoiceName, BlendName):
        return kind("ann")
    if origin is typing.Literal:
        return inside[0]
    if origin in (Sequence, Collection, list):
        return [value_of(inside[0], text)]
    if origin in (Mapping, dict):
        return {value_of(inside[0], text): value_of(inside[1], text)}
    if type(None) in inside:
        return value_of(next(one for one in inside if one is not type(None)), text)
    if origin is Callable:
        return lambda *_: True
    raise Unknown(kind)


def arguments(method: Callable[..., Any], text: str) -> tuple[list[Any], dict[str, Any]]:
    kinds, positional, named = typing.get_type_hints(method), [], {}
    for name, parameter in inspect.signature(method).parameters.items():
        value = value_of(kinds[name], text)
        if parameter.kind is parameter.VAR_KEYWORD:
            named[f"fact_{name}"] = value
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = value
        else:
            positional.append(value)
    return positional, named


OF_COLUMNS = ("posts.move", "remarks.move", "api_tokens.add")  # their further arguments name columns


@pytest.mark.parametrize("text", [ODD, "\0", "\ud800"], ids=["odd", "nul", "half"])
async def test_no_text_breaks_any_part_of_the_store(store: Store, text: str) -> None:
    tried, broken = 0, []
    for name, method in methods(store):
        try:
            positional, named = arguments(method, text)
        except Unknown:
            continue
        if name in OF_COLUMNS:
            continue
        tried += 1
        try:
            await method(*positional, **named)
        except Exception as error:  # noqa: BLE001  all of them are told together
            broken.append(f"{name}: {type(error).__name__}: {str(error)[:160]}")
    assert tried > 90
    assert not broken, "\n".join(broken)


async def test_a_text_is_kept_without_what_no_database_keeps(store: Store) -> None:
    await store.settings.put("global", "words", {"one": ODD}, by="discord:1")
    assert await store.settings.get("global", "words") == {"one": ODD}, "JSON can say all of it"
    await store.audit.add(ODD, "token new", ODD)
    [act] = await store.audit.recent()
    assert (act.person, act.subject) == (KEPT, KEPT)
    token = await store.api_tokens.add(ODD, "digest", {})
    assert token
    assert token.name in (ODD, KEPT)
    assert await store.api_tokens.revoke(ODD)


async def test_what_is_told_once_may_be_called_as_long_as_its_parts_are(store: Store) -> None:
    """Such as the servers among which a home was chosen. On PostgreSQL a key has a longest length."""
    servers = ",".join(f"discord:{number}" for number in range(10**18, 10**18 + 40))
    assert await store.notices.add(f"home:{servers}", Phrase("asked too often"))
    assert not await store.notices.add(f"home:{servers}", Phrase("asked too often"))
    assert await store.notices.add(f"home:{servers}0", Phrase("asked too often"))


async def test_no_value_is_in_the_sentence_about_it(store: Store) -> None:
    with pytest.raises((StoreUnavailable, OverflowError)) as failed:
        await store.jobs.shown_by(2**80, "my secret diary")
    assert str(2**80) not in str(failed.value)
