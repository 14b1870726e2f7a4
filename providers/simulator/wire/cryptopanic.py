"""CryptoPanic: posts of many publishers, for whoever has a token."""

from datetime import UTC, datetime
from typing import Any

from providers.simulator.noise import words
from providers.simulator.venue import View
from providers.simulator.wire.answer import Answer, Query
from providers.simulator.wire.stories import Story, latest

_PLACE = "/api/developer/v2/posts/"
_COUNT = 20
_PACE = 1500
_VOTES = ("negative", "positive", "important", "liked", "disliked", "lol", "toxic", "saved")


def answer(view: View, path: str, query: Query) -> Answer:
    if path != _PLACE:
        return Answer(404, {"status": "api_error", "info": "No such place"})
    token = query.get("auth_token")
    if not token:
        return Answer(400, {"status": "Incomplete", "info": "Token not found"})
    body = {
        # As the real one does it: the token comes back in the address of the next page.
        "next": f"https://cryptopanic.com{_PLACE}?auth_token={token}&page=2",
        "previous": None,
        "results": [_post(view, story) for story in latest(view, "cryptopanic", _COUNT, _PACE)],
    }
    return Answer(200, body)


def _post(view: View, story: Story) -> dict[str, Any]:
    at = datetime.fromtimestamp(story.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    slug = "-".join("".join(c if c.isalnum() else " " for c in story.title).split())
    asset, votes = story.asset, words(f"{view.market.seed}/votes/{story.number}", len(_VOTES))
    return {
        "id": story.number,
        "slug": slug,
        "title": story.title,
        "published_at": at,
        "created_at": at,
        "kind": "news",
        "url": f"https://cryptopanic.com/news/{story.number}/{slug}",
        "source": {"title": "The Simulator", "region": "en", "domain": "simulator.example"},
        "instruments": [{"code": asset.symbol, "title": asset.name, "slug": asset.gecko_id}],
        "votes": {name: vote % 12 for name, vote in zip(_VOTES, votes, strict=True)},
    }
