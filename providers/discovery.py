"""Discovery: who else might be asked. Found on home pages and lists, tried for real, kept."""

import logging
import random
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.utils import timezone

from providers import candidates, exchange_lists, pages, roster
from providers.directory import SITES
from providers.exceptions import ProviderError
from providers.models import Candidate, DiscoveryRun
from providers.scout import Scout
from providers.validation import Found, judge

logger = logging.getLogger(__name__)

# What one run may do. The pages are drawn by lot, so that each has its turn in time.
RUN_SECONDS = 120.0
MOST_PAGES = 20
MOST_CHECKS = 25
# The ends of slugs behind which a publisher has a home page of its own, and hosts of many.
PUBLISHERS = ("news", "blog", "research")
SHARED_HOSTS = {"medium.com", "news.google.com", "www.investing.com"}


def run() -> DiscoveryRun:
    """Search once, and keep what came of it."""
    scout, started_at = Scout(seconds=RUN_SECONDS), timezone.now()
    listed = exchange_lists.exchanges()
    found = [*listed.found, *_advertised(scout)]
    searched = DiscoveryRun.objects.create(
        started_at=started_at,
        ended_at=started_at,
        asked=scout.asked,
        checked=0,
        valid=0,
        unspoken=listed.unspoken,
        trouble=list(listed.trouble),
    )
    chosen = candidates.due(found, now=started_at, most=MOST_CHECKS)
    kept = list(_checked(chosen, scout, searched))
    candidates.add_by_rule(kept)
    candidates.drop_old(now=started_at)
    if scout.is_hopeless:
        searched.trouble.append("nobody could be reached: is there an internet?")
    searched.ended_at, searched.asked = timezone.now(), scout.asked
    searched.checked, searched.valid = len(kept), sum(one.is_valid for one in kept)
    searched.save()
    logger.info("Discovery looked at %s candidates: %s are valid", len(kept), searched.valid)
    return searched


def _checked(chosen: list[Found], scout: Scout, run: DiscoveryRun) -> Iterator[Candidate]:
    for found in chosen:
        if scout.is_over:
            return
        slug = candidates.slug_of(found)
        verdict = judge(found, slug, scout, timezone.now())
        # Unreachable because we are: that says nothing about the candidate.
        if verdict is None or scout.is_hopeless:
            continue
        kept = candidates.record(found, slug, verdict, run=run)
        if kept is not None:
            yield kept


def _advertised(scout: Scout) -> Iterator[Found]:
    """Yield the feeds that the home pages of publishers name."""
    homes = list(_homes())
    for slug, name, home in random.sample(homes, min(MOST_PAGES, len(homes))):
        if scout.is_over:
            return
        try:
            page = scout.read(slug, home)
        except ProviderError as error:
            logger.debug("The home page of %s says nothing: %s", name, error)
            continue
        for link in pages.feeds_of(page.text, page.address):
            title = link.title if name in link.title else f"{name}: {link.title or 'feed'}"
            yield Found(
                format="rss",
                address=link.address,
                name=title,
                found_by=f"advertised by {page.address}",
            )


def _homes() -> Iterator[tuple[str, str, str]]:
    """Yield slug, name and home page of the publishers that are known, each host once."""
    hosts = set(SHARED_HOSTS)
    for member in roster.current().members("news"):
        host = urlsplit(member.row.origin).netloc
        if host in hosts or not member.slug.endswith(PUBLISHERS):
            continue
        hosts.add(host)
        yield member.slug, member.row.name, f"{member.row.origin}/"
    for site in SITES:
        host = urlsplit(site.home).netloc
        if host not in hosts:
            slug = host.removeprefix("www.").replace(".", "-")
            yield f"{slug}-news", site.name, site.home
