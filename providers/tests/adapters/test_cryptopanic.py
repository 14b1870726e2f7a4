"""Posts become headlines, and the token in the address of the next page goes nowhere."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from providers.adapters.cryptopanic import CryptoPanic
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.parse import EARLIEST, LATEST
from providers.tests.adapters.bent import bent
from providers.tests.conftest import Upstream, payload

POSTS = payload("cryptopanic", "posts")
TOKEN = "TOKEN-OF-THE-TEST"


def ask(text=POSTS):
    upstream = Upstream({"/api/developer/v2/posts/": text}, key=TOKEN)
    return CryptoPanic().headlines(upstream.tap), upstream


def changed(**fields):
    body = json.loads(POSTS)
    body["results"][0].update(fields)
    return json.dumps(body)


def test_posts_become_headlines():
    headlines, upstream = ask()
    first = headlines[0]
    assert (first.key, first.symbols) == ("1175807", ("OKB",))
    assert first.title == "OKB moves sideways in a quiet session"
    assert first.url.startswith("https://cryptopanic.com/news/1175807/")
    assert first.published_at == datetime(2025, 11, 21, 7, 40, 21, tzinfo=UTC)
    assert upstream.asked[0][1]["auth_token"] == TOKEN


def test_assets_have_two_names_or_none_and_a_link_may_be_missing():
    _, older, bare, unlinked = ask()[0]
    assert (older.symbols, bare.symbols) == (("BNB",), ())
    assert unlinked.url == f"https://cryptopanic.com/news/{unlinked.key}/"


def test_the_token_goes_nowhere():
    assert TOKEN in POSTS
    assert TOKEN not in str(ask()[0])
    for broken in (f'"{TOKEN}', f'{{"info": "{TOKEN}"}}', f'{{"next": "?auth_token={TOKEN}" ...'):
        with pytest.raises(ProviderError) as caught:
            ask(broken)
        assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (payload("cryptopanic", "no_token"), Blocked),
        (payload("cryptopanic", "quota"), RateLimited),
        ('{"status": "api_error", "info": "Internal error"}', BadPayload),
        ('{"results": null}', BadPayload),
        ("[]", BadPayload),
        ("<html>", BadPayload),
    ],
)
def test_an_error_has_its_name(text, kind):
    with pytest.raises(ProviderError) as caught:
        ask(text)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": True},
        {"id": "7"},
        {"title": " "},
        {"title": 7},
        {"url": "javascript:alert(1)"},
        {"published_at": None},
        {"published_at": 1763712021},
        {"instruments": {"code": "BTC"}},
        {"instruments": ["BTC"]},
        {"instruments": [{"code": 7}]},
    ],
)
def test_a_post_that_makes_no_sense_is_a_bad_payload(fields):
    with pytest.raises(BadPayload):
        ask(changed(**fields))


@settings(max_examples=250)
@given(bent(POSTS))
def test_bent_posts_give_true_headlines_or_a_named_error(text):
    try:
        headlines, _ = ask(text)
    except ProviderError as error:
        headlines, said = [], str(error)
    else:
        said = ""
    assert TOKEN not in said
    assert len({one.key for one in headlines}) == len(headlines)
    for one in headlines:
        assert one.title
        assert one.url.startswith("https://")
        assert EARLIEST <= one.published_at <= LATEST
        assert all(symbol.isascii() and symbol == symbol.upper() for symbol in one.symbols)
        assert TOKEN not in str(one)
