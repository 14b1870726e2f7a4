"""The ledger of gaps: what is missing, why, who was asked for it, and who brought it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from market.candle_query import GapQuery
from market.coverage import candles_in
from market.models import Gap
from market.snapshot import iso


@dataclass(frozen=True, slots=True)
class GapPage:
    """Some lines of the ledger, the latest found first, and the number behind which more lie."""

    lines: Sequence[Mapping[str, Any]]
    next: int | None


def gap_page(query: GapQuery) -> GapPage:
    """Return the known gaps that a question is about.

    They are in the order of their numbers, which stay what they are while gaps are repaired,
    split and joined.
    """
    rows = Gap.objects.select_related("series__asset").order_by("-pk")
    for condition, value in (
        ("series__asset__symbol", query.symbol),
        ("series__currency", query.currency),
        ("series__interval", query.interval),
        ("end__gt", query.since),
        ("start__lt", query.until),
        ("pk__lt", query.after),
    ):
        if value is not None:
            rows = rows.filter(**{condition: value})
    if query.state != "all":
        rows = rows.filter(repaired_at__isnull=query.state == "open")
    found = list(rows[: query.limit + 1])
    shown = found[: query.limit]
    return GapPage(
        [_line(gap) for gap in shown], shown[-1].pk if len(found) > len(shown) else None
    )


def _line(gap: Gap) -> dict[str, Any]:
    series = gap.series
    return {
        "symbol": f"{series.asset.symbol}{series.currency}",
        "interval": series.interval,
        "from": gap.start * 1000,
        "to": gap.end * 1000,
        "missing": candles_in(gap.start, gap.end, series.interval),
        "reason": gap.reason,
        "state": "open" if gap.repaired_at is None else "repaired",
        "foundAt": iso(gap.found_at),
        "attempts": gap.attempts,
        "nextTryAt": gap.next_try_at and iso(gap.next_try_at),
        "said": gap.said,
        "repairedAt": gap.repaired_at and iso(gap.repaired_at),
        "repairedBy": gap.repaired_by or None,
    }
