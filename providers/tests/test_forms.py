"""What may be typed in for a provider that is added without code."""

import pytest

from providers.adapters.ccxt_exchange import CcxtExchange
from providers.forms import AddProviderForm, ProviderForm
from providers.models import Provider
from providers.registry import added_row as row_or_none

FEED = "https://news.example/feed.xml?page=1"


def added(**changes):
    data = {
        "added_format": "rss",
        "added_address": FEED,
        "name": "Example News",
        "slug": "example-news",
        "is_on": "on",
    }
    return AddProviderForm({**data, **changes})


def added_row(*given):
    row = row_or_none(*given)
    assert row is not None
    return row


def problem(**changes):
    form = added(**changes)
    assert not form.is_valid()
    return dict(form.errors)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("rss", FEED, FEED),
        ("rss", "  https://NEWS.example:8443/a#top ", "https://news.example:8443/a"),
        ("rss", "https://bücher.example/rss", "https://xn--bcher-kva.example/rss"),
        ("ccxt", "Bitstamp", "bitstamp"),
        ("coingecko", "https://mirror.example/api/v3/", "https://mirror.example"),
        ("coingecko", "https://mirror.example/gecko", "https://mirror.example/gecko"),
    ],
)
def test_an_address_is_kept_as_it_will_be_asked(kind, typed, kept):
    form = added(added_format=kind, added_address=typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["added_address"] == kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "127.0.0.1.",
        "１２７.０.０.１",
        "127。0。0。1",
        "10.0.0.8",
        "169.254.169.254",
        "8.8.8.8",
        "1.2.3.4.5",
        "foo.0x7f",
        "999999999999",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[fe80::1%25eth0]",
        "[64:ff9b::7f00:1]",
    ],
)
def test_no_address_in_numbers_in_any_spelling(host):
    for kind in ("rss", "coingecko"):
        assert "numbers" in str(problem(added_format=kind, added_address=f"https://{host}/feed"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("http://news.example/feed", "https"),
        ("ftp://news.example/feed", "https"),
        ("file:///etc/passwd", "https"),
        ("javascript:alert(1)", "https"),
        ("news.example/feed", "https"),
        ("https://", "name of a host"),
        ("https://olga:secret@news.example/feed", "name or password"),
        ("https://olga@news.example/feed", "name or password"),
        ("https://news.example\\@127.0.0.1/", "backslashes"),
        ("https://news.example/a b", "spaces"),
        ("https://news.example/\tfeed", "spaces"),
        ("https://news.example/\u202efeed", "control characters"),
        ("https://news.example/feed?api_key=abc", "No key"),
        ("https://news.example/feed?a=1&TOKEN=", "No key"),
        ("https://localhost/feed", "your own network"),
        ("https://router/feed", "your own network"),
        ("https://printer.local/feed", "your own network"),
        ("https://metadata.google.internal/feed", "your own network"),
        ("https://a..example/feed", "name of a host"),
        ("https://-a.example/feed", "name of a host"),
        ("https://a%2e.example/feed", "name of a host"),
        ("https://news.example:99999/feed", "not an address"),
        ("https://[::1/feed", "not an address"),
        ("https://news.example/" + "a" * 300, "300 characters"),
    ],
)
def test_an_address_that_leads_astray_is_refused(typed, told):
    assert told in str(problem(added_address=typed)["added_address"])


@pytest.mark.django_db
def test_a_long_name_of_a_host_is_refused_and_not_crashed_on():
    assert "added_address" in problem(added_address=f"https://{'ä' * 70}.example/")


@pytest.mark.django_db
def test_only_exchanges_of_ccxt_can_be_added():
    for typed in ("nowhere", "Exchange", "__class__", "https://api.bitstamp.net"):
        assert "knows no exchange" in str(problem(added_format="ccxt", added_address=typed))


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["Upper", "a_b", "-a", "a-", "a--b", "ä", "a/b", "a" * 61, ""])
def test_a_slug_is_plain(slug):
    assert "slug" in problem(slug=slug)


@pytest.mark.django_db
def test_a_slug_is_used_once():
    assert "slug" in problem(slug="kraken")
    Provider.objects.create(slug="example-news", name="x", added_format="rss")
    assert "slug" in problem()


@pytest.mark.django_db
def test_a_slug_of_the_code_is_refused_even_without_its_row():
    Provider.objects.filter(slug="kraken").delete()
    assert "comes with CryptoDT" in str(problem(slug="kraken"))


@pytest.mark.django_db
def test_a_feed_is_read_once_and_an_exchange_may_be_asked_twice():
    Provider.objects.create(slug="a", name="First", added_format="rss", added_address=FEED)
    Provider.objects.create(slug="b", name="x", added_format="ccxt", added_address="mexc")
    assert "First reads this feed" in str(problem())
    assert added(added_format="ccxt", added_address="mexc").is_valid()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key", ["short", "with space in it", "tab\tin-the-key", "schlüssel-1", "x" * 1001]
)
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(key):
    provider = Provider.objects.get(slug="coingecko")
    form = ProviderForm({"name": "CoinGecko", "key": key}, instance=provider)
    assert not form.is_valid()
    assert key not in form.as_p()


def test_an_added_row_is_kept_with_what_its_adapter_remembers():
    row = added_row("my-mexc", "My MEXC", "ccxt", "mexc")
    assert row.adapter is added_row("my-mexc", "My MEXC", "ccxt", "mexc").adapter
    assert row.offers == ("quotes", "candles", "order_book")
    assert row.origin.startswith("https://api.mexc.com")
    assert isinstance(row.adapter.adapter, CcxtExchange)


def test_a_format_or_an_exchange_that_is_known_no_more_has_no_row():
    assert row_or_none("a", "A", "ccxt", "gone-exchange") is None
    assert row_or_none("a", "A", "soap", "https://a.example") is None


def test_a_feed_is_asked_at_its_own_path():
    row = added_row("example-news", "Example", "rss", FEED)
    assert (row.origin, row.adapter.path) == ("https://news.example", "/feed.xml?page=1")
    assert added_row("e", "E", "rss", "https://news.example").adapter.path == "/"


def test_every_added_row_can_keep_its_own_rhythm():
    kinds = [("rss", FEED), ("ccxt", "mexc"), ("coingecko", "https://mirror.example")]
    for row in (added_row("x", "X", *kind) for kind in kinds):
        assert row.budget >= 60 / row.every
        assert row.every < row.frozen_after or row.kind == "news"
