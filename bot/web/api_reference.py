"""/docs: what other programs can ask, for people who write them.

Knows requests. Does not know what the calls do.
"""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from bot.openai_api.app import PREFIX
from bot.openai_api.reference import reference
from bot.web.frame.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    document = request.app.state.api.openapi()
    base = str(request.base_url).rstrip("/") + PREFIX
    return page(request, "api_reference.html", told=reference(document, base), info=document["info"], base=base)
