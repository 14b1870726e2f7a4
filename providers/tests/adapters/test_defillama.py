"""DefiLlama's lists become protocols, a chart and pools, with what nobody knows left out."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.defillama import DefiLlama
from providers.exceptions import BadPayload, ProviderError, RateLimited
from providers.tests.adapters.bent import bent, decoded
from providers.tests.adapters.figures import check_numbers
from providers.tests.conftest import Upstream, payload

PROTOCOLS, CHART, POOLS = "/protocols", "/v2/historicalChainTvl", "/pools"
LIST = payload("defillama", "protocols")
POINTS = payload("defillama", "tvl_chart")
YIELDS = payload("defillama", "yields")


def ask(method, path, text):
    return getattr(DefiLlama(), method)(Upstream({path: text}).tap)


def protocols(text=LIST):
    return ask("protocols", PROTOCOLS, text)


def chart(text=POINTS):
    return ask("tvl_chart", CHART, text)


def yields(text=YIELDS):
    return ask("yields", POOLS, text)


def changed(text, **fields):
    rows = json.loads(text)
    (rows["data"] if isinstance(rows, dict) else rows)[0].update(fields)
    return json.dumps(rows)


def test_the_list_becomes_exact_protocols():
    found = {one.slug: one for one in protocols()}
    rows = {row["slug"]: row for row in json.loads(LIST, parse_float=Decimal)}
    assert set(found) == {slug for slug, row in rows.items() if row["tvl"] and row["tvl"] > 0}
    for slug, one in found.items():
        assert one.tvl == rows[slug]["tvl"]
        assert one.change_1d == rows[slug]["change_1d"]
        assert (one.name, one.chains) == (rows[slug]["name"], tuple(rows[slug]["chains"]))
    assert any(one.tvl == Decimal("0.000035") for one in found.values())


def test_unknown_numbers_are_none_and_a_dash_is_no_symbol():
    first, second, third, *_ = protocols()
    assert (first.market_cap, second.market_cap, third.change_7d) == (None, None, None)
    assert third.symbol == ""


def test_the_chart_is_exact_and_oldest_first():
    points = chart()
    assert [one.at for one in points] == sorted(one.at for one in points)
    assert points[0].at == datetime(2025, 11, 16, tzinfo=UTC)
    assert len(points) == 6
    assert str(chart(changed(POINTS, tvl=7))[1].tvl) == "7"


def test_the_older_chart_says_the_same():
    older = chart(payload("defillama", "tvl_chart_older"))
    assert older == [one for one in chart() if one in older]
    assert len(older) == 3


def test_pools_become_yields_and_those_without_a_number_are_left_out():
    first, second, third = yields()
    assert (first.project, str(first.tvl)) == ("lido", "11204586113.125")
    assert (first.apy, first.apy_reward, first.is_stable) == (Decimal("2.71459"), None, False)
    assert (second.apy, second.apy_base) == (0, Decimal("-0.25"))
    assert third.is_stable


def test_pools_are_asked_for_at_an_address_of_their_own():
    upstream = Upstream({POOLS: YIELDS})
    DefiLlama().yields(upstream.tap)
    assert upstream.asked[0][0] == "https://yields.llama.fi/pools"


@pytest.mark.parametrize("read", [protocols, chart, yields])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (payload("defillama", "too_many"), RateLimited),
        ('{"message": "Protocol not found"}', BadPayload),
        ("{}", BadPayload),
        ("null", BadPayload),
        ("7", BadPayload),
        ("[1]", BadPayload),
        ("<html>", BadPayload),
    ],
)
def test_an_error_has_its_name(read, body, kind):
    with pytest.raises(ProviderError) as caught:
        read(body)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("read", "text", "fields"),
    [
        (protocols, LIST, {"tvl": "much"}),
        (protocols, LIST, {"slug": 7}),
        (protocols, LIST, {"chains": "Ethereum"}),
        (protocols, LIST, {"chains": [1]}),
        (protocols, LIST, {"mcap": -1}),
        (chart, POINTS, {"tvl": None}),
        (chart, POINTS, {"tvl": -1}),
        (chart, POINTS, {"date": "1763337600000"}),
        (chart, POINTS, {"date": None}),
        (yields, YIELDS, {"stablecoin": "no"}),
        (yields, YIELDS, {"tvlUsd": -1}),
        (yields, YIELDS, {"apy": [1]}),
    ],
)
def test_a_row_that_makes_no_sense_is_a_bad_payload(read, text, fields):
    with pytest.raises(BadPayload):
        read(changed(text, **fields))


@settings(max_examples=200)
@given(bent(LIST))
def test_a_bent_list_gives_true_protocols_or_a_named_error(text):
    try:
        found = protocols(text)
    except ProviderError:
        return
    assert len({one.slug for one in found}) == len(found)
    assert all(one.tvl > 0 and one.slug and one.name for one in found)
    for one in found:
        check_numbers((one.tvl, one.change_1d, one.change_7d, one.market_cap), decoded(text))


@settings(max_examples=150)
@given(bent(POINTS))
def test_a_bent_chart_gives_true_points_or_a_named_error(text):
    try:
        points = chart(text)
    except ProviderError:
        return
    assert [one.at for one in points] == sorted({one.at for one in points})
    check_numbers([one.tvl for one in points], decoded(text))


@settings(max_examples=150)
@given(bent(YIELDS))
def test_bent_pools_give_true_yields_or_a_named_error(text):
    try:
        found = yields(text)
    except ProviderError:
        return
    for one in found:
        assert one.tvl > 0
        check_numbers((one.tvl, one.apy, one.apy_base, one.apy_reward), decoded(text))
