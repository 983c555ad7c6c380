"""/docs and /openapi.json: what there is below /v1, to be read by people and by programs.

The page is Swagger UI. Its files come with the package fastapi-offline, so nothing is loaded from elsewhere.

Knows FastAPI and where those files lie. Does not know what the paths do.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
START = """\
SwaggerUIBundle({url: "openapi.json", dom_id: "#docs", deepLinking: true, persistAuthorization: false});
"""
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The API of huggingtweets</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<main id="docs"></main>
<noscript>This page needs JavaScript. <a href="openapi.json">The description for programs</a> does not.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""


def documentation(app: FastAPI, prefix: str) -> APIRouter:
    """The routes that describe `app`, which is mounted at `prefix`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        servers: list[dict[str, Any]] = [{"url": request.scope.get("root_path", "") + prefix}]
        # Made when it is first asked for, and kept by FastAPI: that takes 0.1 s.
        return JSONResponse({**app.openapi(), "servers": servers})

    @router.get("/docs")
    async def page() -> Response:
        return HTMLResponse(PAGE)

    @router.get("/docs/start.js")
    async def start() -> Response:
        return Response(START, media_type="text/javascript")

    @router.get("/docs/{name}")
    async def asset(name: str) -> Response:
        if name not in ASSETS:
            raise HTTPException(404)
        return FileResponse(asset_file(name), media_type=ASSETS[name])

    return router


def asset_file(name: str) -> Path:
    """Where a file of Swagger UI lies."""
    return Path(str(files("fastapi_offline"))) / "static" / name
