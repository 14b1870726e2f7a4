"""The page and its socket: a feed of a test's own tells it things, loses some, and falls silent."""

import json
import re
import time
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from cryptodt.tests.conftest import log_in

pytestmark = pytest.mark.browser

EPOCH = "79433eefb30b"


class Feed:
    """The other end of a page's socket: hears what it asks for, and tells what a test wants."""

    def __init__(self, page, item):
        self.page, self.item = page, item
        self.sockets, self.asked = [], []
        page.route_web_socket(re.compile(r"/ws(\?mine)?$"), self._come)

    def _come(self, socket):
        self.sockets.append(socket)
        socket.on_message(lambda text: self.asked.append(json.loads(text)))
        self.tell(
            "welcome", server_time=time.time_ns() // 1_000_000, heartbeat=10, market="simulated"
        )

    def tell(self, kind, **parts):
        self.sockets[-1].send(json.dumps({"type": kind, **parts}))

    def update(self, offset, **parts):
        self.tell("update", topic="prices", offset=offset, data=[self.bitcoin(offset)], **parts)

    def snapshot(self, offset):
        data = [self.bitcoin(offset)]
        self.tell("snapshot", topic="prices", epoch=EPOCH, offset=offset, data=data)

    def beat(self, offset):
        now = time.time_ns() // 1_000_000
        self.tell("heartbeat", timestamp=now, offsets={"prices": offset})

    def bitcoin(self, offset):
        """Bitcoin at a price that says which message it was in."""
        now = datetime.now(UTC).isoformat()
        return {**self.item, "priceExact": str(offset), "lastUpdate": now, "stale": False}

    def until(self, is_true):
        deadline = time.monotonic() + 20
        while not is_true():
            assert time.monotonic() < deadline, self.asked
            self.page.wait_for_timeout(10)

    def has_heard(self):
        """Wait until the page has worked off everything: this is what it shows."""
        self.tell("stale", topic="prices", offset=0, silent=9)
        expect(self.page.locator("[data-feed]")).to_have_attribute("data-feed", "quiet")

    def shows(self, offset):
        expect(self.page.locator('[data-price="BTC"]')).to_have_text(str(offset))


def wanted(since=None):
    asked = {"type": "subscribe", "topic": "prices"}
    return asked if since is None else {**asked, "from": {"epoch": EPOCH, "offset": since}}


@pytest.fixture(scope="module")
def browser(demo, browser_page):
    """A browser in which somebody is logged in, and no page is open."""
    log_in(browser_page, demo)
    kept = browser_page.context.storage_state()
    browser_page.goto("about:blank")
    return browser_page.context.browser.new_context(storage_state=kept)


@pytest.fixture
def feed(demo, browser):
    page = browser.new_page()
    found = Feed(page, demo.get("/api/prices?symbols=BTC")[1]["data"][0])
    page.goto(demo.url)
    found.until(lambda: found.asked)
    assert found.asked == [wanted()]
    found.tell("subscribed", topic="prices", epoch=EPOCH, offset=10, recovered=None)
    found.snapshot(10)
    found.shows(10)
    yield found
    page.close()


def test_a_message_in_its_place_is_shown_and_one_from_before_is_not(feed):
    feed.update(11)
    feed.shows(11)
    feed.update(14, skipped=2)
    feed.shows(14)
    feed.update(12)
    feed.has_heard()
    feed.shows(14)
    assert len(feed.asked) == 1


def test_after_a_gap_the_page_asks_once_and_is_told_what_it_missed(feed):
    for offset in (11, 13, 14):
        feed.update(offset)
    feed.beat(14)
    feed.has_heard()
    feed.shows(11)
    assert feed.asked[1:] == [wanted(11)]
    feed.tell("subscribed", topic="prices", epoch=EPOCH, offset=14, recovered=True, missed=3)
    for offset in (12, 13, 14):
        feed.update(offset)
    feed.tell("recovered", topic="prices", epoch=EPOCH, offset=14, recovered=True, missed=3)
    feed.update(15)
    feed.shows(15)
    expect(feed.page.locator("[data-feed-text]")).to_have_text("Live")
    # The next gap is another one.
    feed.update(18)
    feed.update(19)
    feed.has_heard()
    assert feed.asked[2:] == [wanted(15)]


def test_a_heartbeat_that_is_further_shows_a_gap_too(feed):
    feed.beat(10)
    feed.has_heard()
    assert len(feed.asked) == 1
    feed.beat(12)
    feed.beat(12)
    feed.has_heard()
    assert feed.asked[1:] == [wanted(10)]


def test_what_was_refused_is_asked_for_again_with_the_next_heartbeat(feed):
    feed.update(12)
    feed.tell("error", code="UNAVAILABLE", message="not now")
    feed.beat(12)
    feed.beat(12)
    feed.has_heard()
    assert feed.asked[1:] == [wanted(10)] * 2


def test_where_a_snapshot_is_needed_the_page_waits_for_it_and_forgets_where_it_was(feed):
    feed.tell("snapshot_required", topic="prices", reason="lost", epoch=EPOCH, offset=20)
    feed.update(21)
    feed.beat(21)
    feed.has_heard()
    feed.shows(10)
    feed.snapshot(22)
    feed.update(23)
    feed.shows(23)
    assert len(feed.asked) == 1


def test_after_a_break_the_page_asks_again_from_where_it_was(feed):
    feed.update(11)
    feed.update(13)
    feed.has_heard()
    feed.sockets[-1].close(code=1012)
    mark = feed.page.locator("[data-feed]")
    expect(mark).to_have_attribute("data-feed", "reconnecting")
    feed.until(lambda: len(feed.asked) == 3)
    assert feed.asked[1:] == [wanted(11)] * 2
    feed.tell("subscribed", topic="prices", epoch=EPOCH, offset=11, recovered=True, missed=0)
    expect(mark).to_have_attribute("data-feed", "live")


def test_who_is_told_when_to_come_back_comes_then(feed):
    feed.tell("shutdown", reconnect_in_ms=60_000, reason="the server is restarting")
    feed.sockets[-1].close(code=1012)
    expect(feed.page.locator("[data-feed-detail]")).to_have_text(re.compile("in (59|60) s"))


@pytest.mark.parametrize("code", [1008, 4503])
def test_who_may_not_come_back_does_not(feed, code):
    feed.sockets[-1].close(code=code, reason="not you")
    expect(feed.page.locator("[data-feed]")).to_have_attribute("data-feed", "offline")
    # A page that is looked at again tries at once, if it tries at all.
    feed.page.evaluate(
        """() => {
          document.dispatchEvent(new Event("visibilitychange"));
          new WebSocket(location.origin.replace("http", "ws") + "/ws?mine");
        }"""
    )
    # None came before the one that was just opened here.
    feed.until(lambda: feed.sockets[-1].url.endswith("mine"))
    assert len(feed.sockets) == 2


def test_a_socket_that_is_mute_is_given_up_and_another_one_tried(demo, browser):
    page = browser.new_page()
    page.clock.install()
    feed = Feed(page, demo.get("/api/prices?symbols=BTC")[1]["data"][0])
    page.goto(demo.url)
    feed.until(lambda: feed.asked)
    feed.tell("subscribed", topic="prices", epoch=EPOCH, offset=10, recovered=None)
    feed.snapshot(10)
    feed.shows(10)
    page.clock.run_for(20_000)
    feed.beat(10)
    feed.has_heard()
    page.clock.run_for(20_000)
    assert len(feed.sockets) == 1
    page.clock.run_for(10_000)
    feed.until(lambda: len(feed.asked) == 2)
    assert (len(feed.sockets), feed.asked[1]) == (2, wanted(10))
    page.close()
