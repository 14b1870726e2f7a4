"""Three answers become one set of figures, exact beyond what a float or 64 bits hold."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.mempool_space import MempoolSpace
from providers.exceptions import BadPayload, ProviderError
from providers.tests.adapters.bent import bent, decoded
from providers.tests.adapters.figures import check_figures
from providers.tests.conftest import NOW, Upstream, payload

PLACES = {
    "fees": "/api/v1/fees/recommended",
    "height": "/api/blocks/tip/height",
    "mining": "/api/v1/mining/hashrate/1m",
}
TEXTS = {case: payload("mempool_space", case) for case in PLACES}


def ask(**texts):
    answers = {path: {**TEXTS, **texts}[case] for case, path in PLACES.items()}
    return MempoolSpace().chain_figures(Upstream(answers).tap)


def without(text, *names):
    return json.dumps({k: v for k, v in json.loads(text).items() if k not in names})


def test_the_answers_become_exact_figures():
    found = ask()
    assert (found.chain, found.source, found.observed_at) == ("bitcoin", "mempool-space", NOW)
    assert found.figures == {
        "fee_fastest_sat_per_vbyte": Decimal("14.49"),
        "fee_half_hour_sat_per_vbyte": Decimal("11.592"),
        "fee_hour_sat_per_vbyte": Decimal("8.694"),
        "fee_economy_sat_per_vbyte": Decimal(1),
        "fee_minimum_sat_per_vbyte": Decimal(1),
        "height_blocks": Decimal(923567),
        "hash_rate_per_second": Decimal("1.037219480562731e+21"),
        "difficulty": Decimal("133005081894757.14"),
    }


def test_without_current_values_the_newest_of_the_charts_count():
    mining = without(TEXTS["mining"], "currentHashrate", "currentDifficulty")
    found = ask(mining=mining).figures
    assert found["hash_rate_per_second"] == 912345678901234567891
    assert found["difficulty"] == Decimal("133005081894757.14")


@pytest.mark.parametrize(
    "texts",
    [
        {"height": "tip"},
        {"height": "0"},
        {"height": "923567.5"},
        {"height": "-1"},
        {"height": "[]"},
        {"height": "NaN"},
        {"fees": without(TEXTS["fees"], "hourFee")},
        {"fees": '{"fastestFee": -1}'},
        {"fees": "[]"},
        {"mining": "{}"},
        {"mining": '{"hashrates": [], "difficulty": []}'},
        {"mining": '{"currentHashrate": 0, "currentDifficulty": 1}'},
    ],
)
def test_an_answer_that_makes_no_sense_is_a_bad_payload(texts):
    with pytest.raises(BadPayload):
        ask(**texts)


@pytest.mark.parametrize("case", ["fees", "mining"])
def test_bent_answers_give_true_figures_or_a_named_error(case):
    @settings(max_examples=150)
    @given(bent(TEXTS[case]))
    def check(text):
        try:
            found = ask(**{case: text})
        except ProviderError:
            return
        told = [decoded(text), *(decoded(other) for name, other in TEXTS.items() if name != case)]
        check_figures(found, told)

    check()
