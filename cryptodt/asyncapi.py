"""The live feed as an AsyncAPI document, made from the tables that the feed itself uses."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from cryptodt.closing import CLOSINGS
from cryptodt.frame_table import CLIENT, FRAMES, SERVER
from cryptodt.topics import TOPICS, shown


def asyncapi(request: HttpRequest) -> JsonResponse:
    return JsonResponse(document())


def document() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "CryptoDT live feed",
            "version": settings.VERSION,
            "description": "Market data over a socket, or the same as server-sent events at"
            " /api/stream?topics=. Every message has its place; a client goes on where it was.",
        },
        "channels": {
            "live": {
                "address": "/ws",
                "messages": {
                    _key(one.sender, one.name): {
                        "$ref": f"#/components/messages/{_key(one.sender, one.name)}"
                    }
                    for one in FRAMES
                },
                "x-topics": [
                    {
                        "topic": shown(row),
                        "kind": "state" if row.is_state else "event",
                        "about": row.about,
                    }
                    for row in TOPICS
                ],
                "x-close-codes": [
                    {"code": one.code, "reason": one.reason, "advice": one.advice}
                    for one in CLOSINGS
                ],
            }
        },
        "operations": {
            "hear": _operation("receive", CLIENT),
            "tell": _operation("send", SERVER),
        },
        "components": {
            "messages": {
                _key(one.sender, one.name): {
                    "name": one.name,
                    "summary": one.about,
                    "payload": one.schema,
                }
                for one in FRAMES
            }
        },
    }


def _operation(action: str, sender: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/live"},
        "messages": [
            {"$ref": f"#/channels/live/messages/{_key(one.sender, one.name)}"}
            for one in FRAMES
            if one.sender == sender
        ],
    }


def _key(sender: str, name: str) -> str:
    return f"{sender}-{name.replace('_', '-')}"
