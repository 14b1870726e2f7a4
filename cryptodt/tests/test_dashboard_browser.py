"""The dashboard in a real browser: log in, watch a price move, and see what the market is."""

import re

import pytest
from playwright.sync_api import expect

from providers.registry import ROWS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CHOSEN = "a-door-of-oak-7"
EXACT_PRICE = re.compile(r"^\d+(\.\d+)?$")


@pytest.fixture(scope="module")
def dashboard(demo, browser_page):
    """The page of a person who came in with the one-time password and chose another."""
    page = browser_page
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda line: page.complaints.append(line.text) if line.type == "error" else None,
    )
    page.goto(f"{demo.url}/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(demo.operator_password)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{demo.url}/password")
    page.get_by_label("Current password").fill(demo.operator_password)
    page.get_by_label("New password", exact=True).fill(CHOSEN)
    page.get_by_label("New password, once more").fill(CHOSEN)
    page.get_by_role("button", name="Save password").click()
    expect(page).to_have_url(f"{demo.url}/")
    return page


def test_a_price_changes_without_a_reload(dashboard):
    price = dashboard.locator('[data-price="BTC"]')
    expect(price).to_have_text(EXACT_PRICE)
    dashboard.evaluate("window.notReloaded = true")
    before = price.text_content()
    expect(price).not_to_have_text(before, timeout=30_000)
    expect(price).to_have_text(EXACT_PRICE)
    assert dashboard.evaluate("window.notReloaded")


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
    asked = sum(row.is_default and "quotes" in row.offers for row in ROWS)
    expect(rows).to_have_count(asked)
    for row in rows.all():
        expect(row).to_have_attribute("data-status", re.compile("online|degraded|offline|unknown"))


def test_the_table_is_sorted_and_filtered(dashboard):
    dashboard.get_by_role("button", name="Asset").click()
    symbols = dashboard.locator('[data-board] [data-cell="symbol"]').all_text_contents()
    assert symbols == sorted(symbols)
    dashboard.get_by_role("searchbox").fill("bitcoin")
    expect(dashboard.locator("[data-row]:visible [data-cell=symbol]")).to_have_text(["BCH", "BTC"])
    dashboard.get_by_role("searchbox").fill("")


def test_a_phone_does_not_scroll_sideways(dashboard):
    dashboard.set_viewport_size({"width": 390, "height": 844})
    assert dashboard.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dashboard.set_viewport_size({"width": 1440, "height": 900})


def test_the_browser_had_nothing_to_complain_about(dashboard):
    assert dashboard.complaints == []
