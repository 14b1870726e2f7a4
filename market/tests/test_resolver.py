"""Whatever somebody types is one known asset or a refusal that helps, and never a crash."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cryptodt.common.errors import InvalidSymbol
from market.resolver import MOST_SYMBOLS, Entry, Index, pair_of, symbol_of, symbols_of

SYMBOLS = ["BTC", "ETH", "POL", "DOGE", "1INCH", "SOL", "USDT", "USDC"]


def index_of(*symbols):
    """The operator's assets and nothing else."""
    return Index(Entry(one, one, one, is_tracked=True, is_settled=True) for one in symbols)


KNOWN = index_of(*SYMBOLS)
LOOK_ALIKES = [
    "ВТС",
    "ΒTC",
    "BТC",
    "ＢＴＣ",
    "BTC\u200b",
    "ſOL",
    "BTCUſDT",
    "BTC\u0301",
    "\u212aBTC",
    "ΒΤϹ",
    "bt\u217d",
]
HOSTILE = [
    "", " ", "\x00", "BTC\x00", "\x00BTC", "BTC\nETH", "BTC;DROP TABLE", "../../etc/passwd",
    "BTC'--", "%00", "<b>", "B" * 21, "B" * 100_000, "BTC//USDT", "-USDT", "$BTC", "BTC-EUR",
    "BTCUSDTUSDT-", "١٢٣", "🚀", "null", "true", "[]", "{}",
]  # fmt: skip


def resolved(typed):
    try:
        return symbol_of(typed, KNOWN)
    except InvalidSymbol:
        return None


@pytest.mark.parametrize(
    "typed",
    ["BTC", "btc", " Btc ", "BTCUSDT", "btcusdt", "BTC/USDT", "BTC-USD", "BTC_USDC", "btcusd",
     "XBT", "xbt/usd", "XBTUSDT"],
)  # fmt: skip
def test_every_spelling_of_bitcoin_is_btc(typed):
    assert symbol_of(typed, KNOWN) == "BTC"


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [("MATIC", "POL"), ("maticusdt", "POL"), ("XDG", "DOGE"), ("1inch", "1INCH"),
     ("USDT", "USDT"), ("USDTUSD", "USDT"), ("USDC/USDT", "USDC")],
)  # fmt: skip
def test_other_names_lead_to_the_asset(typed, symbol):
    assert symbol_of(typed, KNOWN) == symbol


@pytest.mark.parametrize("typed", LOOK_ALIKES + HOSTILE)
def test_what_only_looks_like_a_symbol_is_refused(typed):
    assert resolved(typed) is None


@given(st.text())
@example("ſOL")
@example("BTC\u2028")
def test_any_text_is_a_known_symbol_or_a_refusal(typed):
    assert resolved(typed) in [None, *SYMBOLS]


@given(st.text(alphabet="BTCETHUSDXPOL/-_, btc\x00é") | st.text())
def test_any_list_is_known_symbols_each_once_or_a_refusal(typed):
    try:
        symbols = symbols_of(typed, KNOWN)
    except InvalidSymbol:
        return
    assert symbols
    assert len(set(symbols)) == len(symbols)
    assert set(symbols) <= set(SYMBOLS)


def test_nothing_resolves_when_nothing_is_known():
    with pytest.raises(InvalidSymbol):
        symbol_of("BTC", index_of())


def test_an_alias_of_an_asset_that_is_not_collected_is_refused():
    with pytest.raises(InvalidSymbol):
        symbol_of("MATIC", index_of("BTC"))


def test_a_list_keeps_the_order_in_which_it_was_typed():
    assert symbols_of("eth,BTC,,XBT, ETHUSDT ,pol", KNOWN) == ["ETH", "BTC", "POL"]


def test_one_unknown_symbol_refuses_the_list_and_is_named():
    with pytest.raises(InvalidSymbol) as refused:
        symbols_of("BTC,NOPE,ETH", KNOWN)
    assert refused.value.details == {"symbol": "NOPE", "accepted": sorted(SYMBOLS)}


@pytest.mark.parametrize("typed", ["", ",", " , ,"])
def test_an_empty_list_is_refused(typed):
    with pytest.raises(InvalidSymbol, match="empty"):
        symbols_of(typed, KNOWN)


def test_ten_thousand_symbols_are_refused():
    with pytest.raises(InvalidSymbol, match="10000"):
        symbols_of(",".join(["BTC"] * 10_000), KNOWN)


def test_as_many_symbols_as_are_allowed_are_answered():
    assert symbols_of(",".join(["BTC"] * MOST_SYMBOLS), KNOWN) == ["BTC"]


def test_a_refusal_does_not_repeat_all_that_was_typed():
    with pytest.raises(InvalidSymbol) as refused:
        symbol_of("B" * 100_000, KNOWN)
    assert len(str(refused.value.details["symbol"])) <= 40


# -- A catalog in which tickers repeat ---------------------------------------------------

CATALOG = Index(
    [
        Entry("BTC", "BTC", "Bitcoin", {"coingecko": "bitcoin", "coinpaprika": "btc-bitcoin"},
              is_tracked=True, is_settled=True),
        Entry("POL", "POL", "Polygon", {"coingecko": "polygon-ecosystem-token"},
              is_tracked=True, is_settled=True),
        Entry("btc-on-moon", "BTC", "Moon Bitcoin", {"coingecko": "btc-on-moon"}),
        Entry("PEPE", "PEPE", "Pepe", {"coingecko": "pepe", "coinlore": "93845"}),
        Entry("pepe-2", "PEPE", "Pepe Two", {"coingecko": "pepe-2"}),
        Entry("RNDR", "RENDER", "Render", {"coingecko": "render-token"}, aliases=("RNDR",)),
        Entry("SHIB", "SHIB", "Shiba Inu", {"coingecko": "shiba-inu"}),
        Entry("usdt-killer", "XUSDT", "Killer", {"coinpaprika": "xusdt-killer"}),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [
        ("BTC", "BTC"), ("bitcoin", "BTC"), ("Bitcoin", "BTC"), ("btc-bitcoin", "BTC"),
        ("coingecko:bitcoin", "BTC"), ("XBT", "BTC"), ("MATIC", "POL"), ("btc-on-moon", "btc-on-moon"),
        ("pepe-2", "pepe-2"), ("coingecko:pepe", "PEPE"), ("coinlore:93845", "PEPE"),
        ("RNDR", "RNDR"), ("render", "RNDR"), ("rndrusdt", "RNDR"), ("shiba-inu", "SHIB"),
        ("bitcoin/usdt", "BTC"), ("BITCOIN-USD", "BTC"), ("xusdt", "usdt-killer"),
    ],
)  # fmt: skip
def test_any_of_its_names_leads_to_an_asset_of_the_catalog(typed, symbol):
    assert symbol_of(typed, CATALOG) == symbol


@pytest.mark.parametrize("typed", ["PEPE", "pepe", "PEPEUSDT", "pepe/usd"])
def test_a_ticker_of_two_assets_is_refused_with_both(typed):
    with pytest.raises(InvalidSymbol, match="2 assets") as refused:
        symbol_of(typed, CATALOG)
    assert refused.value.details["candidates"] == [
        {"symbol": "PEPE", "name": "Pepe", "id": "coingecko:pepe"},
        {"symbol": "pepe-2", "name": "Pepe Two", "id": "coingecko:pepe-2"},
    ]


def test_every_candidate_can_be_asked_for_by_the_id_in_the_refusal():
    with pytest.raises(InvalidSymbol) as refused:
        symbol_of("PEPE", CATALOG)
    candidates = refused.value.details["candidates"]
    assert isinstance(candidates, list)
    for one in candidates:
        assert symbol_of(one["id"], CATALOG) == one["symbol"]


def test_what_is_tracked_means_what_the_operator_says_though_namesakes_exist():
    assert CATALOG.meanings("btc") == ("BTC",)
    without = Index(entry for entry in CATALOG.entries.values() if entry.symbol != "BTC")
    assert symbol_of("btc", without) == "btc-on-moon"


@pytest.mark.parametrize(
    ("typed", "pair"),
    [
        ("BTC", ("BTC", "USDT")), ("BTCUSDT", ("BTC", "USDT")), ("BTC-USD", ("BTC", "USD")),
        ("btc_usdc", ("BTC", "USDC")), ("xbtusd", ("BTC", "USD")), ("bitcoin", ("BTC", "USDT")),
    ],
)  # fmt: skip
def test_a_pair_has_the_currency_that_was_typed(typed, pair):
    found = pair_of(typed, CATALOG)
    assert (found.symbol, found.currency) == pair


def test_a_refusal_of_an_unknown_word_names_what_is_tracked_and_not_the_whole_catalog():
    with pytest.raises(InvalidSymbol) as refused:
        symbol_of("NOPE", CATALOG)
    assert refused.value.details == {"symbol": "NOPE", "accepted": ["BTC", "POL"]}


def test_a_list_may_be_held_to_what_is_tracked():
    with pytest.raises(InvalidSymbol, match="collected"):
        symbols_of("BTC,SHIB", CATALOG, among=CATALOG.tracked)


@given(st.text(alphabet="btcpexusd/-_:.0 \x00Bſ") | st.text())
def test_no_text_resolves_to_anything_but_one_known_asset(typed):
    try:
        found = symbol_of(typed, CATALOG)
    except InvalidSymbol:
        return
    assert found in CATALOG.entries
