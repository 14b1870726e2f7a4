"""The whole market on the dashboard, without a script: filled, stale, and with nothing to show."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.models import User
from market.tests.figures import given_protocols, given_totals, given_trending
from market.tests.quotes import NOW, given_assets, given_price

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_static(settings):
    storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": storage}}


@pytest.fixture
def show(client):
    """Return the dashboard so many seconds later."""
    client.force_login(User.objects.create_user("alice"))

    def shown(seconds=5):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            return client.get("/").content.decode()

    return shown


def words(page, opening):
    """Return the words of the section that opens like this."""
    found = re.search(rf"<section[^>]*{re.escape(opening)}.*?</section>", page, re.S)
    assert found, opening
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def given_movers(settings):
    given_assets(settings, "BTC", "ETH")
    volume = Decimal(10**9)
    given_price("BTC", "64000.51", change_24h=Decimal("1.27"), volume_24h=volume)
    given_price("ETH", "3000.25", change_24h=Decimal("-2.5"), volume_24h=volume)


def test_totals_are_spelled_with_their_source_and_age(show):
    given_totals(market_cap_change_24h=Decimal("-1.234"))
    strip = words(show(130), "data-global")
    assert "CoinGecko · 2 min ago" in strip
    assert "$2.50T \N{MINUS SIGN}1.23%" in strip
    assert "$130.00B" in strip
    assert "BTC 55.5%" in strip
    assert "17,000" in strip


def test_a_share_that_nobody_states_is_unknown_and_has_no_width(show):
    given_totals()
    page = show()
    assert "ETH unknown" in words(page, "data-global")
    assert re.search(r'data-global-part="eth-bar"[^>]*width="0"', page)


def test_old_totals_say_that_they_are_old(show):
    given_totals()
    page = show(901)
    assert "CoinGecko · 15 min old" in words(page, "data-global")
    assert re.search(r'class="panel global\s+is-stale"', page)


def test_before_the_first_answer_the_page_says_so_and_shows_no_number(show):
    page = show()
    assert 'data-state="empty"' in page
    assert "No provider has answered yet." in words(page, "data-global")
    assert words(page, 'data-card="defi"') == "Locked in DeFi No provider has answered yet."
    assert words(page, 'data-card="gainers"') == "Gainers, 24 h No fresh price to compare."


def test_who_rose_and_who_fell_stand_apart(show, settings):
    given_movers(settings)
    page = show()
    assert "BTC Bitcoin $64000.51 +1.27%" in words(page, 'data-card="gainers"')
    assert "ETH Ethereum $3000.25 \N{MINUS SIGN}2.50%" in words(page, 'data-card="losers"')


def test_when_nobody_fell_the_list_says_so(show, settings):
    given_assets(settings, "BTC")
    given_price("BTC", change_24h=Decimal(1), volume_24h=Decimal(10**9))
    assert "No tracked asset fell." in words(show(), 'data-card="losers"')


def test_five_trends_and_five_protocols_are_shown(show):
    given_trending(*(f"coin-{n}" for n in range(9)))
    given_protocols(9)
    page = show()
    trends, protocols = words(page, 'data-card="trending"'), words(page, 'data-card="defi"')
    assert ("COIN-4" in trends, "COIN-5" in trends) == (True, False)
    assert "Protocol 5 Lending $1000.00M unknown" in protocols
    assert "Protocol 6" not in protocols
    assert "DefiLlama" in protocols
