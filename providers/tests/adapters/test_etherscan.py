"""The price of gas becomes figures; an error that comes with a good status gets its name."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.etherscan import Etherscan
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.tests.adapters.bent import bent, decoded
from providers.tests.adapters.figures import check_figures
from providers.tests.conftest import NOW, Upstream, payload

GAS = payload("etherscan", "gas")
KEY = "KEY-OF-THE-TEST"


def ask(text=GAS):
    upstream = Upstream({"/v2/api": text}, key=KEY)
    return Etherscan().chain_figures(upstream.tap), upstream


def changed(**fields):
    body = json.loads(GAS)
    body["result"].update(fields)
    return json.dumps(body)


def test_the_oracle_becomes_exact_figures():
    found, upstream = ask()
    assert (found.chain, found.observed_at) == ("ethereum", NOW)
    assert found.figures == {
        "height_blocks": Decimal(23869244),
        "gas_safe_gwei": Decimal("19.396119968"),
        "gas_proposed_gwei": Decimal("19.784042367"),
        "gas_fast_gwei": Decimal("22.305537963"),
        "gas_base_gwei": Decimal("19.008197568"),
    }
    assert upstream.asked[0][1]["apikey"] == KEY


def test_an_older_answer_has_whole_prices_and_no_base():
    found, _ = ask(payload("etherscan", "gas_older"))
    assert found.figures["gas_fast_gwei"] == 52
    assert "gas_base_gwei" not in found.figures


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ("Max calls per sec rate limit reached (3/sec)", RateLimited),
        ("Max rate limit reached", RateLimited),
        ("Missing/Invalid API Key", Blocked),
        ("You are using a deprecated V1 endpoint", Blocked),
        ("Free API access is not supported for this chain", Blocked),
        ("Error! Missing Or invalid Action name", BadPayload),
        ([], BadPayload),
        (None, BadPayload),
    ],
)
def test_an_error_has_its_name(result, kind):
    with pytest.raises(ProviderError) as caught:
        ask(json.dumps({"status": "0", "message": "NOTOK", "result": result}))
    assert type(caught.value) is kind


def test_the_key_is_never_in_an_error():
    with pytest.raises(Blocked) as caught:
        ask(json.dumps({"status": "0", "result": f"Invalid API Key: {KEY}"}))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("case", ["rate_limited", "no_key"])
def test_the_payloads_of_errors_are_errors(case):
    with pytest.raises((RateLimited, Blocked)):
        ask(payload("etherscan", case))


@pytest.mark.parametrize(
    "text",
    [
        changed(SafeGasPrice=""),
        changed(FastGasPrice="-1"),
        changed(LastBlock=None),
        changed(ProposeGasPrice="0"),
        changed(suggestBaseFee="cheap"),
        "[]",
        "null",
        "<html>",
    ],
)
def test_an_oracle_that_makes_no_sense_is_a_bad_payload(text):
    with pytest.raises(BadPayload):
        ask(text)


@settings(max_examples=250)
@given(bent(GAS))
def test_a_bent_oracle_gives_true_figures_or_a_named_error(text):
    try:
        found, _ = ask(text)
    except ProviderError:
        return
    check_figures(found, decoded(text))
