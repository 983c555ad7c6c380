"""The kinds of values that several sections have, each with its check and a sentence for what is wrong.

Knows pydantic. Does not know sections, or what the values are for.
"""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, PlainValidator

from huggingtweets.core.errors import Usage
from huggingtweets.core.people.names import NO_VOICE, VoiceName

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("is no time zone; write one as in Europe/Paris") from None
    return name


def _voice(text: object) -> VoiceName:
    if not isinstance(text, str):
        raise ValueError("is no text; write the name of a voice in quotes")
    try:
        return VoiceName.parse(text) if text else NO_VOICE
    except Usage as error:
        raise ValueError(str(error).rstrip(".")) from None


Voice = Annotated[VoiceName, PlainValidator(_voice)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
QuietHours = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$")]
