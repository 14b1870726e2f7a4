"""Keys in the admin: taken, kept, removed, and shown to nobody."""

import json
import logging

import pytest
from django.contrib.admin.models import CHANGE, LogEntry

from providers import tasks
from providers.tests.admin.conftest import LIST, entries, form_of, member, page_of, provider
from providers.tests.listener import answer

pytestmark = pytest.mark.django_db

KEY = "CG-nobody-may-read-this-1a2b"


def set_key(operator, send, key=KEY, *, slug="coingecko", **more):
    path = page_of(slug)
    return send(path, {**form_of(operator, path), "key": key, **more}, is_good=not more)


def test_a_key_is_taken_kept_and_removed(operator, send):
    set_key(operator, send)
    assert member("coingecko").key == KEY
    assert KEY not in provider("coingecko").sealed_key
    set_key(operator, send, key="")
    assert member("coingecko").key == KEY
    send(page_of("coingecko"), {**form_of(operator, page_of("coingecko")), "remove_key": "on"})
    assert member("coingecko").key == ""
    assert provider("coingecko").key_ending == ""


def test_a_key_is_not_shown_again_when_something_else_is_wrong(operator, send):
    page = set_key(operator, send, name="")
    assert KEY not in page.content.decode()
    assert provider("coingecko").sealed_key == ""


def test_a_key_that_cannot_be_opened_is_said(operator, send, settings):
    set_key(operator, send)
    settings.PROVIDER_KEYS_SECRET = "another"
    assert "enter it again" in operator.get(f"{LIST}?q=coingecko").content.decode()


def test_a_key_of_the_environment_shows_its_end_only(operator, settings):
    settings.PROVIDER_KEYS = {"coingecko": KEY}
    page = operator.get(f"{LIST}?q=coingecko").content.decode()
    assert "•••• 1a2b (environment)" in page
    assert KEY not in page


# Upstreams that repeat the key they refuse, each in its own way.
REFUSALS = {
    "in a refusal": answer(401, json.dumps({"error": f"key {KEY} is wrong"}).encode()),
    "in a good answer": answer(
        200,
        json.dumps(
            {
                # Etherscan's, CoinMarketCap's and CoinGecko's ways to say no.
                "status": {"error_code": 1001, "error_message": f"{KEY} is not valid"},
                "message": "NOTOK",
                "result": f"Invalid API Key {KEY}",
                "error": f"key {KEY} is wrong",
            }
        ).encode(),
    ),
    "as plain text": answer(500, f"no {KEY}".encode()),
}


@pytest.fixture
def refuse(settings, listen):
    """Put an upstream that refuses the key into a provider's place."""

    def start(slug, how):
        settings.SIMULATED = False
        settings.PROVIDERS_BASE_URL = ""
        upstream = listen(REFUSALS[how])
        settings.PROVIDER_URLS = {slug: upstream.url}
        return upstream

    return start


@pytest.mark.parametrize("slug", ["coingecko", "etherscan", "coinmarketcap", "cryptopanic"])
@pytest.mark.parametrize("how", REFUSALS)
def test_a_key_is_in_no_log_page_answer_or_entry(operator, send, refuse, caplog, slug, how):
    caplog.set_level(logging.DEBUG)
    upstream = refuse(slug, how)
    set_key(operator, send, slug=slug)
    sealed = provider(slug).sealed_key
    tasks.probe_provider(slug)
    assert KEY.encode() in b"".join(upstream.requests)
    pages = (LIST, page_of(slug), f"{LIST}{provider(slug).pk}/history/", "/admin/")
    answers = ("/api/providers", f"/api/providers/{slug}", "/api/system/circuit-breakers")
    shown = "".join(
        operator.get(path).content.decode() for path in (*pages, *answers, "/api/health")
    )
    told = caplog.text + str(list(LogEntry.objects.values())) + shown
    assert "Probed" in caplog.text
    assert "•••• 1a2b" in shown
    assert "Changed New key" in entries()[0]
    assert LogEntry.objects.filter(action_flag=CHANGE).exists()
    assert KEY not in told
    assert sealed not in told
