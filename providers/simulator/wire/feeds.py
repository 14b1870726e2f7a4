"""Any publisher: told by the end of its name. Its feeds are in the format of their path, and its
home page names some of them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from providers.simulator.venue import View
from providers.simulator.wire.answer import HTML, Answer, Query
from providers.simulator.wire.stories import Story, latest

_FEED = re.compile(r"[a-z0-9-]*(?:^|-)(?:news|blog|status|releases|forum|research|notices)")
_XML = {"Content-Type": "application/xml; charset=utf-8"}
_COUNT = 20
_PACES = {"status": 5 * 3600, "releases": 9 * 86400, "blog": 2 * 86400, "notices": 86400}
_PACE = 2700
_AHEAD = 4 * 86400


def is_feed(provider: str) -> bool:
    return _FEED.fullmatch(provider) is not None


def answer(view: View, path: str, query: Query) -> Answer:
    slug = view.venue
    if path == "/" and not query:
        return Answer(200, _HOME.format(slug=slug), HTML)
    kind = slug.rpartition("-")[2]
    stories = latest(view, slug, _COUNT, _PACES.get(kind, _PACE))
    if path.endswith(".atom") or path.startswith("/r/"):
        items, frame = "".join(_atom(slug, story) for story in stories), _ATOM
    elif path.endswith(".rdf"):
        items, frame = "".join(_rdf(slug, story) for story in stories), _RDF
    else:
        items, frame = "".join(_rss(slug, story) for story in _planned(stories, kind)), _RSS
    return Answer(200, frame.format(slug=slug, items=items), _XML)


_HOME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{slug}</title>
<link rel="stylesheet" href="/site.css">
<link rel="alternate" type="application/rss+xml" title="Markets" href="/markets/feed.xml">
<link rel="alternate" type="application/atom+xml" title="Analysis" href="analysis.atom">
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
<link rel="alternate" hreflang="de" href="/de/">
</head><body><h1>{slug}</h1><p>This publisher is simulated.</p></body></html>"""
_ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>{slug}</title><id>tag:{slug}</id>
{items}</feed>"""
_RDF = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{slug}</title></channel>
{items}</rdf:RDF>"""
_RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>{slug}</title><link>https://{slug}.example/</link>
{items}</channel></rss>"""


def _planned(stories: Iterator[Story], kind: str) -> Iterator[Story]:
    """Date planned maintenance to when it will be, as the pages of incidents do."""
    for story in stories:
        is_planned = kind == "status" and story.title.startswith("Scheduled")
        yield story._replace(at=story.at + _AHEAD) if is_planned else story


def _link(slug: str, story: Story) -> str:
    return f"https://{slug}.example/{story.number}"


def _rss(slug: str, story: Story) -> str:
    link, at = _link(slug, story), datetime.fromtimestamp(story.at, UTC)
    return (
        f"<item><title><![CDATA[{story.title}]]></title>"
        f"<link>{link}?utm_source=rss&amp;utm_medium=feed</link>"
        f'<guid isPermaLink="false">{slug}-{story.number}</guid>'
        f"<pubDate>{format_datetime(at)}</pubDate>"
        f"<category>${story.asset.symbol}</category><category>Markets</category>"
        f"<description>{escape(f'<p>{story.summary}</p>')}</description></item>\n"
    )


def _atom(slug: str, story: Story) -> str:
    at = datetime.fromtimestamp(story.at, UTC).isoformat()
    return (
        f'<entry><id>tag:{slug},{story.number}</id><title type="html">{escape(story.title)}</title>'
        f'<link rel="alternate" href="{_link(slug, story)}"/><updated>{at}</updated>'
        f'<content type="html">{escape(f"<p>{story.summary}</p>")}</content></entry>\n'
    )


def _rdf(slug: str, story: Story) -> str:
    link, at = _link(slug, story), datetime.fromtimestamp(story.at, UTC).isoformat()
    return (
        f'<item rdf:about="{link}">'
        f"<title>{escape(story.title)}</title><link>{link}</link><dc:date>{at}</dc:date>"
        f"<description>{escape(story.summary)}</description></item>\n"
    )
