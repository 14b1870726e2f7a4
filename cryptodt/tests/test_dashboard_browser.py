"""The dashboard in a real browser: log in, watch a price move, and see what the market is."""

import re

import pytest
from playwright.sync_api import expect

from cryptodt.tests.conftest import log_in
from providers.registry import ROWS

pytestmark = pytest.mark.browser

EXACT_PRICE = re.compile(r"^\d+(\.\d+)?$")


@pytest.fixture(scope="module")
def dashboard(demo, browser_page):
    """The page of a person who came in with the one-time password and chose another."""
    # Until then an answer that has nothing to tell is a line in the browser's console.
    demo.wait_until(lambda: demo.get("/api/defi")[0] == 200, seconds=40)
    page = browser_page
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda line: page.complaints.append(line.text) if line.type == "error" else None,
    )
    log_in(page, demo)
    return page


def test_a_price_changes_without_a_reload(dashboard):
    price = dashboard.locator('[data-price="BTC"]')
    expect(price).to_have_text(EXACT_PRICE)
    dashboard.evaluate("window.notReloaded = true")
    before = price.text_content()
    expect(price).not_to_have_text(before, timeout=30_000)
    expect(price).to_have_text(EXACT_PRICE)
    assert dashboard.evaluate("window.notReloaded")


def test_the_page_shows_what_is_tracked_and_counts_it(demo, dashboard):
    tracked = demo.get("/api/prices")[1]["data"]
    rows = dashboard.locator("[data-row]")
    # News of all of them came meanwhile.
    expect(dashboard.locator('[data-price="BTC"]')).to_have_text(EXACT_PRICE)
    expect(rows).to_have_count(len(tracked))
    expect(dashboard.locator("[data-shown-count]")).to_have_text(f"{len(tracked)} assets")


def test_the_page_says_that_it_is_live(dashboard):
    expect(dashboard.locator("[data-feed-text]")).to_have_text("Live", timeout=15_000)


def test_the_page_shows_the_same_text_as_the_interface(demo, dashboard):
    shown = dashboard.evaluate(
        """async () => {
          const answer = await (await fetch("/api/prices?symbols=ETH")).json();
          const page = document.querySelector('[data-price="ETH"]');
          return [answer.data[0].priceExact, page.textContent];
        }"""
    )
    assert all(EXACT_PRICE.match(text) for text in shown)


def test_a_simulated_market_cannot_be_overlooked(dashboard):
    expect(dashboard.locator("[data-simulated]")).to_be_visible()
    expect(dashboard).to_have_title(re.compile(r"^\[Simulated\]"))


def test_every_provider_is_shown_with_its_state(dashboard):
    rows = dashboard.locator("[data-provider]")
    # DeFi's provider has no prices; it is asked soon after the start. Streams are listened to.
    known = [
        row.is_default and bool({"quotes", "defi"} & {*row.offers} or row.stream) for row in ROWS
    ]
    expect(rows).to_have_count(sum(known), timeout=30_000)
    for row in rows.all():
        expect(row).to_have_attribute("data-status", re.compile("online|degraded|offline|unknown"))


def test_the_table_is_sorted_and_filtered(dashboard):
    dashboard.get_by_role("button", name="Asset").click()
    symbols = dashboard.locator('[data-board] [data-cell="symbol"]').all_text_contents()
    assert symbols == sorted(symbols)
    dashboard.get_by_role("searchbox").fill("bitcoin")
    expect(dashboard.locator("[data-row]:visible [data-cell=symbol]")).to_have_text(["BCH", "BTC"])
    dashboard.get_by_role("searchbox").fill("")


def test_the_whole_market_is_shown_as_the_interface_tells_it(dashboard):
    strip = dashboard.locator("[data-global]")
    expect(strip).to_have_attribute("data-state", "filled", timeout=30_000)
    expect(strip.locator("[data-standing]")).to_have_text(re.compile(r"^\w+ · .+(ago|now)$"))
    cap = dashboard.evaluate(
        """async () => (await (await fetch("/api/market/overview")).json()).data.totalMarketCap"""
    )
    expect(strip.locator('[data-global-part="cap"]')).to_have_text(f"${cap / 10**12:.2f}T")
    expect(strip.locator('[data-global-part="btc-bar"]')).to_have_attribute(
        "width", re.compile(r"^\d\d\.\d+$")
    )


@pytest.mark.parametrize("card", ["gainers", "losers", "trending", "defi"])
def test_a_short_list_has_five_lines_at_most(dashboard, card):
    panel = dashboard.locator(f'[data-card="{card}"]')
    expect(panel.locator("[data-part=head]").first).to_have_text(re.compile(r"\w"))
    assert 1 <= panel.locator(".card-line").count() <= 5
    expect(panel.locator("[data-card-empty]")).to_be_hidden()


def test_figures_that_cannot_be_renewed_say_so_and_stay(dashboard):
    cap = dashboard.locator('[data-global-part="cap"]').text_content()
    complaints = list(dashboard.complaints)
    dashboard.route("**/api/market/overview", lambda route: route.abort())
    try:
        dashboard.reload()
        standing = dashboard.locator("[data-global] [data-standing]")
        expect(standing).to_have_text(re.compile("^Not renewed"))
        expect(dashboard.locator('[data-global-part="cap"]')).to_have_text(cap)
    finally:
        dashboard.unroute("**/api/market/overview")
        # The browser itself complains of the answer that was kept from it.
        dashboard.complaints[:] = complaints
        dashboard.reload()


def test_a_phone_does_not_scroll_sideways(dashboard):
    dashboard.set_viewport_size({"width": 390, "height": 844})
    assert dashboard.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dashboard.set_viewport_size({"width": 1440, "height": 900})


def test_the_browser_had_nothing_to_complain_about(dashboard):
    assert dashboard.complaints == []
