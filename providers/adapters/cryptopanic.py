"""CryptoPanic: headlines of many publishers, with the assets they are about."""

import re
from collections.abc import Mapping
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.parse import from_iso, objects, read_json, text
from providers.types import Headline

SYMBOL = re.compile(r"[A-Z0-9]{1,20}")
LINK = re.compile(r"https?://[^\s<>\"]+")
LONGEST = 300


class CryptoPanic:
    # https://cryptopanic.com/developers/api/
    def headlines(self, tap: Tap) -> list[Headline]:
        answer = tap.get(
            "/api/developer/v2/posts/",
            {"auth_token": tap.key, "kind": "news", "public": "true"},
        )
        # The address of the next page holds the token, and errors quote what they could not read.
        whole = answer.text.replace(tap.key, "...") if tap.key else answer.text
        body = read_json(whole)
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise refusal(body)
        found = {one.key: one for one in map(headline, objects(body["results"]))}
        return list(found.values())


def headline(row: Mapping[str, Any]) -> Headline:
    number = row.get("id")
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise BadPayload("a post has no id")
    title = " ".join(text(row, "title").split())
    if not title:
        raise BadPayload("a post has no title")
    # Cheaper plans are answered without a link; every post has a page under its id.
    link = text(row, "url") or f"https://cryptopanic.com/news/{number}/"
    if not LINK.fullmatch(link):
        raise BadPayload("a post has a link that leads nowhere")
    return Headline(
        key=str(number),
        title=title[:LONGEST],
        url=link,
        summary="",
        published_at=from_iso(row.get("published_at")),
        symbols=symbols(row.get("instruments") or row.get("currencies") or []),
        source="cryptopanic",
    )


def symbols(assets: Any) -> tuple[str, ...]:
    if not isinstance(assets, list):
        raise BadPayload("the assets of a post are not a list")
    codes = (text(asset, "code").upper() for asset in objects(assets))
    return tuple(dict.fromkeys(code for code in codes if SYMBOL.fullmatch(code)))


def refusal(body: Any) -> ProviderError:
    said = body.get("info", body.get("status", "no posts")) if isinstance(body, dict) else body
    message = f"answered with an error: {str(said)[:200]}"
    if "token" in message.lower():
        return Blocked(message)
    is_spent = "quota" in message.lower() or "limit" in message.lower()
    return RateLimited(message) if is_spent else BadPayload(message)
