"""The rows: every provider that the code knows, and what an operator may add without code."""

from functools import cache

from providers import added
from providers.row import Row
from providers.rows import aggregators, chains, defi, exchanges, feeds, mood

ROWS: tuple[Row, ...] = (
    *aggregators.ROWS,
    *exchanges.ROWS,
    *chains.ROWS,
    *defi.ROWS,
    *mood.ROWS,
    *feeds.ROWS,
)
BY_SLUG = {row.slug: row for row in ROWS}


# Kept, because an adapter remembers between calls what an exchange lists.
@cache
def added_row(slug: str, name: str, kind: str, address: str) -> Row | None:
    return added.row_for(slug, name, kind, address)
