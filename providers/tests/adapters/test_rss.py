"""Feeds of every format become headlines; what is no feed, or only half of one, is refused."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.adapters.rss import LARGEST, LONGEST, MOST_ITEMS, Rss
from providers.exceptions import BadPayload, ProviderError
from providers.parse import EARLIEST
from providers.tests.conftest import NOW, PAYLOADS, Upstream

PATH = "/feed/"


def feed(case):
    return (PAYLOADS / "rss" / f"{case}.xml").read_text(encoding="utf-8")


NEWS = feed("news")


def ask(text):
    return Rss("press-news", PATH).headlines(Upstream({PATH: text}).tap)


def rss(*items):
    whole = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>x</title>{whole}</channel></rss>'


def one(inside):
    (headline,) = ask(rss(f"<title>T</title><link>https://a.example/1</link>{inside}"))
    return headline


def test_rss_becomes_headlines():
    first = ask(NEWS)[0]
    assert first.key == "story-1001"
    assert first.title == "Bitcoin climbs 4.2% & volume swells"
    assert first.url == "https://press.example/markets/bitcoin-climbs/?page=2"
    assert first.summary == "Buyers return. Sellers leave."
    assert first.published_at == datetime(2025, 11, 21, 7, 40, 21, tzinfo=UTC)
    assert (first.symbols, first.source) == (("BTC",), "press-news")


def test_every_spelling_of_a_time_is_read():
    times = {one.title: one.published_at for one in ask(NEWS)}
    assert times["What escaping twice does & why"] == datetime(2025, 11, 21, 6, 30, tzinfo=UTC)
    assert times["Far away in the east"] == datetime(2025, 11, 21, 6, 15, 7, tzinfo=UTC)
    assert times["A bare date"] == datetime(2025, 11, 20, 12, 13, 14, tzinfo=UTC)
    assert times["Planned for next week"] == NOW
    assert times["No date at all"] is None


def test_what_cannot_be_shown_is_left_out_and_what_came_twice_is_one():
    headlines = ask(NEWS)
    assert len(headlines) == 6
    assert all(one.url.startswith(("https://", "http://")) for one in headlines)
    assert len({one.key for one in headlines}) == 6


def test_the_identity_is_the_guid_or_the_link_without_what_counts_clicks():
    keys = {one.title: one.key for one in ask(NEWS)}
    assert keys["What escaping twice does & why"] == "https://press.example/escaping"
    assert keys["A bare date"] == "https://press.example/?p=77"


def test_atom_becomes_headlines():
    first, second = ask(feed("releases"))
    assert first.key == "tag:node.example,2008:Repository/1/v31.0"
    assert (first.title, first.summary) == ("Node 31.0", "Upgrade before block 930000")
    assert first.published_at == datetime(2025, 11, 20, 16, 4, 11, tzinfo=UTC)
    assert second.title == "Node 30.2 & friends"
    assert second.published_at == datetime(2025, 10, 2, 7, tzinfo=UTC)


def test_rdf_becomes_headlines():
    (notice,) = ask(feed("notices"))
    assert (notice.key, notice.summary) == ("https://bank.example/n1", "A speech.")
    assert notice.published_at == datetime(2025, 11, 19, 10, tzinfo=UTC)


@pytest.mark.parametrize("date", ["soon", "0001-01-01", "99999-01-01", "1970-01-01T00:00:00Z", ""])
def test_a_time_that_makes_no_sense_is_none(date):
    assert one(f"<pubDate>{date}</pubDate>").published_at is None


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "ftp://a.example/", "/only/a/path", "", "https://",
     'https://a.example/"onclick="x', "mailto:a@a.example"],
)  # fmt: skip
def test_only_links_to_pages_are_kept(link):
    assert ask(rss(f"<title>T</title><link>{link}</link>")) == []


def test_long_texts_are_cut_and_long_keys_are_short():
    long = one(f"<guid>{'g' * 5000}</guid><description>{'word ' * 5000}</description>")
    assert len(long.summary) <= LONGEST
    assert len(long.key) == 64


@pytest.mark.parametrize(
    "markup",
    ["<script>alert(1)</script>", "<style>p{}</style>", "<img src=x onerror=alert(1)>", "<p",
     "<svg/onload=alert(1)>", "<!-- x -->", "<b>" * 3000],
)  # fmt: skip
def test_no_markup_is_left(markup):
    assert "<" not in one(f"<description><![CDATA[{markup}]]></description>").summary


def test_no_more_items_are_taken_than_anybody_reads():
    items = [f"<title>{n}</title><link>https://a.example/{n}</link>" for n in range(500)]
    assert len(ask(rss(*items))) == MOST_ITEMS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (feed("bomb"), "entities"),
        (feed("challenge"), "no feed"),
        ("", "no feed"),
        ("{}", "no feed"),
        ("<html><body>rss</body></html>", "no feed"),
        (NEWS[: len(NEWS) // 2], "broke off"),
        ("x" * (LARGEST + 1), "more than we read"),
        (f'<?xml version="1.0" encoding="windows-1251"?>{rss()}\ufffd', "encoding"),
    ],
)
def test_what_is_no_feed_is_refused_in_words(text, said):
    with pytest.raises(BadPayload, match=said):
        ask(text)


def test_a_quiet_feed_is_an_empty_list():
    assert ask(rss()) == []


@pytest.mark.parametrize("piece", ["<", "&", "<b>", "<![CDATA[", "<!--", "</", "<item>", "]]>"])
def test_a_hostile_feed_takes_no_time(piece):
    started = time.monotonic()
    with suppress(BadPayload):
        ask(rss(f"<title>T</title><description>{piece * 20000}</description>"))
    assert time.monotonic() - started < 10


def ruined(draw, text):
    at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 40))
    odd = draw(st.sampled_from(["", "<", ">", "&", "&#xD800;", "&#0;", "]]>", "\0", "é", "\ud800",
                                "<item>", "</item>", "https://", "&lt;script&gt;", "9" * 50]))  # fmt: skip
    return text[:at] + odd + text[at + length :]


@st.composite
def broken(draw):
    text = draw(st.sampled_from([NEWS, feed("releases"), feed("notices"), feed("challenge")]))
    for _ in range(draw(st.integers(1, 5))):
        text = ruined(draw, text)
    return text


@settings(max_examples=400)
@given(broken())
def test_a_broken_feed_gives_clean_headlines_or_a_named_error(text):
    try:
        headlines = ask(text)
    except ProviderError:
        return
    assert len({one.key for one in headlines}) == len(headlines)
    for headline in headlines:
        assert headline.title
        assert headline.key
        assert headline.url.lower().startswith(("http://", "https://"))
        assert len(headline.summary) <= LONGEST
        assert "<script" not in headline.title + headline.summary
        f"{headline}".encode()
        assert headline.published_at is None or (EARLIEST <= headline.published_at <= NOW)
