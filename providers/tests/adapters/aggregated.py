"""What the tests of aggregators share: assets by all their names, and what an answer must be."""

from decimal import Decimal

from providers import http
from providers.adapter import Tap
from providers.exceptions import ProviderError
from providers.parse import EARLIEST, LATEST
from providers.tests.adapters.bent import check, decoded, numbers_in, percentages_in
from providers.tests.conftest import NOW, Upstream
from providers.types import Instrument

COLUMNS = (
    "coingecko",
    "coinpaprika",
    "coincap",
    "coinlore",
    "coinmarketcap",
    "cryptocompare",
    "coinmetrics",
)


def _known(symbol, *names):
    return Instrument(symbol, dict(zip(COLUMNS, names, strict=True)))


BTC = _known("BTC", "bitcoin", "btc-bitcoin", "bitcoin", "90", "1", "BTC", "btc")
ETH = _known("ETH", "ethereum", "eth-ethereum", "ethereum", "80", "1027", "ETH", "eth")
DOGE = _known("DOGE", "dogecoin", "doge-dogecoin", "dogecoin", "2", "74", "DOGE", "doge")
NOWHERE = _known("NWHR", "nowhere", "nwhr-nowhere", "nowhere", "999", "999", "NWHR", "nwhr")
ASKED = (BTC, ETH, DOGE)
FAULTS: tuple[tuple[str, dict[str, int]], ...] = (
    ("rate_limited", {}),
    ("banned", {}),
    ("geo_blocked", {}),
    ("forbidden", {}),
    ("server_error", {}),
    ("server_error", {"status": 503}),
    ("html", {}),
    ("error_body", {}),
    ("missing_fields", {}),
    ("nulls", {}),
    ("empty", {}),
    ("truncated", {}),
)


def over_http(sim, slug, key=""):
    """Return a tap that leads to a simulated upstream over real HTTP."""

    def get(path, params=None, headers=None):
        url = f"{sim.url}/{slug}{path}"
        return http.get(url, params=params, headers=headers, seconds=5, public_only=False)

    return Tap(get=get, key=key, now=lambda: NOW)


def named(problem):
    """Return what was raised by name, or None when there was an answer."""
    try:
        problem()
    except ProviderError as error:
        return error
    return None


def check_quotes(quotes, column, text, rows_of):
    """Hold quotes against the rows of a bent answer; `rows_of` picks those of one id."""
    ids = {one.symbol: one.ids[column] for one in ASKED}
    body = decoded(text)
    check(quotes, ids, lambda symbol: rows_of(body, ids[symbol]))


def rows_by_id(rows, one):
    return [row for row in rows if isinstance(row, dict) and str(row.get("id")) == one]


def check_numbers(values, text):
    stands = numbers_in(decoded(text))
    for value in values:
        assert value is None or (isinstance(value, Decimal) and value.is_finite())
        assert value is None or value in stands


def check_percentages(values, text):
    stands = percentages_in(decoded(text))
    for value in values:
        assert value is None or (isinstance(value, Decimal) and value in stands)


def check_points(points, text):
    times = [point.at for point in points]
    assert times == sorted(set(times))
    for point in points:
        assert point.price > 0
        assert EARLIEST <= point.at <= LATEST
        check_numbers((point.price, point.market_cap, point.volume_24h), text)


def check_global(figures, text):
    assert figures.total_market_cap > 0
    assert EARLIEST <= figures.observed_at <= LATEST
    assert figures.active_assets is None or figures.active_assets > 0
    check_numbers((figures.total_market_cap, figures.total_volume_24h), text)
    shares = (figures.btc_dominance, figures.eth_dominance)
    check_percentages((*shares, figures.market_cap_change_24h), text)


def check_details(details, text):
    check_numbers((details.circulating_supply, details.total_supply, details.max_supply), text)
    for value in (details.name, details.description, *details.categories):
        assert isinstance(value, str)
    for value in (details.homepage, details.image):
        assert value == "" or value.startswith(("https://", "http://"))


def check_trending(trends):
    assert [one.position for one in trends] == list(range(1, len(trends) + 1))
    for one in trends:
        assert one.symbol
        assert one.upstream_id
        assert isinstance(one.name, str)
        assert one.rank is None or one.rank > 0


def ask(method, path, text, *args, key=""):
    """Return what a method makes of one prepared answer, and the upstream that gave it."""
    upstream = Upstream({path: text}, key=key)
    return method(*args, upstream.tap), upstream
