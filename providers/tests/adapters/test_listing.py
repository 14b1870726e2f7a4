"""Lists of assets by market cap: exact figures, odd rows left out, and never a list of odd rows."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.exceptions import BadPayload, ProviderError
from providers.parse import EARLIEST, LATEST
from providers.tests.adapters import aggregated
from providers.tests.adapters.aggregated import FAULTS, named, over_http, rows_by_id
from providers.tests.adapters.bent import bent, decoded, numbers_in, percentages_in
from providers.tests.adapters.listed import CAP, GECKO, LORE, PAPRIKA, PLACES, each, ids, shown
from providers.tests.conftest import Upstream, payload
from providers.types import Listed


def test_coingecko_lists_its_largest_exactly():
    btc, _, _, shib = GECKO.list(GECKO.text)
    row = json.loads(GECKO.text, parse_float=Decimal)[0]
    assert btc == Listed(
        upstream_id="bitcoin",
        symbol="BTC",
        name="Bitcoin",
        rank=1,
        price=Decimal(73895),
        market_cap=Decimal(1478638496261),
        volume_24h=Decimal(20380157350),
        change_1h=Decimal("0.037716"),
        change_24h=Decimal("-1.78564"),
        change_7d=Decimal("12.510140"),
        observed_at=datetime.fromisoformat(row["last_updated"]),
        is_active=True,
        source="coingecko",
    )
    assert (btc.currency, str(shib.price), shib.rank) == ("USD", "0.0000052274", 27)


def test_coinpaprika_lists_its_largest_exactly():
    btc, eth, *_ = PAPRIKA.list(PAPRIKA.text)
    assert (btc.upstream_id, btc.symbol, btc.name) == ("btc-bitcoin", "BTC", "Bitcoin")
    assert (str(eth.price), str(eth.market_cap)) == ("1416.3986300780264", "170959314650")
    assert (eth.change_1h, eth.change_7d) == (Decimal("0.73"), Decimal("-15.77"))
    assert eth.observed_at == datetime(2025, 11, 21, 8, 5, 34, tzinfo=UTC)


def test_coincap_lists_its_largest_exactly():
    btc, *_ = CAP.list(CAP.text)
    assert (btc.upstream_id, btc.symbol, btc.rank) == ("bitcoin", "BTC", 1)
    assert str(btc.price) == "73901.2757462110457709"
    assert (str(btc.change_24h), btc.change_7d) == ("-1.761402", None)
    assert btc.observed_at == datetime(2025, 11, 21, 8, 5, 45, 678000, tzinfo=UTC)


def test_coinlore_lists_its_largest_exactly():
    btc, eth, doge, ada = LORE.list(LORE.text)
    assert (btc.upstream_id, btc.name, str(btc.price)) == ("90", "Bitcoin", "73906.13")
    assert [one.rank for one in (btc, eth, doge, ada)] == [1, 3, 9, 10]
    assert btc.observed_at == datetime(2025, 11, 21, 8, 5, 45, tzinfo=UTC)


@each
def test_untidy_rows_are_told_apart_and_to_the_last_digit(place):
    found = {one.name: one for one in place.list(payload(place.slug, "listing"), 99)}
    assert len(found) == 8
    assert str(found["Rarest"].price) in ("123456789.123456789012", "123456789.1234567890120000")
    assert found["Dust"].price == Decimal("1E-12")
    assert found["🚀 Moonshot 🌕"].symbol == "MOON"
    assert [one.symbol for one in found.values()].count("BABA") == 2
    assert [one.name for one in found.values() if not one.is_active] == ["Idle"]
    assert list(found)[-1] == "Idle"


@each
def test_each_is_asked_once_for_a_short_list(place):
    upstream = Upstream({place.path: place.text}, key="secret")
    assert len(place.adapter.listing(4, upstream.tap)) == 4
    ((path, params, headers),) = upstream.asked
    assert (path, params) == (place.path, place.params)
    assert "secret" not in path + json.dumps(params)
    assert (headers is None) == (place is LORE)


@each
def test_no_more_are_told_of_than_were_asked_for(place):
    assert shown(place.list(place.text, 2)) == shown(place.list(place.text))[:2]


@each
@pytest.mark.parametrize(
    "fields",
    [
        {"id": "_"},
        {"id": ""},
        {"id": None},
        {"id": True},
        {"id": "😀"},
        {"id": "x" * 101},
        {"id": "two\nlines"},
        {"symbol": ""},
        {"symbol": "\u200d"},
        {"symbol": 7},
        {"symbol": "x" * 41},
        {"name": ""},
        {"name": None},
        {"name": "\x00\ud800"},
        {"price": -1},
        {"price": "many"},
        {"price": True},
        {"rank": 1.5},
        {"market_cap_rank": "first"},
    ],
    ids=str,
)
def test_an_odd_row_is_left_out_and_the_others_stay(place, fields):
    if fields.keys() & {"rank", "market_cap_rank"} and fields.keys() - place.row().keys():
        pytest.skip("has another name for it")
    found = place.list(place.changed(place.row(**fields)), 9)
    assert shown(found) == shown(place.list(place.text, 9))


@pytest.mark.parametrize("place", [GECKO, PAPRIKA], ids=lambda one: one.slug)
@pytest.mark.parametrize("moment", [None, "soon", 0, "1970-01-01T00:00:00Z"])
def test_a_row_without_a_time_is_left_out(place, moment):
    found = place.list(place.changed(place.row(last_updated=moment)), 9)
    assert shown(found) == shown(place.list(place.text, 9))


@each
def test_a_row_that_is_no_object_or_has_no_price_field_is_left_out(place):
    bare = place.row()
    del place.holder(bare, "price")[place.price]
    found = place.list(place.changed(7, bare), 9)
    assert shown(found) == shown(place.list(place.text, 9))


@each
def test_a_list_of_which_half_is_odd_is_a_bad_payload(place):
    count = len(place.rows(json.loads(place.text)))
    odd = [place.row(id=f"x{number}", price="?") for number in range(count)]
    assert len(place.list(place.changed(*odd[1:]), 99)) == count
    with pytest.raises(BadPayload, match=f"{count} of {2 * count} rows make no sense"):
        place.list(place.changed(*odd), 99)


@each
def test_an_asset_without_a_price_is_listed_as_idle(place):
    *others, one = place.list(place.changed(place.row(price=None, id="idle", rank=0)), 9)
    if place is not GECKO:
        assert (one.upstream_id, one.rank) == ("idle", None)
    (idle,) = (asset for asset in (*others, one) if not asset.is_active)
    assert (idle.upstream_id, idle.price) == ("idle", None)


@each
def test_a_list_of_which_half_has_no_price_is_a_bad_payload(place):
    count = len(place.rows(json.loads(place.text)))
    idle = [place.row(id=f"x{number}", price=None) for number in range(count)]
    assert len(place.list(place.changed(*idle[1:]), 99)) == 2 * count - 1
    with pytest.raises(BadPayload, match="have no price"):
        place.list(place.changed(*idle), 99)


@each
def test_an_id_that_came_twice_is_listed_once_and_a_ticker_as_often_as_it_is_used(place):
    first = place.rows(json.loads(place.text))[0]
    found = place.list(place.changed(first, place.row(symbol=first["symbol"])), 9)
    assert len(ids(found)) == len(set(ids(found)))
    symbol = place.list(place.text)[0].symbol
    assert [one.symbol for one in found].count(symbol) == 2
    assert "one-more" in ids(found)


@each
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("🚀 To the 月 👩‍🚀", "🚀 To the 月 👩‍🚀"),
        ("  Two\nlines\t ", "Two lines"),
        ("Turned \u202e round\u200b\x00", "Turned round"),
        ("n" * 100, "n" * 100),
        ("n" * 101, "n" * 99 + "…"),
        ("<b>", "<b>"),
    ],
)
def test_a_name_is_kept_as_one_line_of_bounded_length(place, said, kept):
    assert place.list(place.changed(name=said))[0].name == kept


def test_who_has_no_rank_stands_behind_those_who_have():
    text = PAPRIKA.changed(rank=0)
    assert [one.symbol for one in PAPRIKA.list(text, 9)] == ["ETH", "DOGE", "SHIB", "POL", "BTC"]
    assert PAPRIKA.list(text, 9)[-1].rank is None
    assert [one.symbol for one in PAPRIKA.list(text, 1)] == ["ETH"]


@each
@pytest.mark.parametrize(
    "body",
    ["{}", "null", "7", '"no"', '{"data":{}}', '{"data":{"message":"gone"}}', "[1]", "[[]]",
     '{"error":"broken"}', "<html>", "", '{"data":[1],"timestamp":1763712345678,"info":{"time":1}}'],
)  # fmt: skip
def test_anything_else_is_a_named_error(place, body):
    assert isinstance(named(lambda: place.list(body)), ProviderError)


@pytest.mark.parametrize(
    ("place", "case"),
    [(GECKO, "rate_limited"), (CAP, "rate_limited"), (CAP, "bad_key"), (CAP, "switched_off"),
     (PAPRIKA, "id_not_found")],
)  # fmt: skip
def test_an_error_inside_a_good_answer_has_the_name_it_has_for_prices(place, case):
    text = payload(place.slug, case)
    asked = Upstream({place.path: text}, key="secret")
    of_quotes = named(lambda: place.adapter.quotes(aggregated.ASKED, asked.tap))
    assert type(named(lambda: place.list(text))) is type(of_quotes)


TEXTS = [(one, text) for one in PLACES for text in (one.text, payload(one.slug, "listing"))]


def check_listed(place, found, text):
    """Hold a list against what was told of each asset: nothing invented, nothing half-read."""
    body = decoded(text)
    assert len(ids(found)) == len(set(ids(found)))
    ranks = [one.rank or 10**9 for one in found]
    assert ranks == sorted(ranks)
    for one in found:
        told = rows_by_id(place.rows(body), one.upstream_id)
        stands = numbers_in(told)
        assert one.symbol
        assert one.name
        assert "\n" not in one.name
        assert one.is_active == (one.price is not None)
        assert one.price is None or one.price > 0
        assert EARLIEST <= one.observed_at <= LATEST
        for value in (one.price, one.market_cap, one.volume_24h):
            assert value is None or (isinstance(value, Decimal) and value in stands)
        for value in (one.change_1h, one.change_24h, one.change_7d):
            assert value is None or value in percentages_in(told)


@settings(max_examples=500)
@given(st.sampled_from(TEXTS).flatmap(lambda case: st.tuples(st.just(case[0]), bent(case[1]))))
def test_a_bent_list_is_true_or_a_named_error(case):
    place, text = case
    try:
        found = place.list(text, 99)
    except ProviderError:
        return
    check_listed(place, found, text)


@each
@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_every_fault_is_a_named_error(sim, place, fault, options):
    sim.fault(place.slug, fault, **options)
    tap = over_http(sim, place.slug, key="secret")
    # An empty list is called bad by whoever asked; nothing in it is never something.
    assert (
        named(lambda: place.adapter.listing(100, tap)) is not None
        or place.adapter.listing(100, tap) == []
    )


@each
def test_more_than_a_thousand_are_listed_over_http(sim, place):
    tap = over_http(sim, place.slug, key="secret")
    found = place.adapter.listing(1200, tap)
    assert len(found) == len(set(ids(found))) == 1200
    assert found[0].symbol == "BTC"
    assert [one.rank for one in found] == list(range(1, 1201))
    symbols = [one.symbol for one in found]
    assert sum(symbols.count(symbol) > 1 for symbol in set(symbols)) >= 20
    assert len(sim.requests(place.slug)) == {"coingecko": 5, "coinlore": 12}.get(place.slug, 1)


@each
def test_a_coin_that_was_renamed_is_listed_under_its_old_id(sim, place):
    tap = over_http(sim, place.slug, key="secret")
    before = {one.upstream_id: one.symbol for one in place.adapter.listing(2000, tap)}
    sim.rename("beci-protocol", "NEWB")
    sim.delist("moonshot")
    after = {one.upstream_id: one.symbol for one in place.adapter.listing(2000, tap)}
    changed = {one for one in before if after.get(one) != before[one]}
    assert sorted(after[one] for one in changed if one in after) == ["NEWB"]
    assert len(changed) == 2
