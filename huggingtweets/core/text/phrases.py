"""Sentences for people as templates with values, so that they can be said in other languages.

    Phrase("I know no voice called {name}.", name=voice)
    Phrase("{count:,} message", plural="{count:,} messages", count=3)

A phrase is a `str` that reads as its English sentence, so whoever knows nothing of languages uses it as that. Put into
another string, it is English for good. So phrases are put together as values of phrases, or by `joined`.

Knows templates and values. Does not know languages: whoever talks to people says a phrase in theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any, Self

JSON = dict[str, Any]


class Phrase(str):
    """A sentence, or a part of one. `template` is the English text; `plural` that for a `count` other than one."""

    template: str
    plural: str
    values: Mapping[str, Any]

    def __new__(cls, template: str = "", /, *, plural: str = "", **values: Any) -> Self:
        text = plural if plural and values["count"] != 1 else template
        phrase = super().__new__(cls, _ENGLISH.vformat(text, (), values))
        phrase.template, phrase.plural, phrase.values = template, plural, values
        return phrase

    def __reduce__(self) -> tuple[Any, ...]:
        return Phrase.from_json, (self.as_json(),)

    @classmethod
    def joined(cls, between: str, parts: Iterable[str]) -> Self:
        """Returns those of the `parts` that are not empty as one phrase, with `between` them."""
        values = {f"part{number}": part for number, part in enumerate(part for part in parts if part)}
        return cls(between.join(f"{{{name}}}" for name in values), **values)

    @classmethod
    def verbatim(cls, text: str) -> Self:
        """Returns what is the same in all languages: a name, or what somebody has written. A phrase stays one."""
        return text if isinstance(text, cls) else cls("{text}", text=text)

    def as_json(self) -> JSON:
        """Returns the phrase as what JSON can hold."""
        return {"template": self.template, "plural": self.plural, "values": _as_json(self.values)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Returns the phrase that `as_json` has written. Raises `ValueError` if that is none."""
        try:
            values = {name: cls._value(value) for name, value in row["values"].items()}
            return cls(row["template"], plural=row["plural"], **values)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError("it is no phrase") from error

    @classmethod
    def kept(cls, row: Mapping[str, Any] | None, text: str) -> Self:
        """Returns the phrase that `as_json` has written beside its `text`, or the text alone if there is none."""
        try:
            return cls.from_json(row) if row else cls.verbatim(text)
        except ValueError:
            return cls.verbatim(text)

    @classmethod
    def _value(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            return cls.from_json(value)
        return [cls._value(one) for one in value] if isinstance(value, list) else value


class Wording(Formatter):
    """Puts values into a template. This one speaks English; other languages change `phrase`, `listed` and `number`."""

    def format_field(self, value: Any, format_spec: str) -> str:
        match value:
            case Phrase():
                return self.phrase(value)
            case list() | tuple():
                return self.listed([self.format_field(one, "") for one in value], format_spec)
            case int() | float():
                return self.number(value, format_spec)
            case _:
                return format(value, format_spec)

    def phrase(self, phrase: Phrase) -> str:
        """Returns a phrase that is a value of another one."""
        return str(phrase)

    def listed(self, texts: Sequence[str], link: str) -> str:
        """Returns a list of texts, with `link` between them: "and", "or" or nothing."""
        *others, last = texts or [""]
        return f"{', '.join(others)} {link} {last}" if link and others else ", ".join(texts)

    def number(self, value: float, form: str) -> str:
        """Returns a number in the form that the template wants, such as `,` or `.0%`."""
        return format(value, form)


_ENGLISH = Wording()


def _as_json(value: Any) -> Any:
    match value:
        case Phrase():
            return value.as_json()
        case Mapping():
            return {name: _as_json(one) for name, one in value.items()}
        case list() | tuple():
            return [_as_json(one) for one in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return str(value)
