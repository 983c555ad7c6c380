"""What a version's manifest must look like, so that whoever reads one finds in it what its type says.

A manifest may lack what older versions did not know, and hold more. Knows shapes. Does not know what the values mean.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from huggingtweets.core.records import JSON

Text = Annotated[str, Field(strict=True)]
Table = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Account(_Part):
    handle: Text
    display_name: Text = ""
    counts: dict[str, int] = Field(default_factory=dict)


class _Verdict(_Part):
    why_not: Text = ""


class _Manifest(_Part):
    base: Text
    created: Text
    method: Text = ""
    base_fingerprint: Text = ""
    seed: int = 0
    seconds: float = 0.0
    accounts: list[_Account] = Field(default_factory=list)
    samples: list[Text] = Field(default_factory=list)
    report: Table | None = None
    verdict: _Verdict = _Verdict()
    settings: Table = Field(default_factory=dict)
    training: Table = Field(default_factory=dict)
    prompted: Table | None = None
    tracking: Table = Field(default_factory=dict)
    libraries: Table = Field(default_factory=dict)


def checked(value: Any) -> JSON:
    """`value`, which is a manifest. Raises `ValueError` with the first thing that is not as it must be."""
    try:
        _Manifest.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}" if place else str(first["msg"])) from error
    found: JSON = value
    return found
