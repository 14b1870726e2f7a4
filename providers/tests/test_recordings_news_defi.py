"""Recorded answers of chains, DeFi, mood and news, wherever their folder lies."""

import hashlib
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from providers.adapters.alternative_me import AlternativeMe
from providers.adapters.blockchain_info import BlockchainInfo
from providers.adapters.cryptopanic import CryptoPanic
from providers.adapters.defillama import DefiLlama
from providers.adapters.etherscan import Etherscan
from providers.adapters.mempool_space import MempoolSpace
from providers.adapters.rss import MOST_ITEMS, Rss
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.tests.conftest import Upstream, payload

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"
pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings here")

# Later than every recording, so that only what was planned is dated back.
LATER = datetime(2026, 10, 8, 8, tzinfo=UTC)
CHARTS = {
    "/charts/n-transactions": "blockchain_info/charts_n_transactions_2022-01.json",
    "/charts/total-bitcoins": "blockchain_info/charts_total_bitcoins_2022-01.json",
}


def recorded(name):
    return (RECORDINGS / name).read_text(encoding="utf-8")


def names(pattern):
    return sorted(path.relative_to(RECORDINGS).as_posix() for path in RECORDINGS.glob(pattern))


def exact(name):
    return json.loads(recorded(name), parse_float=Decimal)


def tap(path, text, **more):
    return Upstream({path: text}, **more).tap


def moment(seconds):
    return datetime.fromtimestamp(int(seconds), UTC)


def feed(name):
    return Rss("a-feed", "/").headlines(tap("/", recorded(name), now=LATER))


@pytest.mark.parametrize("name", names("defillama/protocols_*"))
def test_every_protocol_with_a_number_is_read(name):
    found = {one.slug: one for one in DefiLlama().protocols(tap("/protocols", recorded(name)))}
    rows = {row["slug"]: row for row in exact(name)}
    assert set(found) == {slug for slug, row in rows.items() if row["tvl"] and row["tvl"] > 0}
    for slug, one in found.items():
        row = rows[slug]
        assert one.tvl == row["tvl"]
        assert (one.change_1d, one.change_7d) == (row["change_1d"], row["change_7d"])
        assert one.market_cap == (row.get("mcap") or None)
        assert (one.name, one.chains) == (row["name"].strip(), tuple(row["chains"]))


@pytest.mark.parametrize("name", names("defillama/charts_*"))
def test_every_day_of_the_older_chart_is_read(name):
    points = DefiLlama().tvl_chart(tap("/v2/historicalChainTvl", recorded(name)))
    said = [(moment(row["date"]), row["totalLiquidityUSD"]) for row in exact(name)]
    assert [(one.at, one.tvl) for one in points] == said


@pytest.mark.parametrize("name", names("defillama/yields_*"))
def test_every_pool_is_read(name):
    found = DefiLlama().yields(tap("/pools", recorded(name)))
    said = [(row["pool"], row["tvlUsd"], row["apy"]) for row in exact(name)["data"]]
    assert [(one.pool, one.tvl, one.apy) for one in found] == said
    assert (found[0].project, found[0].apy_base, found[0].is_stable) == (
        "lido",
        Decimal("2.235"),
        False,
    )


@pytest.mark.parametrize("method", ["protocols", "tvl_chart", "yields"])
@pytest.mark.parametrize(
    "name",
    [*names("defillama/*prices_*"), *names("defillama/protocol_*"), *names("defillama/stable*")],
)
def test_answers_to_other_questions_are_refused(method, name):
    path = {"protocols": "/protocols", "tvl_chart": "/v2/historicalChainTvl", "yields": "/pools"}
    with pytest.raises(BadPayload):
        getattr(DefiLlama(), method)(tap(path[method], recorded(name)))


@pytest.mark.parametrize("name", names("alternative_me/*"))
def test_every_reading_is_read(name):
    found = AlternativeMe().fear_greed(10, tap("/fng/", recorded(name)))
    said = [
        (int(row["value"]), row["value_classification"], moment(row["timestamp"]))
        for row in exact(name)["data"]
    ]
    assert [(one.value, one.classification, one.observed_at) for one in found] == said


@pytest.mark.parametrize("name", names("mempool_space/mining_*"))
def test_hash_rates_beyond_every_machine_number_are_exact(name):
    answers = {
        "/api/v1/fees/recommended": payload("mempool_space", "fees"),
        "/api/blocks/tip/height": payload("mempool_space", "height"),
        "/api/v1/mining/hashrate/1m": recorded(name),
    }
    figures = MempoolSpace().chain_figures(Upstream(answers).tap).figures
    said = exact(name)
    assert figures["hash_rate_per_second"] == said["hashrates"][-1]["avgHashrate"] > 2**63
    assert figures["difficulty"] == said["difficulty"][-1]["difficulty"]


@pytest.mark.parametrize("name", names("mempool_space/[aw]*"))
def test_other_answers_of_the_mempool_are_refused(name):
    fees = "/api/v1/fees/recommended"
    answers = dict.fromkeys(("/api/blocks/tip/height", "/api/v1/mining/hashrate/1m"), "7")
    with pytest.raises(BadPayload):
        MempoolSpace().chain_figures(Upstream({**answers, fees: recorded(name)}).tap)


def test_the_last_points_of_the_charts_are_read():
    answers = {path: recorded(name) for path, name in CHARTS.items()}
    found = BlockchainInfo().chain_figures(Upstream(answers).tap)
    transactions, supply = (exact(name)["values"][-1] for name in CHARTS.values())
    assert found.figures == {
        "transactions_per_day": transactions["y"],
        "supply_btc": supply["y"],
    }
    assert found.figures["supply_btc"] == Decimal("18934475")
    assert found.observed_at == moment(min(transactions["x"], supply["x"]))


@pytest.mark.parametrize(
    "name", [name for name in names("blockchain_info/*") if name not in CHARTS.values()]
)
def test_what_is_no_chart_is_refused(name):
    answers = {path: recorded(name) for path in CHARTS}
    with pytest.raises(BadPayload):
        BlockchainInfo().chain_figures(Upstream(answers).tap)


@pytest.mark.parametrize("name", names("etherscan/gas_*"))
def test_the_price_of_gas_is_read(name):
    figures = Etherscan().chain_figures(tap("/v2/api", recorded(name))).figures
    said = exact(name)["result"]
    assert figures == {
        "height_blocks": Decimal(said["LastBlock"]),
        "gas_safe_gwei": Decimal(said["SafeGasPrice"]),
        "gas_proposed_gwei": Decimal(said["ProposeGasPrice"]),
        "gas_fast_gwei": Decimal(said["FastGasPrice"]),
    }


@pytest.mark.parametrize(
    "name", [name for name in names("etherscan/*") if not name.startswith("etherscan/gas_")]
)
def test_other_answers_of_etherscan_are_refused_by_name(name):
    with pytest.raises(ProviderError) as caught:
        Etherscan().chain_figures(tap("/v2/api", recorded(name)))
    assert type(caught.value) is (RateLimited if "rate_limit" in name else BadPayload)


@pytest.mark.parametrize("name", names("cryptopanic/posts_*"))
def test_every_post_is_read_and_the_token_stays_behind(name):
    path = "/api/developer/v2/posts/"
    found = CryptoPanic().headlines(tap(path, recorded(name), key="REDACTED_TOKEN"))
    rows = exact(name)["results"]
    assert len(found) == len({row["id"] for row in rows})
    for one, row in zip(found, rows, strict=True):
        assert (one.key, one.url) == (str(row["id"]), row["url"])
        assert one.title == " ".join(row["title"].split())
        assert one.published_at == datetime.fromisoformat(row["published_at"])
        codes = [asset["code"] for asset in row.get("currencies") or []]
        # One code is no symbol that anybody trades.
        assert one.symbols == tuple(code for code in codes if code != "MC_")
    assert "REDACTED_TOKEN" not in str(found)


@pytest.mark.parametrize("name", names("cryptopanic/error_*"))
def test_a_missing_token_is_a_block(name):
    with pytest.raises(Blocked):
        CryptoPanic().headlines(tap("/api/developer/v2/posts/", recorded(name)))


@pytest.mark.parametrize("name", names("rss/*"))
def test_every_item_of_every_feed_is_read(name):
    items = re.findall(r"<item>.*?</item>", recorded(name), re.DOTALL)
    found = feed(name)
    assert len(found) == min(len(items), MOST_ITEMS)
    for one, item in zip(found, items, strict=True):
        (guid,) = re.findall(r"<guid[^>]*>(.*?)</guid>", item)
        assert one.key in (guid, hashlib.sha256(guid.encode()).hexdigest())
        assert re.search(r"<(?:script|p|a|br|strong)\b", one.title + one.summary) is None
        assert "&amp;" not in one.title + one.summary
        assert one.url.startswith(("https://", "http://"))
        assert one.url in item.replace("&amp;", "&")
        assert datetime(2016, 1, 1, tzinfo=UTC) < one.published_at <= LATER
        assert one.title.split()[0] in item


def test_planned_maintenance_is_dated_to_now():
    planned, happened = feed("rss/kraken_status_2items_2026-10.xml")
    assert planned.published_at == LATER
    assert happened.published_at == datetime(2026, 10, 7, 8, 18, 53, tzinfo=UTC)
    assert happened.key == happened.url == "https://status.kraken.com/incidents/1x3htqnlht90"


def test_times_of_another_zone_are_right():
    first, _ = feed("rss/coinbase_status_2items_2026-10.xml")
    assert first.published_at == datetime(2026, 10, 8, 7, 15, 7, tzinfo=UTC)
    assert first.summary.startswith("Oct 8, 00:15 PDT Completed - The scheduled")
