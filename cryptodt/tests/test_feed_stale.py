"""Silence that shows: over the socket, over plain HTTP and on the page; and its end."""

import pytest
import requests
from playwright.sync_api import expect

from cryptodt.tests.conftest import log_in, new_database
from cryptodt.tests.running import Service
from cryptodt.tests.test_feed import Events, Talk

pytestmark = pytest.mark.browser

SILENT_AFTER = 10


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A demo in which a few seconds without a price are a silence, and nobody streams any."""
    with new_database() as database:
        service = Service(
            tmp_path_factory.mktemp("stale"),
            {
                **database,
                "COLLECT_INTERVAL": "1",
                "ENABLE_STREAMS": "false",
                "CACHE_TTL_PRICES": str(SILENT_AFTER),
                "CIRCUIT_BREAKER_TIMEOUT": "1",
            },
        ).start()
        service.wait_until(lambda: service.get("/api/prices")[0] == 200)
        yield service
        service.stop()


@pytest.fixture(scope="module")
def page(hub, browser_page):
    log_in(browser_page, hub)
    return browser_page


def silence(hub):
    """Have every provider fail until they are healed."""
    for slug in requests.get(hub.faults_url.replace("faults", "state"), timeout=10).json()[
        "providers"
    ]:
        hub.fault(slug, "server_error")


def of_events(events, kind):
    while (told := events.next()[1])["type"] != kind:
        pass
    return told


def test_a_topic_that_got_silent_is_called_so_everywhere_until_its_next_word(hub, page):
    shown = page.locator("[data-feed-text]")
    with Talk(hub) as talk, Events(hub, "prices,test") as events:
        talk.subscribe("prices")
        talk.subscribe("prices:BTC")
        expect(shown).to_have_text("Live", timeout=25_000)
        silence(hub)
        for told in (talk.next("stale"), talk.next("stale"), of_events(events, "stale")):
            assert told["silent"] >= SILENT_AFTER
            assert told["topic"] in ("prices", "prices:BTC")
        expect(shown).to_have_text("No fresh price", timeout=25_000)
        # Whoever comes into it is told behind the snapshot, and what is not silent goes on.
        with Talk(hub) as late:
            assert [late.subscribe("prices")["type"], late.next()["type"]] == [
                "subscribed",
                "snapshot",
            ]
            told = late.next()
            assert (told["type"], told["topic"]) == ("stale", "prices")
            assert told["silent"] >= SILENT_AFTER
        assert of_events(events, "update")["topic"] == "test"
        place = told["offset"]
        hub.heal()
        # The next message in its place is the end of it.
        update = talk.next("update")
        while update["topic"] != "prices":
            update = talk.next("update")
        assert update["offset"] == place + 1
        while (told := of_events(events, "update"))["topic"] != "prices":
            pass
        assert told["offset"] >= place + 1
        expect(shown).to_have_text("Live", timeout=25_000)
