"""Chains, DeFi, mood and news as the simulator serves them: steady, and true to its market."""

import pytest
import requests

from providers.simulator import Simulator
from providers.tests.simulator.conftest import NOW

PLACES = (
    "alternative-me/fng/?limit=5",
    "blockchain-info/charts/hash-rate?timespan=5days",
    "blockchair-zcash/zcash/stats",
    "cryptopanic/api/developer/v2/posts/?auth_token=x",
    "defillama/protocols",
    "defillama/v2/historicalChainTvl",
    "defillama/pools",
    "etherscan/v2/api?chainid=1&module=gastracker&action=gasoracle&apikey=x",
    "mempool-space/api/v1/mining/hashrate/1m",
    "a-news/feed/",
    "a-releases/x/releases.atom",
    "a-notices/all.rdf",
)


def get(sim, place):
    return requests.get(f"{sim.url}/{place}", timeout=20)


def test_the_same_seed_and_moment_give_the_same_bytes(sim):
    with Simulator(seed=7, clock=lambda: NOW) as twin:
        for place in PLACES:
            answer = get(sim, place)
            assert answer.status_code == 200, place
            assert answer.content == get(twin, place).content


def test_another_seed_gives_another_press(sim):
    with Simulator(seed=8, clock=lambda: NOW) as other:
        assert get(sim, "a-news/feed/").content != get(other, "a-news/feed/").content


def test_what_is_locked_follows_the_price(sim):
    before = {row["slug"]: row["tvl"] for row in get(sim, "defillama/protocols").json()}
    sim.fault("defillama", "wrong_price", factor=2.0)
    for row in get(sim, "defillama/protocols").json():
        assert row["tvl"] == pytest.approx(2 * before[row["slug"]])


def test_every_mood_is_a_class_of_its_own_and_all_days_can_be_had(sim):
    rows = get(sim, "alternative-me/fng/?limit=0").json()["data"]
    assert len(rows) > 2000
    classes = {row["value_classification"] for row in rows}
    assert len(classes) == 5
    assert all(0 <= int(row["value"]) <= 100 for row in rows)


def test_chains_are_as_high_everywhere(sim):
    height = get(sim, "mempool-space/api/blocks/tip/height").json()
    stats = get(sim, "blockchair/bitcoin/stats").json()["data"]
    assert stats["best_block_height"] == height


@pytest.mark.parametrize(
    ("place", "status", "said"),
    [
        ("cryptopanic/api/developer/v2/posts/", 400, "Token not found"),
        ("cryptopanic/other", 404, "No such place"),
        ("etherscan/api", 200, "deprecated V1"),
        ("etherscan/v2/api?chainid=1", 200, "Missing/Invalid API Key"),
        ("etherscan/v2/api?chainid=56&apikey=x", 200, "not supported"),
        ("etherscan/v2/api?chainid=1&apikey=x", 200, "Action name"),
        ("defillama/other", 404, "Not found"),
        ("alternative-me/other", 404, "404"),
        ("blockchair/nochain/stats", 404, "Not found"),
        ("blockchain-info/charts/other", 404, "No chart"),
        ("mempool-space/other", 404, "Cannot GET"),
        ("nobody/feed/", 404, "no such provider"),
    ],
)
def test_each_refuses_as_it_does(sim, place, status, said):
    answer = get(sim, place)
    assert answer.status_code == status
    assert said in answer.text
