"""Names and descriptions of commands in people's languages, out of gettext catalogues that Babel reads.

`locale/<language>.po` holds them; a name has the context `name`, a description none. What a catalogue lacks is shown in
English. A change of a catalogue changes what Discord is told, so the commands are registered anew.

Knows catalogues and discord.py's translator. Does not know single commands.
"""

from functools import cache
from pathlib import Path

import discord
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

FOLDER = Path(__file__).with_name("locale")
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


@cache
def catalogue(language: str) -> Catalog:
    """Returns the catalogue of a language."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def translated(text: str, language: str, *, is_name: bool) -> str | None:
    """Returns `text` in a language, or None if the catalogue lacks it."""
    message = catalogue(language).get(text, NAME if is_name else None)
    return str(message.string) if message and message.string else None


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
        return translated(string.message, language, is_name=context.location not in DESCRIPTIONS)
