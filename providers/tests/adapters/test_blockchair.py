"""One answer about each chain becomes its figures; what a chain does not have is left out."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.blockchair import Blockchair
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.tests.adapters.bent import bent, decoded
from providers.tests.adapters.figures import check_figures
from providers.tests.conftest import Upstream, payload

BITCOIN = payload("blockchair", "bitcoin")


def ask(text=BITCOIN, chain="bitcoin", key=""):
    upstream = Upstream({f"/{chain}/stats": text}, key=key)
    return Blockchair(chain, source="a-slug").chain_figures(upstream.tap), upstream


def changed(**fields):
    body = json.loads(BITCOIN)
    body["data"].update(fields)
    return json.dumps(body)


def test_the_stats_become_exact_figures():
    found, upstream = ask()
    assert (found.chain, found.source) == ("bitcoin", "a-slug")
    assert found.observed_at == datetime(2025, 11, 21, 7, 59, 27, tzinfo=UTC)
    assert found.figures["height_blocks"] == 923567
    assert found.figures["hash_rate_per_second"] == Decimal("950108646889817112576")
    assert found.figures["difficulty"] == Decimal("133005081894757.14")
    assert found.figures["fee_median_24h_usd"] == Decimal("2.6795408736304216")
    assert upstream.asked[0][1] is None


def test_a_chain_without_work_has_no_hash_rate():
    found, _ = ask(payload("blockchair", "ethereum"), "ethereum")
    assert "hash_rate_per_second" not in found.figures
    assert found.figures["height_blocks"] > 0


def test_a_key_is_asked_with():
    assert ask(key="secret")[1].asked[0][1] == {"key": "secret"}


def test_zero_is_a_count_but_no_fee():
    figures = ask(changed(mempool_transactions=0, suggested_transaction_fee_per_byte_sat=0))
    assert figures[0].figures["mempool_transactions"] == 0
    assert "fee_suggested_sat_per_byte" not in figures[0].figures


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        ({"code": 402, "error": "limit"}, RateLimited),
        ({"code": 429}, RateLimited),
        ({"code": 430, "error": "blocked"}, Blocked),
        ({"code": 500}, BadPayload),
        ({"code": [1]}, BadPayload),
        ({"code": 200}, BadPayload),
        ({}, BadPayload),
        (None, BadPayload),
    ],
)
def test_an_error_has_its_name(context, kind):
    with pytest.raises(ProviderError) as caught:
        ask(json.dumps({"data": None, "context": context}))
    assert type(caught.value) is kind


def test_the_payload_of_a_limit_is_a_limit():
    with pytest.raises(RateLimited, match="limit of requests"):
        ask(payload("blockchair", "limited"))


@pytest.mark.parametrize(
    "fields",
    [
        {"best_block_height": None},
        {"best_block_time": "today"},
        {"best_block_time": None},
        {"difficulty": -1},
        {"hashrate_24h": "much"},
        {"mempool_size": True},
    ],
)
def test_stats_that_make_no_sense_are_a_bad_payload(fields):
    with pytest.raises(BadPayload):
        ask(changed(**fields))


@settings(max_examples=250)
@given(bent(BITCOIN))
def test_bent_stats_give_true_figures_or_a_named_error(text):
    try:
        found, _ = ask(text)
    except ProviderError:
        return
    check_figures(found, decoded(text))
