"""What people see, in their languages, out of gettext catalogues.

`locale/<language>.po` holds it; the name of a command has the context `name`, all else none. What a catalogue lacks is
shown in English. What a person alone sees is in the language of their Discord; what stands in a channel is in that of
the server. A change of the commands' words changes what Discord is told, so the commands are registered anew.

Knows catalogues, how languages write numbers and lists, and discord.py's translator. Does not know single commands.
"""

import io
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import discord
from babel import Locale
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from huggingtweets.core.text.phrases import Phrase, Wording

FOLDER = Path(__file__).parents[1] / "locale"
LANGUAGES = {
    discord.Locale.german: "de",
    discord.Locale.french: "fr",
    discord.Locale.spain_spanish: "es",
    discord.Locale.latin_american_spanish: "es",
    discord.Locale.japanese: "ja",
    discord.Locale.brazil_portuguese: "pt_BR",
}
NAME = "name"  # the context of what people type or choose
DESCRIPTIONS = (Location.command_description, Location.group_description, Location.parameter_description)
_NUMBER = re.compile(r"(?P<grouped>,?)(?:\.(?P<digits>\d))?(?P<kind>[fg%]?)")

# `/forget me`, `/posting resume` or `/join past:True` in a template; names of commands, and of their parts.
_COMMAND = re.compile(r"(?<![\w/])/[a-z]+(?: (?:me|resume|set)(?![a-z])| [a-z]+:(?=[{T]))*")
_NAMED = re.compile(r"(/?)([a-z]*)(:?)")

Interaction = discord.Interaction[Any]


@cache
def catalogue(language: str) -> Catalog:
    """Returns the catalogue of a language."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@cache
def translated(text: str, language: str, *, context: str | None = None) -> str | None:
    """Returns `text` in a language, or None if the catalogue lacks it."""
    message = catalogue(language).get(text, context)
    return str(message.string) if message and message.string else None


class Language:
    """Says phrases in one language. This one is English, in which they are written."""

    def say(self, phrase: Phrase) -> str:
        """Returns what people read."""
        return str(phrase)


ENGLISH = Language()


class _Translated(Wording, Language):
    """Says phrases as a catalogue has them."""

    def __init__(self, language: str):
        self._code = language
        self._locale = Locale.parse(language)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue(language))
        compiled.seek(0)
        self._words = Translations(compiled)

    def say(self, phrase: Phrase) -> str:
        if not phrase.template:
            return ""
        count = phrase.values["count"] if phrase.plural else 1
        return str(self.vformat(self._text(phrase.template, phrase.plural, count), (), phrase.values))

    def _text(self, template: str, plural: str, count: int) -> str:
        """Returns a template in this language. It names commands and options as Discord shows them."""
        text = str(self._words.ngettext(template, plural, count) if plural else self._words.gettext(template))
        return _COMMAND.sub(lambda match: " ".join(map(self._name, match[0].split(" "))), text)

    def _name(self, word: str) -> str:
        sign, name, rest = _NAMED.fullmatch(word).groups()  # type: ignore[union-attr]  # the pattern takes anything
        return f"{sign}{translated(name, self._code, context=NAME) or name}{rest}"

    def phrase(self, phrase: Phrase) -> str:
        return self.say(phrase)

    def listed(self, texts: Sequence[str], link: str) -> str:
        if not link:
            return ("、" if self._locale.language == "ja" else ", ").join(texts)
        return str(format_list(texts, style="or" if link == "or" else "standard", locale=self._locale))

    def number(self, value: float, form: str) -> str:
        wanted = _NUMBER.fullmatch(form)
        if not wanted or isinstance(value, bool):
            return format(value, form)
        grouped, digits, kind = bool(wanted["grouped"]), wanted["digits"], wanted["kind"]
        if kind == "%":
            return format_percent(value, "#,##0" + _decimals(digits) + self._percent, locale=self._locale)
        if kind == "g" or (isinstance(value, float) and digits is None):
            return format_decimal(value, "0.######", locale=self._locale)
        return format_decimal(value, ("#,##0" if grouped else "0") + _decimals(digits), locale=self._locale)

    @property
    def _percent(self) -> str:
        """The sign, with the blank before it that some languages write."""
        return str(self._locale.percent_formats[None].pattern).removeprefix("#,##0")


def _decimals(digits: str | None) -> str:
    return "." + "0" * int(digits) if digits and int(digits) else ""


@cache
def _language(code: str) -> Language:
    return _Translated(code)


def language_of(locale: discord.Locale | None) -> Language:
    """Returns the language of somebody's Discord, or of a server. It is English for those without a catalogue."""
    code = LANGUAGES.get(locale) if locale else None
    return _language(code) if code else ENGLISH


def all_languages() -> list[Language]:
    """Returns all languages in which people may read something."""
    return [ENGLISH, *map(_language, sorted(set(LANGUAGES.values())))]


def of_server(guild: discord.Guild | None) -> Language:
    """Returns the language of what stands in a server's channels."""
    return language_of(guild.preferred_locale) if guild else ENGLISH


def of_message(message: discord.Message) -> Language:
    """Returns the language of an answer to a message. Discord does not tell which language people who write speak."""
    return of_server(message.guild)


def of_answer(interaction: Interaction, *, private: bool) -> Language:
    """Returns the language of an answer: that of the person if they alone see it, or else that of the server."""
    return language_of(interaction.locale if private else interaction.guild_locale or interaction.locale)


def in_language_of(locale: discord.Locale, text: str, *, context: str | None = None) -> str:
    """Returns a name or description of a command in the language of somebody's Discord, or as it is."""
    language = LANGUAGES.get(locale)
    return (language and translated(text, language, context=context)) or text


class CommandTranslator(app_commands.Translator):
    """Gives discord.py what stands in the catalogues."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        language = LANGUAGES.get(locale)
        if not language or string.message == "…":
            return None
        return translated(string.message, language, context=None if context.location in DESCRIPTIONS else NAME)
