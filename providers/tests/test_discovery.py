"""Discovery end to end: found, asked for real over HTTP, kept with evidence, and let in."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from cryptodt.common.single import single
from providers import agreed, candidates, discovery, exchange_lists, registry, roster, scout, tasks
from providers.models import Candidate, DiscoveryRule, DiscoveryRun, Provider
from providers.scout import Scout
from providers.tests.listener import answer
from providers.validation import Found, judge

pytestmark = pytest.mark.django_db

FEED = "https://news.example/markets/feed.xml"


@pytest.fixture
def few(monkeypatch):
    """Let one publisher be looked at."""
    monkeypatch.setattr(
        discovery, "_homes", lambda: iter([("decrypt-news", "Decrypt", "https://decrypt.co/")])
    )


@pytest.fixture
def kraken_is_new(monkeypatch):
    rows = tuple(row for row in registry.ROWS if row.slug != "kraken")
    monkeypatch.setattr(registry, "ROWS", rows)
    monkeypatch.setattr(registry, "BY_SLUG", {row.slug: row for row in rows})
    Provider.objects.filter(slug="kraken").delete()
    roster.changed()


def found(kind="rss", address=FEED):
    return Found(format=kind, address=address, name="Example", found_by="a test")


def judged(one, slug="example-news"):
    return judge(one, slug, Scout(seconds=30), timezone.now())


def kept(slug):
    return Candidate.objects.get(slug=slug)


def bitcoin_of(sim):
    return Decimal(str(round(sim.view("kraken").usd("BTC", timezone.now().timestamp()), 2)))


# -- Feeds -----------------------------------------------------------------------------


def test_a_feed_that_a_home_page_names_becomes_a_candidate(sim, few):
    run = discovery.run()
    one = kept("decrypt-co-markets-feed-xml-news")
    assert (one.added_format, one.added_address) == ("rss", "https://decrypt.co/markets/feed.xml")
    assert (one.name, one.found_by) == ("Decrypt: Markets", "advertised by https://decrypt.co/")
    assert one.is_valid
    assert one.evidence["headlines"] >= 19
    assert one.evidence["latencyMs"] >= 0
    assert one.evidence["newest"] <= timezone.now().isoformat()
    assert one.provider is None
    assert (run.checked, run.valid, run.asked) == (2, 2, 3)
    assert not Provider.objects.filter(slug=one.slug).exists()


def test_who_was_looked_at_is_left_alone_for_a_while(sim, few):
    discovery.run()
    assert discovery.run().checked == 0
    Candidate.objects.update(checked_at=timezone.now() - candidates.RECHECK)
    again = discovery.run()
    assert again.checked == 2
    assert kept("decrypt-co-markets-feed-xml-news").first_found_at < again.started_at


def test_what_is_read_already_is_no_candidate(sim, monkeypatch):
    known = [found(address=a) for a in ("https://decrypt.co/feed/", "https://www.decrypt.co/feed")]
    assert candidates.due(known, now=timezone.now(), most=9) == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("html", "is no feed"),
        ("server_error", "HTTP 500"),
        ("truncated", "broke off"),
        ("reset", "broke the connection"),
        ("geo_blocked", "HTTP 451"),
    ],
)
def test_a_feed_that_is_none_is_refused_with_the_reason(sim, fault, reason):
    sim.fault("example-news", fault)
    verdict = judged(found())
    assert reason in verdict.reason
    assert verdict.evidence["asked"] == FEED


def test_a_feed_that_has_been_asleep_is_refused(sim):
    sim.fault("example-news", "stale", age=40 * 86400)
    assert judged(found()).reason.startswith("has written nothing for 4")


def test_a_feed_without_dates_is_refused(listen, settings, live_market):
    item = "<item><title>A</title><link>https://news.example/1</link></item>"
    body = f"<rss version='2.0'><channel>{item}</channel></rss>".encode()
    settings.PROVIDERS_BASE_URL = listen(answer(body=body)).url
    verdict = judged(found())
    assert verdict.reason == "has no headline that says when it was written"
    assert (verdict.evidence["headlines"], verdict.evidence["dated"]) == (1, 0)


def test_a_feed_that_leads_into_this_network_is_refused(listen, settings, live_market):
    secret = listen(answer(body=b"<rss version='2.0'></rss>"))
    server = listen(answer(302, headers={"Location": secret.url}))
    settings.PROVIDERS_BASE_URL = server.url
    assert "may not be asked" in judged(found()).reason
    assert (len(server.requests), secret.connections) == (1, 0)


def test_a_feed_is_kept_under_the_address_it_moved_to(sim, few, listen, settings, monkeypatch):
    monkeypatch.setattr(exchange_lists, "LISTS", ())
    mark = {"X-Simulated-Market": "1"}
    home = b'<link rel="alternate" type="application/rss+xml" href="/old">'
    feed = sim.respond("x-news", "/feed", {})[0].encoded()
    settings.PROVIDERS_BASE_URL = listen(
        answer(body=home, headers=mark),
        answer(301, headers={**mark, "Location": "https://feeds.example/decrypt"}),
        answer(body=feed, headers=mark),
    ).url
    discovery.run()
    one = Candidate.objects.get()
    assert one.added_address == "https://feeds.example/decrypt"
    assert one.evidence["asked"] == "https://decrypt.co/old"
    # It is not looked at again under its old address.
    old = found(address="https://decrypt.co/old")
    assert candidates.due([old], now=timezone.now(), most=9) == []


def test_a_candidate_that_breaks_its_reader_ends_nothing(sim, few, monkeypatch):
    def broken(self, tap):
        raise ZeroDivisionError

    monkeypatch.setattr("providers.adapters.rss.Rss.headlines", broken)
    assert discovery.run().checked == 2
    assert kept("decrypt-co-markets-feed-xml-news").reason == (
        "could not be read (ZeroDivisionError)"
    )


# -- Exchanges -------------------------------------------------------------------------


def test_every_exchange_of_ccxt_has_a_row_or_is_found(kraken_is_new, sim):
    assert [one.address for one in exchange_lists.exchanges().found] == ["kraken"]


def test_an_exchange_is_held_against_what_the_others_agree_on(sim, few, kraken_is_new):
    agreed.note({"BTC": bitcoin_of(sim)})
    discovery.run()
    one = kept("kraken")
    assert one.is_valid, one.reason
    assert one.found_by == "known to ccxt, listed by CoinGecko"
    assert Decimal(one.evidence["deviationPercent"]) < 2
    assert Decimal(one.evidence["price"]) > 0
    assert one.evidence["currency"] in ("USD", "USDT", "USDC")


def test_an_exchange_that_is_far_off_is_refused(sim, kraken_is_new):
    sim.fault("kraken", "wrong_price", factor=1.03)
    agreed.note({"BTC": bitcoin_of(sim)})
    verdict = judged(found("ccxt", "kraken"), "kraken")
    assert "% from what the others say" in verdict.reason
    assert Decimal(verdict.evidence["deviationPercent"]) > 2


def test_without_a_price_to_compare_with_nothing_is_said_of_an_exchange(sim, kraken_is_new):
    assert judged(found("ccxt", "kraken"), "kraken") is None
    assert sim.requests("kraken") == []


def test_exchanges_that_nobody_can_speak_to_are_counted(sim, few):
    run = discovery.run()
    # Two that the simulated CoinGecko has heard of, and the places of DefiLlama.
    assert run.unspoken >= 2
    assert run.trouble == []
    assert not Candidate.objects.filter(added_format="ccxt").exists()


def test_a_list_that_cannot_be_read_is_named(sim, few):
    sim.fault("coingecko", "html")
    run = discovery.run()
    assert [one.split(":")[0] for one in run.trouble] == ["the list of CoinGecko"]
    assert run.checked == 2


# -- Limits ----------------------------------------------------------------------------


def test_a_run_looks_at_so_many_and_no_more(sim, monkeypatch):
    monkeypatch.setattr(discovery, "MOST_PAGES", 3)
    monkeypatch.setattr(discovery, "MOST_CHECKS", 4)
    assert discovery.run().checked == 4
    assert len({r.provider for r in sim.requests() if r.path == "/"}) == 3


def test_without_an_internet_nobody_is_judged(sim, settings, monkeypatch):
    settings.PROVIDERS_BASE_URL = "http://127.0.0.1:9"
    run = discovery.run()
    assert (run.asked, run.checked) == (scout.HOPELESS, 0)
    assert "is there an internet?" in run.trouble[-1]
    assert not Candidate.objects.exists()


def test_a_run_is_skipped_while_another_goes_on(sim, few):
    with single(candidates.RUNNING, seconds=60):
        tasks.run_discovery("ticket")
    assert not DiscoveryRun.objects.exists()
    tasks.run_discovery("ticket")
    assert DiscoveryRun.objects.count() == 1


def test_the_daily_search_can_be_switched_off(sim, few, settings):
    settings.ENABLE_AUTO_DISCOVERY = False
    tasks.discover_daily()
    assert not DiscoveryRun.objects.exists()
    settings.ENABLE_AUTO_DISCOVERY = True
    tasks.discover_daily()
    assert DiscoveryRun.objects.count() == 1


def test_what_nobody_tells_of_any_more_is_forgotten(sim, few):
    discovery.run()
    long_ago = timezone.now() - candidates.KEEP - timedelta(days=1)
    Candidate.objects.update(checked_at=long_ago)
    DiscoveryRun.objects.update(started_at=long_ago)
    candidates.drop_old(now=timezone.now())
    assert (Candidate.objects.count(), DiscoveryRun.objects.count()) == (0, 0)


# -- Taken in --------------------------------------------------------------------------


def test_nothing_is_switched_on_unless_an_operator_made_a_rule(sim, few):
    candidates.sync_rules()
    discovery.run()
    assert not Provider.objects.exclude(added_format="").exists()


def test_a_rule_switches_valid_candidates_on(sim, few, django_capture_on_commit_callbacks):
    candidates.sync_rules()
    DiscoveryRule.objects.filter(added_format="rss").update(switches_on=True)
    sim.fault("decrypt-co-analysis-atom-news", "html")
    with django_capture_on_commit_callbacks(execute=True):
        discovery.run()
    one = Provider.objects.exclude(added_format="").get()
    assert (one.slug, one.is_on) == ("decrypt-co-markets-feed-xml-news", True)
    assert kept(one.slug).provider == one
    assert one.slug in {member.slug for member in roster.current().members("news")}


def test_a_slug_that_is_taken_gets_a_mark():
    Provider.objects.create(slug="news-example-markets-feed-xml-news", name="Other")
    slug = candidates.slug_of(found())
    assert slug.startswith("news-example-markets-feed-xml-")
    assert slug.endswith("-news")
    assert slug != candidates.slug_of(replace(found(), address=FEED + "?page=2"))


def test_a_long_address_makes_a_slug_that_fits():
    slug = candidates.slug_of(found(address="https://news.example/" + "long/" * 50))
    assert len(slug) <= 60
    assert slug.endswith("-news")
