"""Chains, DeFi, mood and news over real HTTP, and the rows that say where they are."""

import re
from datetime import UTC, datetime

import pytest

from providers import asking, budget
from providers.adapter import CAPABILITIES
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited, Unreachable
from providers.roster import Member
from providers.rows import chains, defi, feeds, mood
from providers.simulator import Simulator
from providers.simulator.wire.feeds import is_feed

ROWS = (*chains.ROWS, *defi.ROWS, *mood.ROWS, *feeds.ROWS)
OTHERS = (*chains.ROWS, *defi.ROWS, *mood.ROWS, feeds.ROWS[0])
BY_SLUG = {row.slug: row for row in ROWS}
# One of each format, path and kind.
FEEDS = (
    "coindesk-news",
    "google-bitcoin-news",
    "kraken-status",
    "bitcoin-releases",
    "r-bitcoin-forum",
    "aave-forum",
    "sec-notices",
    "glassnode-research",
    "ethereum-blog",
)
ASKED = tuple(
    (row.slug, capability)
    for row in (*OTHERS, *(BY_SLUG[slug] for slug in FEEDS))
    for capability in row.offers
)


def ask(slug, capability):
    row = BY_SLUG[slug]
    key = "a-key" if row.needs_key == "required" else ""
    member = Member(row=row, capability=capability, place=1, key=key, is_on=True)
    question = (3,) if capability == "fear_greed" else ()
    return asking.ask(
        member, lambda tap: getattr(row.adapter, CAPABILITIES[capability])(*question, tap)
    )


def refusal(slug, capability):
    with pytest.raises(ProviderError) as caught:
        ask(slug, capability)
    return type(caught.value)


@pytest.mark.parametrize(("slug", "capability"), ASKED)
def test_each_answers_in_the_simulated_market(sim, slug, capability):
    answered = ask(slug, capability)
    assert answered
    one = answered[0] if isinstance(answered, list) else answered
    assert one.source == slug


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rate_limited", {RateLimited}),
        ("forbidden", {Blocked}),
        ("geo_blocked", {Blocked}),
        ("server_error", {Unreachable}),
        ("html", {BadPayload}),
        ("error_body", {BadPayload}),
        ("truncated", {BadPayload}),
        ("reset", {Unreachable}),
    ],
)
def test_each_fault_has_its_name_everywhere(sim, kind, expected, monkeypatch):
    # Whoever asked for a pause is asked again at once, about something else.
    monkeypatch.setattr(budget, "paused_until", lambda slug: 0)
    monkeypatch.setattr(budget, "take", lambda slug, **_: True)
    for slug, capability in ASKED:
        sim.fault(slug, kind)
        assert {refusal(slug, capability)} == expected, slug
        sim.heal(slug)


def test_headlines_stay_the_same_until_there_are_new_ones(settings):
    settings.SIMULATED = True
    now = 1763712345.0
    with Simulator(seed=7, clock=lambda: now) as sim:
        settings.PROVIDERS_BASE_URL = sim.url
        first = ask("coindesk-news", "news")
        now += 5400
        later = ask("coindesk-news", "news")
    keys = [one.key for one in later]
    assert keys.index(first[0].key) == 2
    same = {one.key: one for one in later}
    assert all(same.get(one.key, one) == one for one in first)


def test_a_feed_is_dated_no_later_than_now(sim):
    for headline in ask("kraken-status", "news"):
        assert headline.published_at <= datetime.now(UTC)


def test_headlines_name_the_assets_that_they_are_about(sim):
    assert any(headline.symbols for headline in ask("coindesk-news", "news"))
    assert all(headline.symbols for headline in ask("cryptopanic", "news"))


def test_every_row_has_a_slug_of_its_own():
    slugs = [row.slug for row in ROWS]
    assert len(slugs) == len(set(slugs))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)


def test_every_row_can_be_simulated():
    simulator = Simulator(seed=7)
    assert [row.slug for row in ROWS if not simulator.knows(row.slug)] == []
    simulator.stop()


def test_feeds_are_many_and_no_two_are_one():
    rows = feeds.ROWS[1:]
    assert len(rows) >= 95
    assert all(is_feed(row.slug) and row.slug == row.adapter.source for row in rows)
    places = [(row.origin + row.adapter.path).rstrip("/").lower() for row in rows]
    assert len(places) == len(set(places))
    assert all(re.fullmatch(r"https://[a-z0-9.-]+", row.origin) for row in rows)
    assert all(row.adapter.path.startswith("/") for row in rows)


def test_a_fresh_installation_reads_a_few_feeds_and_needs_no_key():
    defaults = [row for row in ROWS if row.is_default]
    assert 20 <= sum(row.kind == "news" for row in defaults) <= 30
    assert all(row.needs_key != "required" for row in defaults)
    assert {row.kind for row in defaults} == {"chain", "defi", "mood", "news"}
