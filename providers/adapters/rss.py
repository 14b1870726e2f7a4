"""Rss: the headlines of any feed, whether RSS, Atom or RDF."""

import calendar
import hashlib
import html
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import feedparser
import nh3

from providers.adapter import Tap
from providers.exceptions import BadPayload
from providers.parse import EARLIEST, LATEST, storable
from providers.types import Headline

LARGEST = 5_000_000
MOST_ITEMS = 200
LONGEST = 300
LONGEST_KEY = 200
# Markup before it is stripped: what lies behind would be cut anyway, and stripping is not free.
LONGEST_MARKUP = 6000

LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
TICKER = re.compile(r"\$([A-Z][A-Z0-9]{1,9})")
# Where a word ends though no space says so.
BREAK = re.compile(r"<(?=/?(?:p|br|div|li|ul|ol|h\d|tr|td|blockquote)\b)", re.IGNORECASE)
END = re.compile(r"</(?:rss|feed|rdf:RDF)\s*>", re.IGNORECASE)
ODD_ENCODING = re.compile(r"""<\?xml[^>]*encoding=["'](?!utf-?8|us-ascii)""", re.IGNORECASE)
# What was read as UTF-8 and is not leaves this mark.
UNREADABLE = "\ufffd"
# The text is decoded already, whatever its first line says.
DECODED = {"content-type": "application/xml; charset=utf-8"}
# What feedparser lets out when not even its patient parser can go on.
FALLS_OVER = (
    *(ValueError, ArithmeticError, LookupError, TypeError, AttributeError),
    *(RuntimeError, AssertionError),
)


class Rss:
    def __init__(self, source: str, path: str) -> None:
        self.source = source
        self.path = path

    # https://www.rssboard.org/rss-specification and https://www.rfc-editor.org/rfc/rfc4287
    def headlines(self, tap: Tap) -> list[Headline]:
        now, found = tap.now(), dict[str, Headline]()
        for entry in entries(tap.get(self.path).text):
            headline = self._headline(entry, now)
            if headline is not None:
                found.setdefault(headline.key, headline)
        return list(found.values())

    def _headline(self, entry: Any, now: datetime) -> Headline | None:
        title, link = plain(entry.get("title")), storable(str(entry.get("link") or ""))
        # Without either there is nothing to show; other schemes would run in the reader's page.
        if not title or not LINK.fullmatch(link):
            return None
        guid = storable(str(entry.get("id") or ""))
        return Headline(
            key=short(guid or canonical(link, keep_path=False)),
            title=title,
            url=canonical(link, keep_path=True),
            summary=plain(entry.get("summary")),
            published_at=published_at(entry, now),
            symbols=tuple(dict.fromkeys(tickers(entry))),
            source=self.source,
        )


def entries(body: str) -> list[Any]:
    """Return the first items of a feed, or say why the text is none."""
    if len(body) > LARGEST:
        raise BadPayload(f"answered with {len(body)} characters, more than we read of a feed")
    # Feeds have no use for entities of their own, and bombs are made of them.
    if "<!entity" in body.lower():
        raise BadPayload("defines entities, which no feed needs")
    if ODD_ENCODING.search(body[:200]) and UNREADABLE in body:
        raise BadPayload("is written in an encoding that is not UTF-8")
    try:
        feed = feedparser.parse(
            # As a stream: a text would be taken for an address or a file name first.
            io.BytesIO(body.encode("utf-8", errors="replace")),
            response_headers=DECODED,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except FALLS_OVER as error:
        raise BadPayload(f"is too broken to be read ({type(error).__name__})") from None
    if not feed.get("version"):
        what = "a web page" if body.lstrip("\ufeff \r\n\t")[:1] == "<" else "something"
        raise BadPayload(f"answered with {what} that is no feed: {body.strip()[:60]!r}")
    # Broken feeds are read as far as they go, so that a cut one must be told by its end.
    if not END.search(body[-2000:]):
        raise BadPayload("broke off in the middle of the feed")
    return list(feed.entries[:MOST_ITEMS])


def plain(markup: Any) -> str:
    """Return the words of a title or a summary without any markup."""
    text = storable(str(markup or "")[:LONGEST_MARKUP])
    # Twice, because many publishers escape what was escaped already.
    for _ in range(2):
        text = html.unescape(nh3.clean(BREAK.sub(" <", text), tags=set()))
    return " ".join(storable(text).split())[:LONGEST].rstrip()


def canonical(link: str, *, keep_path: bool) -> str:
    """Return a link without what only counts clicks; as an identity also without its end."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return link
    asked = [one for one in parts.query.split("&") if not one.lower().startswith("utm_")]
    path = parts.path if keep_path else parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "&".join(asked), ""))


def short(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def published_at(entry: Any, now: datetime) -> datetime | None:
    # Past feedparser's own look-up, which answers with another field and warns.
    parsed = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    if parsed is None:
        return None
    try:
        moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    # Planned maintenance is announced under the day on which it will be.
    return min(moment, now) if EARLIEST <= moment <= LATEST else None


def tickers(entry: Any) -> Iterator[str]:
    for tag in entry.get("tags") or []:
        match = TICKER.fullmatch(str(tag.get("term") or "").strip())
        if match:
            yield match[1]
