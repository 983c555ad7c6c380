"""SimCord takes every webhook for somebody else's. Discord lets an application's own have buttons, and threads.

https://docs.discord.com/developers/resources/webhook#execute-webhook
"""

from dataclasses import replace
from typing import Any

import pytest
from simcord.http.router import RequestContext
from simcord.http.routes import interactions


def let_own_webhooks_have_buttons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Change SimCord's model for one test."""

    def body_of(ctx: RequestContext) -> tuple[dict[str, Any], bool]:
        return dict(ctx.body()), ctx.params.get("with_components") is not None

    def webhook_of(ctx: RequestContext) -> Any:
        webhook = webhook_in(ctx)
        thread = ctx.params.get("thread_id")
        return replace(webhook, channel_id=int(thread)) if thread else webhook

    webhook_in = interactions._incoming_webhook
    monkeypatch.setattr(interactions, "_incoming_webhook_body", body_of)
    monkeypatch.setattr(interactions, "_incoming_webhook", webhook_of)
