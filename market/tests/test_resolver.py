"""Whatever somebody types is one known asset or a refusal that helps, and never a crash."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cryptodt.common.errors import InvalidSymbol
from market.resolver import MOST_SYMBOLS, symbol_of, symbols_of

KNOWN = ["BTC", "ETH", "POL", "DOGE", "1INCH", "SOL", "USDT", "USDC"]
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
    assert resolved(typed) in [None, *KNOWN]


@given(st.text(alphabet="BTCETHUSDXPOL/-_, btc\x00é") | st.text())
def test_any_list_is_known_symbols_each_once_or_a_refusal(typed):
    try:
        symbols = symbols_of(typed, KNOWN)
    except InvalidSymbol:
        return
    assert symbols
    assert len(set(symbols)) == len(symbols)
    assert set(symbols) <= set(KNOWN)


def test_nothing_resolves_when_nothing_is_known():
    with pytest.raises(InvalidSymbol):
        symbol_of("BTC", [])


def test_an_alias_of_an_asset_that_is_not_collected_is_refused():
    with pytest.raises(InvalidSymbol):
        symbol_of("MATIC", ["BTC"])


def test_a_list_keeps_the_order_in_which_it_was_typed():
    assert symbols_of("eth,BTC,,XBT, ETHUSDT ,pol", KNOWN) == ["ETH", "BTC", "POL"]


def test_one_unknown_symbol_refuses_the_list_and_is_named():
    with pytest.raises(InvalidSymbol) as refused:
        symbols_of("BTC,NOPE,ETH", KNOWN)
    assert refused.value.details == {"symbol": "NOPE", "accepted": sorted(KNOWN)}


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
