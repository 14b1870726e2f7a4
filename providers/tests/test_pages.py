"""The feeds that a home page names, whoever wrote the page."""

import time

import pytest

from providers.pages import MOST_READ, MOST_TAKEN, feeds_of

HOME = "https://news.example/en/"


def link(href, *, kind="application/rss+xml", rel="alternate", title=""):
    return f'<link rel="{rel}" type="{kind}" title="{title}" href="{href}">'


def addresses(*links, address=HOME):
    text = f"<!doctype html><html><head>{''.join(links)}</head><body></body></html>"
    return [one.address for one in feeds_of(text, address)]


@pytest.mark.parametrize(
    ("href", "found"),
    [
        ("https://news.example/feed", "https://news.example/feed"),
        ("//FEEDS.example/a.xml#top", "https://feeds.example/a.xml"),
        ("/feed", "https://news.example/feed"),
        ("feed.xml", "https://news.example/en/feed.xml"),
        ("../atom?a=1&amp;b=2", "https://news.example/atom?a=1&b=2"),
        (" /feed ", "https://news.example/feed"),
    ],
)
def test_a_feed_is_found_under_its_whole_address(href, found):
    assert addresses(link(href)) == [found]


def test_the_base_that_a_page_names_counts_and_only_the_first():
    bases = '<base href="https://other.example/a/"><base href="https://third.example/">'
    assert addresses(bases, link("feed")) == ["https://other.example/a/feed"]


@pytest.mark.parametrize(
    "said",
    [
        '<LINK REL="Alternate" TYPE="Application/RSS+XML" HREF="/feed">',
        "<link href=/feed type=application/atom+xml rel='home alternate'>",
        '<link rel="alternate" type="application/rss+xml; charset=utf-8" href="/feed"/>',
    ],
)
def test_it_is_read_as_browsers_read_it(said):
    assert addresses(said) == ["https://news.example/feed"]


@pytest.mark.parametrize(
    "href",
    [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://[::1]/feed",
        "https://localhost/feed",
        "https://redis.internal/feed",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "file:///etc/passwd",
        "https://name:password@news.example/feed",
        "https://news.example/feed?api_key=abc",
        "https://[",
        "",
        "https://news.example/" + "a" * 400,
    ],
)
def test_what_may_not_be_asked_is_no_feed(href):
    assert addresses(link(href)) == []


def test_a_hostile_base_leads_nowhere():
    assert addresses('<base href="https://127.0.0.1/">', link("/feed")) == []
    # As browsers do, the page's own address counts where its base is none.
    assert addresses('<base href="javascript:x">', link("/feed")) == ["https://news.example/feed"]


@pytest.mark.parametrize(
    "said",
    [
        link("/de", kind="text/html"),
        link("/feed", rel="stylesheet"),
        link("/comments/feed/"),
        f"<!-- {link('/feed')} -->",
        f"<script>'{link('/feed')}'</script>",
    ],
)
def test_other_links_are_no_feeds(said):
    assert addresses(said) == []


def test_what_stands_in_the_body_is_not_read():
    assert feeds_of(f"<head></head><BODY>{link('/feed')}", HOME) == []


def test_of_ten_thousand_links_a_few_are_taken():
    assert len(addresses(*(link(f"/feed/{number}") for number in range(10_000)))) == MOST_TAKEN


def test_the_same_feed_is_taken_once():
    assert addresses(link("/feed"), link("https://news.example/feed")) == [
        "https://news.example/feed"
    ]


def test_a_title_is_plain_and_short():
    text = link("/feed", title="A &amp; B\n &lt;i&gt;" + "x" * 500)
    [found] = feeds_of(text, HOME)
    assert found.title.startswith("A & B <i>xxx")
    assert len(found.title) == 80


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<link rel=alternate ", "<div>", "<a b='", "\0"])
def test_a_page_made_to_be_slow_ends(piece):
    started = time.process_time()
    assert feeds_of(piece * (4 * MOST_READ // len(piece)), HOME) == []
    # Python's own parser is at it for minutes.
    assert time.process_time() - started < 20
