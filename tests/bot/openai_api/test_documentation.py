"""/docs and /openapi.json: they say what there is, and load nothing from elsewhere."""

import re

from openapi_schema_validator import OAS31Validator

from bot.openai_api import documentation
from huggingtweets import __version__
from tests.bot.openai_api.conftest import Api


async def test_the_page_loads_nothing_from_elsewhere(api: Api) -> None:
    page = await api.stranger.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in re.sub(r"<!doctype html>", "", page.text)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 4
    for path in loaded:
        answer = await api.stranger.get(f"/{path}")
        assert answer.status_code == 200, path
        assert len(answer.content) > 50
    styles = (await api.stranger.get("/docs/swagger-ui.css")).text
    assert not re.findall(r"url\(\s*[\"']?https?:|@import", styles)


async def test_no_other_file_is_given(api: Api) -> None:
    for name in ("redoc.standalone.js", "..%2F__init__.py", "nothing"):
        assert (await api.stranger.get(f"/docs/{name}")).status_code == 404


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
    import httpx

    transport = httpx.ASGITransport(api.app, root_path="/bot")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        described = (await client.get("/bot/openapi.json")).json()
    assert described["servers"] == [{"url": "/bot/v1"}]


def test_the_files_of_the_page_come_with_their_package() -> None:
    for name in documentation.ASSETS:
        assert documentation.asset_file(name).is_file()
