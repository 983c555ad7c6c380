"""The API as people read it: each call with what it takes and answers, and an example, out of the OpenAPI document.

Knows the parts of OpenAPI and JSON Schema that our document uses. Does not know what the calls do, or how a page looks.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

JSON, EVENTS = "application/json", "text/event-stream"
AUTHORIZATION = '-H "Authorization: Bearer $HUGGINGTWEETS_TOKEN"'
_REF = "#/components/schemas/"
_SINGLE = {"boolean": "true or false", "null": "always null", "object": "an object"}
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """A field of an object, or a part of an address. `objects` are the names of the objects that it may be."""

    name: str
    kind: str
    about: str
    is_needed: bool
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """An object that is sent or answered."""

    name: str
    about: str
    values: tuple[Value, ...]
    example: str = ""

    @property
    def objects(self) -> tuple[str, ...]:
        """The names of the objects in it."""
        return tuple(name for value in self.values for name in value.objects)


@dataclass(frozen=True, slots=True)
class Call:
    """One method at one path. `statuses` are those of its failures. `command` is an example for a shell."""

    method: str
    path: str
    title: str
    parameters: tuple[Value, ...]
    asked: Shape | None
    answer: Shape
    answered: str
    streams: bool
    statuses: tuple[str, ...]
    command: str

    @property
    def anchor(self) -> str:
        """What follows the # in the address of its section."""
        words = "".join(letter if letter.isalnum() else " " for letter in f"{self.method} {self.path}")
        return "-".join(words.lower().split())


@dataclass(frozen=True, slots=True)
class Reference:
    """All of it. `failures` are statuses with what they mean; all of them have the form `failure`.

    `sent` and `answered` are the objects within what is sent and answered.
    """

    calls: tuple[Call, ...]
    sent: tuple[Shape, ...]
    answered: tuple[Shape, ...]
    failures: tuple[tuple[str, str], ...]
    failure: Shape


def reference(document: Document, address: str) -> Reference:
    """What `document` says. The examples ask at `address`."""
    calls = tuple(_calls(document, address))
    failures = {
        status: response["description"]
        for operations in document["paths"].values()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if not status.startswith("2")
    }
    failure = _shape(document, "Failure")
    return Reference(
        calls,
        _objects(document, [call.asked for call in calls if call.asked]),
        _objects(document, [*(call.answer for call in calls), failure]),
        tuple((status, words) for status, words in sorted(failures.items()) if status.isdecimal()),
        failure,
    )


def _calls(document: Document, address: str) -> Iterator[Call]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody")
            asked = _shape(document, _named(body["content"][JSON]["schema"])) if body else None
            responses = operation["responses"]
            success = responses["200"]
            parameters = operation.get("parameters", ())
            yield Call(
                method.upper(),
                path,
                operation["summary"],
                tuple(
                    _value(one["name"], {**one["schema"], "description": one.get("description", "")}, is_needed=True)
                    for one in parameters
                ),
                asked,
                _shape(document, _named(success["content"][JSON]["schema"])),
                success["description"],
                EVENTS in success["content"],
                tuple(status for status in responses if status.isdecimal() and status != "200"),
                command(address + _filled(path, parameters), asked.example if asked else ""),
            )


def command(address: str, body: str = "") -> str:
    """How curl asks at `address`, with `body` as JSON."""
    lines = [f"curl -s {shlex.quote(address)}", AUTHORIZATION]
    if body:
        lines += ['-H "Content-Type: application/json"', f"-d {shlex.quote(body)}"]
    return " \\\n  ".join(lines)


def _filled(path: str, parameters: Iterable[Document]) -> str:
    """`path` with an example for each of its parameters."""
    for one in parameters:
        path = path.replace(f"{{{one['name']}}}", one["schema"]["examples"][0])
    return path


def _shape(document: Document, name: str) -> Shape:
    schema = document["components"]["schemas"][name]
    needed = schema.get("required", ())
    values = [_value(field, described, is_needed=field in needed) for field, described in schema["properties"].items()]
    values.sort(key=lambda value: not value.is_needed)
    examples = schema.get("examples")
    return Shape(
        name, schema.get("description", ""), tuple(values), json.dumps(examples[0], indent=2) if examples else ""
    )


def _objects(document: Document, shapes: Iterable[Shape]) -> tuple[Shape, ...]:
    """The objects within `shapes`, and those within these, each once."""
    found: dict[str, Shape] = {}
    waiting = [name for shape in shapes for name in shape.objects]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = _shape(document, name)
            waiting += found[name].objects
    return tuple(found.values())


def _value(name: str, schema: Document, *, is_needed: bool) -> Value:
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"] or [{"type": "null"}]
    objects = tuple(dict.fromkeys(filter(None, map(_object_in, kinds))))
    return Value(name, ", or ".join(map(_kind, kinds)), schema.get("description", ""), is_needed, objects)


def _object_in(schema: Document) -> str:
    """The name of the object that a value is, or that a list consists of. Empty if there is none."""
    return _named(schema) or _named(schema.get("items", {}))


def _named(schema: Document) -> str:
    return str(schema.get("$ref", "")).removeprefix(_REF)


def _kind(schema: Document) -> str:
    """What a value is, in words: `whole number, 1 to 10`."""
    if "$ref" in schema:
        return _named(schema)
    if "const" in schema:
        return f"always {json.dumps(schema['const'])}"
    if "enum" in schema:
        *others, last = (json.dumps(one) for one in schema["enum"])
        return f"{', '.join(others)} or {last}"
    match schema["type"]:
        case "string":
            return f"text{_bounds(schema, 'minLength', 'maxLength', ' characters')}"
        case "integer" | "number" as kind:
            return f"{'whole ' if kind == 'integer' else ''}number{_bounds(schema, 'minimum', 'maximum')}"
        case "array":
            of, most = _kind(schema["items"]), _bounds(schema, "minItems", "maxItems").removeprefix(", ")
            return " ".join(filter(None, ("list of", most, f"({of})" if "," in of else of)))
        case kind:
            return _SINGLE[kind]


def _bounds(schema: Document, least: str, most: str, unit: str = "") -> str:
    low, high = schema.get(least), schema.get(most)
    if low is not None and high is not None:
        return f", {low:,g} to {_number(high)}{unit}"
    if high is not None:
        return f", at most {_number(high)}{unit}"
    return f", at least {low:,g}{unit}" if low is not None else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"
