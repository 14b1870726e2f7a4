"""A person in a real browser: sign up, issue a key, use it, see the call, revoke the key."""

import re
import time

import pytest
import requests
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CHOSEN = "a-door-of-oak-7"
KEY = re.compile(r"^cdt_\w{10}_\w{38}$")
# So soon a key that was revoked must be refused, on every process.
REVOKED_WITHIN = 1.0


@pytest.fixture(scope="module")
def visitor(demo, browser_page):
    """The page of somebody who has just signed up."""
    page = browser_page
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda line: page.complaints.append(line.text) if line.type == "error" else None,
    )
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=demo.url)
    page.goto(f"{demo.url}/login")
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill("bob")
    page.get_by_label("Password", exact=True).fill(CHOSEN)
    page.get_by_label("Password, once more").fill(CHOSEN)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(f"{demo.url}/account/keys")
    return page


@pytest.fixture(scope="module")
def key(visitor):
    """The key that the visitor issued, as it was copied."""
    expect(visitor.get_by_text("No key yet")).to_be_visible()
    visitor.get_by_label("Name").fill("a bot")
    visitor.get_by_role("button", name="Issue key").click()
    visitor.get_by_role("button", name="Copy").click()
    expect(visitor.get_by_role("button", name="Copied")).to_be_visible()
    copied = visitor.evaluate("navigator.clipboard.readText()")
    expect(visitor.locator("[data-key-text]")).to_have_text(copied)
    return copied


def status(demo, key):
    answer = requests.get(f"{demo.url}/api/protected-data", headers={"X-API-Key": key}, timeout=10)
    return answer.status_code


def test_a_key_is_issued_copied_and_used(demo, key):
    assert KEY.match(key)
    assert status(demo, key) == 200


def test_the_call_is_on_the_usage_page(demo, visitor, key):
    assert status(demo, key) == 200

    def is_there():
        visitor.goto(f"{demo.url}/account/usage")
        return "/api/protected-data" in visitor.locator("main").inner_text()

    demo.wait_until(is_there)
    row = visitor.get_by_role("row", name=re.compile("a bot"))
    expect(row).to_contain_text("127.0.0.1")
    expect(visitor.locator(".chart .bar")).to_have_count(90)


def test_the_chosen_theme_is_on_every_page_until_the_button_is_pressed(demo, visitor):
    root = visitor.locator("html")
    visitor.goto(f"{demo.url}/account")
    visitor.get_by_label("Dark", exact=True).check()
    visitor.get_by_role("button", name="Save profile").click()
    expect(visitor.get_by_text("Your profile is saved.")).to_be_visible()
    expect(root).to_have_attribute("data-theme", "dark")
    visitor.locator("[data-theme-toggle]").click()
    visitor.goto(f"{demo.url}/account/keys")
    expect(root).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("page", ["", "/email", "/second-factor", "/keys", "/usage"])
def test_a_phone_does_not_scroll_an_account_page_sideways(demo, visitor, key, page):
    visitor.set_viewport_size({"width": 390, "height": 844})
    visitor.goto(f"{demo.url}/account{page}")
    assert visitor.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visitor.set_viewport_size({"width": 1440, "height": 900})


def test_a_revoked_key_is_refused_within_a_second(demo, visitor, key):
    visitor.goto(f"{demo.url}/account/keys")
    visitor.get_by_role("link", name="Revoke").click()
    visitor.get_by_role("button", name="Revoke it").click()
    expect(visitor.get_by_text("is revoked")).to_be_visible()
    deadline = time.monotonic() + REVOKED_WITHIN
    while (found := status(demo, key)) != 401 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == 401


def test_the_browser_had_nothing_to_complain_about_an_account(visitor):
    assert visitor.complaints == []
