"""What /openapi.json says, and the same as people read it: it is whole, and its examples are true."""

import json
import re

import httpx
import pytest
from openapi_schema_validator import OAS31Validator
from pydantic import BaseModel

from bot.openai_api import answered, asked
from bot.openai_api.reference import Reference, command, reference
from huggingtweets import __version__
from tests.bot.openai_api.conftest import Api

ADDRESS = "http://localhost/v1"
MODELS: tuple[type[BaseModel], ...] = (
    asked.CompletionAsked,
    asked.ChatAsked,
    answered.Completion,
    answered.ChatCompletion,
    answered.Models,
    answered.Model,
    answered.Failure,
)


@pytest.fixture
async def told(api: Api) -> Reference:
    return reference((await api.stranger.get("/openapi.json")).json(), ADDRESS)


async def test_the_description_names_paths_bounds_and_the_token(api: Api) -> None:
    described = (await api.stranger.get("/openapi.json")).json()
    assert described["servers"] == [{"url": "/v1"}]
    assert described["info"]["version"] == __version__
    assert set(described["paths"]) == {"/models", "/models/{model}", "/completions", "/chat/completions"}
    assert described["components"]["securitySchemes"] == {
        "HTTPBearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token, which whoever runs this bot makes",
        }
    }
    schemas = described["components"]["schemas"]
    for schema in schemas.values():
        OAS31Validator.check_schema(schema)
    assert "429" in described["paths"]["/completions"]["post"]["responses"]
    asked = schemas["CompletionAsked"]
    assert asked["additionalProperties"] is False
    assert asked["properties"]["n"]["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 10}


async def test_behind_a_proxy_the_description_names_the_prefix(api: Api) -> None:
    transport = httpx.ASGITransport(api.app, root_path="/bot")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        described = (await client.get("/bot/openapi.json")).json()
    assert described["servers"] == [{"url": "/bot/v1"}]


async def test_people_read_of_every_call_and_every_field(told: Reference) -> None:
    assert [(call.method, call.path) for call in told.calls] == [
        ("GET", "/models"),
        ("GET", "/models/{model}"),
        ("POST", "/completions"),
        ("POST", "/chat/completions"),
    ]
    shapes = [shape for call in told.calls for shape in (call.asked, call.answer) if shape]
    shapes += [*told.sent, *told.answered, told.failure]
    for value in [value for shape in shapes for value in shape.values] + [*told.calls[1].parameters]:
        assert re.fullmatch(r"[A-Z`].*\.", value.about), value
        assert value.about.count("`") % 2 == 0
    assert {shape.name for shape in told.sent} == {"StreamOptions", "Message", "TextPart", "TextFormat"}
    assert {shape.name for shape in told.answered} == {"Model", "Choice", "ChatChoice", "Said", "Usage", "Problem"}
    statuses = {status for status, _ in told.failures}
    assert all(set(call.statuses) == statuses for call in told.calls)
    assert [call.streams for call in told.calls] == [False, False, True, True]


async def test_what_a_value_may_be_is_said_in_words(told: Reference) -> None:
    completion, chat = (call.asked for call in told.calls[2:])
    assert completion
    assert chat
    kinds = {value.name: value.kind for value in (*completion.values, *chat.values)}
    assert (
        kinds
        | {
            "model": "text, at most 2,000 characters",
            "n": "whole number, 1 to 10",
            "temperature": "number, 0 to 2",
            "seed": "whole number",
            "stop": "text, 1 to 100 characters, or list of at most 4 (text, 1 to 100 characters)",
            "verbosity": '"low", "medium" or "high"',
            "prompt": "text, at most 200 characters, or list of 1 to 5 (text, at most 200 characters)",
            "messages": "list of at least 1 Message",
            "stream_options": "StreamOptions",
            "suffix": 'always ""',
            "echo": "true or false",
        }
        == kinds
    )
    assert [value.name for value in chat.values if value.is_needed] == ["model", "messages"]
    assert next(value for value in chat.values if value.name == "messages").objects == ("Message",)


@pytest.mark.parametrize("model", MODELS)
def test_each_example_is_what_it_shows(model: type[BaseModel]) -> None:
    [example] = model.model_json_schema()["examples"]
    parsed = model.model_validate(example)
    assert json.loads(parsed.model_dump_json(exclude_unset=True)) == example


def test_what_stands_in_a_command_cannot_end_it() -> None:
    shown = command("http://h/v1/'; rm -rf ~; '", '{"prompt": "it\'s"}')
    assert "'\"'\"'; rm -rf ~; '\"'\"'" in shown
    assert shown.endswith("""'{"prompt": "it'"'"'s"}'""")
