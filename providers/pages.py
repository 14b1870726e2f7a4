"""What a home page says of its feeds: the links of its head, and nothing else of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import nh3

from providers.added import BadAddress, checked_address
from providers.parse import storable

TYPES = {"application/rss+xml", "application/atom+xml"}
# A page names its feeds at its beginning. Reading takes longer than the text is long, so that a
# page made to be slow costs a second or two and no more.
MOST_READ = 200_000
# A page may name thousands; so many are looked at, and so many taken.
MOST_LOOKED_AT = 50
MOST_TAKEN = 5
LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class Link:
    """A feed that a page advertises, under its whole address."""

    address: str
    title: str


def feeds_of(text: str, address: str) -> list[Link]:
    """Return the feeds that the page at `address` advertises and that may be asked."""
    reader = _Head(address)
    reader.feed(_links_alone(text))
    reader.close()
    found: dict[str, Link] = {}
    for link in reader.links[:MOST_LOOKED_AT]:
        # What readers say below the articles is no news.
        if len(found) < MOST_TAKEN and "/comments/" not in urlsplit(link.address).path:
            found.setdefault(link.address, link)
    return list(found.values())


def _links_alone(text: str) -> str:
    """Return the page's links, well written: the patient parser of browsers has been over them.

    Python's own takes minutes over a page made for it, but not over what this leaves.
    """
    end = text.lower().find("<body", 0, MOST_READ)
    return nh3.clean(
        text[: end if end >= 0 else MOST_READ],
        tags={"link", "base"},
        attributes={"link": {"rel", "type", "href", "title"}, "base": {"href"}},
        link_rel=None,
    )


class _Head(HTMLParser):
    """Collects the alternates, resolved against the page or against the base that it names."""

    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = address
        self.has_base = False
        self.links: list[Link] = []
        self.seen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: (value or "").strip() for name, value in attrs}
        if tag == "base" and not self.has_base and said.get("href"):
            self.has_base = True
            self.base = _joined(self.base, said["href"]) or self.base
        elif tag == "link" and self.seen < MOST_LOOKED_AT and _is_feed(said):
            self.seen += 1
            self.links += _checked(self.base, said)


def _is_feed(said: dict[str, str]) -> bool:
    return (
        "alternate" in said.get("rel", "").lower().split()
        and said.get("type", "").partition(";")[0].strip().lower() in TYPES
    )


def _checked(base: str, said: dict[str, str]) -> Iterator[Link]:
    try:
        address = checked_address("rss", _joined(base, said.get("href", "")))
    except BadAddress:
        return
    title = " ".join(storable(said.get("title", "")).split())
    yield Link(address, title[:LONGEST_TITLE].strip())


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href) if href else ""
    except ValueError:
        return ""
