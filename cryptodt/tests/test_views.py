"""The dashboard without a script, its spelling of numbers, and the content policy of pages."""

import re
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.http import HttpResponse
from django.template.loader import get_template

from accounts.models import User
from cryptodt import views
from market.selectors import prices
from market.selectors.prices import PriceRow
from providers import selectors as provider_selectors
from providers.selectors import ProviderState

TEMPLATES = Path(configured.BASE_DIR) / "templates"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE
)
ELSEWHERE = re.compile(r"(?:src|href|action)=[\"'](?:https?:)?//", re.IGNORECASE)


def price(symbol="BTC", **fields):
    values = {
        "symbol": symbol,
        "name": "Bitcoin",
        "price": "64000.51",
        "change_24h": "-1.27",
        "volume_24h": "32000000000",
        "market_cap": "1260000000000",
        "source": "binance+kraken",
        "last_update": "2026-11-21T02:51:17.123Z",
        "age": 2,
        "stale": False,
    }
    return PriceRow(**{**values, **fields})


def unpriced(symbol="ETH"):
    return PriceRow(symbol, "Ethereum", None, None, None, None, "", None, None, stale=False)


def provider(slug="binance", name="Binance", status="online", error=None):
    return ProviderState(
        slug=slug, name=name, status=status, latency_ms=84, last_check=None, error=error
    )


@pytest.fixture(autouse=True)
def plain_static(settings):
    storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": storage}}


@pytest.fixture
def show(client, db, monkeypatch):
    """Return the dashboard's text for the given rows and providers."""
    client.force_login(User.objects.create_user("alice"))

    def shown(rows, providers=()):
        monkeypatch.setattr(prices, "price_board", lambda: list(rows))
        monkeypatch.setattr(provider_selectors, "provider_states", lambda: list(providers))
        return client.get("/").content.decode()

    return shown


def text_of(page, attribute):
    """Return the text of the element with that attribute, without its tags."""
    found = re.search(
        rf"<(\w+)[^>]*{re.escape(attribute)}[^>]*>(.*?)</\1>(?=</span>|\s)", page, re.S
    )
    assert found, attribute
    return re.sub(r"<[^>]+>", "", found[2])


def test_whoever_is_not_logged_in_is_sent_to_the_door(client, db):
    assert client.get("/").headers["Location"] == "/login?next=/"


def test_a_price_is_shown_exactly_as_it_is(show):
    assert text_of(show([price()]), 'data-price="BTC"') == "64000.51"


def test_a_rank_is_what_was_told_and_not_the_place_in_the_table(show):
    page = show([price(rank=4), unpriced()])
    ranks = re.findall(r'data-cell="rank">([^<]*)<', page)
    # The last one is what the script copies.
    assert ranks == ["4", "", ""]


def test_a_price_is_not_kept_in_the_cache_of_a_browser(client, db):
    client.force_login(User.objects.create_user("alice"))
    assert "no-store" in client.get("/").headers["Cache-Control"]


def test_a_young_price_is_not_called_old(show):
    page = show([price(age=30)])
    assert "30 s ago" in page
    assert 'class="is-old"' not in page


def test_an_old_price_says_how_old_it_is(show):
    page = show([price(age=42)])
    assert "42 s old" in page
    assert 'class="is-old"' in page


def test_without_a_price_the_page_says_so_and_why(show):
    page = show([unpriced()], [provider(status="offline", error="did not answer in time")])
    assert "No provider has answered so far" in page
    assert "did not answer in time" in page
    assert text_of(page, 'data-price="ETH"') == ""
    assert "is-unpriced" in page


def test_what_a_provider_is_named_stands_beside_the_price(show):
    assert '<span class="source">Binance</span>' in show([price()], [provider()])


def test_a_sum_says_over_how_many_assets_it_goes(show):
    page = show([price(), price("ETH", market_cap=None)])
    assert "$1.26T" in page
    assert "1 of 2 assets" in page


def test_names_are_escaped(show):
    assert "<b>x</b>" not in show([price(name="<b>x</b>")])


def test_a_simulated_market_is_marked(show, settings):
    settings.SIMULATED = True
    page = show([price()])
    assert "data-simulated" in page
    assert "<title>[Simulated]" in re.sub(r"\s+", " ", page).replace("<title> ", "<title>")


def test_a_live_market_is_not_marked(show, settings):
    settings.SIMULATED = False
    assert "data-simulated" not in show([price()])


@pytest.mark.parametrize("name", NAMES)
def test_a_template_holds_nothing_inline_and_nothing_from_elsewhere(name):
    source = (TEMPLATES / name).read_text()
    assert INLINE.findall(source) == []
    assert ELSEWHERE.findall(source) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles(name):
    assert get_template(name)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("errors/")])
def test_an_error_page_needs_no_context_and_no_database(name):
    assert "CryptoDT" in get_template(name).render({})


def test_the_reference_may_draw_its_own_styles_and_nothing_else_may(rf, settings):
    usual = settings.CONTENT_SECURITY_POLICY
    answer = views.with_policy(lambda request: HttpResponse(), style_src="'unsafe-inline'")
    text = answer(rf.get("/redoc")).headers["Content-Security-Policy"]
    assert "style-src 'unsafe-inline'" in text
    assert f"script-src {usual['script-src']}" in text
