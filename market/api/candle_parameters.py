"""What may stand behind the question mark of candles, as the API documents it."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from market.candle_query import DEFAULT_INTERVAL, DEFAULT_LIMIT, GAP_STATES, MOST_BARS
from market.intervals import INTERVALS

_MOMENT = (
    "Milliseconds or seconds since 1970 (0, or of 2001 and later), or ISO 8601, in UTC when it "
    "names no offset."
)
_INTERVALS = f"One of {', '.join(INTERVALS)}, or its minutes, such as 60 for 1h."
_SYMBOL = "An asset in any spelling, or a pair in USDT, USDC or USD; USDT when none is named."

_SYMBOLS = [
    OpenApiExample("asset", value="BTC"),
    OpenApiExample("pair", value="BTC/USDT"),
    OpenApiExample("dollars", value="BTC-USD"),
]
_SINCE = [
    OpenApiExample("day", value="2026-01-31"),
    OpenApiExample("moment", value="2026-01-31T12:00:00Z"),
    OpenApiExample("milliseconds", value="1769860800000"),
]


def _text(
    name: str, description: str, *, examples: list[OpenApiExample] | None = None, **options: object
) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        OpenApiTypes.STR,
        description=description,
        examples=examples or (),
        **options,  # type: ignore[arg-type]
    )


SPAN = [
    _text("since", f"Candles that open then or later. {_MOMENT}", examples=_SINCE),
    _text("until", f"Candles that open before then. {_MOMENT}"),
]
LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MOST_BARS, "default": DEFAULT_LIMIT},
    description=f"How many at most: 1 to {MOST_BARS}.",
)

CANDLE_PARAMETERS = [
    _text("symbol", _SYMBOL, examples=_SYMBOLS, required=True),
    _text("interval", _INTERVALS, default=DEFAULT_INTERVAL),
    _text("timeframe", "Another name of `interval`."),
    LIMIT,
    *SPAN,
    _text(
        "order",
        "Of the candles within a page: oldest first, or newest first. Without `since` the first "
        "page has the latest candles, and each further page older ones.",
        enum=["asc", "desc"],
        default="asc",
    ),
    OpenApiParameter(
        "closed_only", OpenApiTypes.BOOL, description="Leave out what can still change."
    ),
    _text(
        "cursor",
        "What `meta.next` of the page before said. Everything but `limit` stays the same. "
        "No candle is skipped or repeated, whatever is written meanwhile.",
    ),
    _text(
        "format",
        "JSON, or a table with the same digits; its times are milliseconds. `Accept: text/csv` "
        "asks for the table as well.",
        enum=["json", "csv"],
        default="json",
    ),
]
GAP_PARAMETERS = [
    _text("symbol", f"{_SYMBOL} All without it.", examples=_SYMBOLS),
    _text("interval", f"{_INTERVALS} All without it."),
    _text("timeframe", "Another name of `interval`."),
    *SPAN,
    _text("state", "Which of them.", enum=list(GAP_STATES), default=GAP_STATES[0]),
    LIMIT,
    _text("cursor", "What `meta.next` of the page before said."),
]

_OTHERWISE_NAMED = {"since", "until", "timeframe", "format"}
HISTORICAL_PARAMETERS = [
    *(one for one in CANDLE_PARAMETERS if one.name not in _OTHERWISE_NAMED),
    _text("from", "Candles that open at this time or later: ISO 8601, or milliseconds."),
    _text("to", "Candles that open before this time."),
    _text(
        "format",
        "JSON pages, or the same page as a file: CSV, or Parquet with exact decimals.",
        enum=["json", "csv", "parquet"],
        default="json",
    ),
]
