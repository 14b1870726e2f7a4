"""CoinDesk Data, once CryptoCompare: the CADLI index of each asset, with a paid key only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, NotOffered, ProviderError, RateLimited
from providers.parse import from_seconds, known, read_json
from providers.parts import Fields, part, path_of, quotes_of, symbols_of
from providers.types import HistoryPoint, Instrument, Quote

SOURCE = "cryptocompare"
NAMES = {
    "price": "VALUE",
    "change_24h": "MOVING_24_HOUR_CHANGE_PERCENTAGE",
    "volume_24h": "MOVING_24_HOUR_QUOTE_VOLUME",
}
# So many rows one answer holds; as hours they reach back this many days.
MOST_ROWS = 2000
MOST_HOURLY_DAYS = 83


class CryptoCompare:
    # https://developers.coindesk.com/documentation/data-api/index_cc_v1_latest_tick
    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        ours = symbols_of(instruments, SOURCE)
        symbols = {f"{one}-USD": symbol for one, symbol in ours.items()}
        params = {"market": "cadli", "instruments": ",".join(sorted(symbols))}
        data = part(_data(tap, "/index/cc/v1/latest/tick", params))
        found = {pair: _row(row, pair) for pair, row in data.items() if pair in symbols}
        return quotes_of(found, symbols, NAMES, _updated, source=SOURCE)

    # https://developers.coindesk.com/documentation/data-api/index_cc_v1_historical_days
    def history(self, instrument: Instrument, days: int, tap: Tap) -> list[HistoryPoint]:
        pair = f"{path_of(instrument, SOURCE)}-USD"
        unit, count = ("hours", days * 24) if days <= MOST_HOURLY_DAYS else ("days", days)
        params = {
            "market": "cadli",
            "instrument": pair,
            "limit": str(min(count, MOST_ROWS)),
        }
        rows = _data(tap, f"/index/cc/v1/historical/{unit}", params)
        if not isinstance(rows, list):
            raise BadPayload("answered without a list")
        found = (_point(row, pair) for row in rows)
        points = {point.at: point for point in found if point is not None}
        return [points[at] for at in sorted(points)]


def _data(tap: Tap, path: str, params: Mapping[str, str]) -> Any:
    body = read_json(tap.get(path, params, {"authorization": f"Apikey {tap.key}"}).text)
    is_refused = part(body).get("Err") or part(body).get("Response") == "Error"
    if not isinstance(body, dict) or "Data" not in body or is_refused:
        raise refusal(body)
    return body["Data"]


def _row(row: Any, pair: str) -> Fields:
    if part(row).get("INSTRUMENT") != pair:
        raise BadPayload(f"answered with another instrument than {pair}")
    return part(row)


def _updated(row: Fields) -> datetime:
    return from_seconds(row.get("VALUE_LAST_UPDATE_TS"))


def _point(value: Any, pair: str) -> HistoryPoint | None:
    row = _row(value, pair)
    if "OPEN" not in row:
        raise BadPayload("a row of the answer has no OPEN")
    # What it cost at the moment that the row carries, which is where its span begins.
    price = known(row, "OPEN")
    if price is None:
        return None
    return HistoryPoint(
        at=from_seconds(row.get("TIMESTAMP")),
        price=price,
        market_cap=None,
        volume_24h=None,
        source=SOURCE,
    )


def refusal(body: Any) -> ProviderError:
    """Name the error; the older half of the service tells of it beside an empty Data."""
    said = part(body, "Err").get("message") or part(body).get("Message")
    text = str(said)[:200] if said else "answered without Data"
    lower = text.lower()
    if "rate limit" in lower:
        return RateLimited(text)
    if "api key" in lower or "auth" in lower:
        return Blocked(text)
    if "not trading" in lower or "does not exist" in lower:
        return NotOffered(text)
    return BadPayload(text)
