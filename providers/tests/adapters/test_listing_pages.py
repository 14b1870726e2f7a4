"""Long lists of assets: page by page, inside the budget, and never one page for all of them."""

import json

import pytest

from providers.exceptions import BadPayload, OverBudget, ProviderError, RateLimited, Unreachable
from providers.tests.adapters.aggregated import named
from providers.tests.adapters.listed import GECKO, LORE, ids
from providers.tests.conftest import Upstream


def numbered(place, number):
    """Return a row of its own for each number, in the order of rank."""
    ranks = {"rank": number + 1, "market_cap_rank": number + 1}
    own = {name: value for name, value in ranks.items() if name in place.row()}
    return place.row(id=f"c{number}", symbol=f"C{number}", **own)


class Pages(Upstream):
    """An aggregator of many pages, which may fail at one of them."""

    def __init__(self, place, total, *, failing=None, problem=None):
        super().__init__({})
        self.place, self.total = place, total
        self.failing, self.problem = failing, problem

    def get(self, path, params=None, headers=None):
        self.asked.append((path, params, headers))
        if len(self.asked) == self.failing:
            raise self.problem
        size = int(params.get("per_page") or params["limit"])
        start = (int(params["page"]) - 1) * size if "page" in params else int(params["start"])
        rows = [numbered(self.place, n) for n in range(start, min(start + size, self.total))]
        body = json.loads(self.place.text)
        if isinstance(body, dict):
            body["data"] = rows
        self.answers[path] = json.dumps(body if isinstance(body, dict) else rows)
        self.asked.pop()
        return super().get(path, params, headers)


paged = pytest.mark.parametrize(
    ("place", "size"), [(GECKO, 250), (LORE, 100)], ids=["coingecko", "coinlore"]
)


@paged
def test_a_long_list_is_asked_for_page_by_page(place, size):
    upstream = Pages(place, 5000)
    found = place.adapter.listing(5 * size, upstream.tap)
    assert ids(found) == [f"c{number}" for number in range(5 * size)]
    assert len(upstream.asked) == 5
    starts = [params.get("page") or params["start"] for _, params, _ in upstream.asked]
    assert starts == (list("12345") if place is GECKO else ["0", "100", "200", "300", "400"])


@paged
def test_a_page_that_is_not_full_is_the_last(place, size):
    upstream = Pages(place, size + 7)
    assert len(place.adapter.listing(10 * size, upstream.tap)) == size + 7
    assert len(upstream.asked) == 2


@paged
def test_where_the_budget_ends_the_pages_before_are_an_answer(place, size):
    upstream = Pages(place, 5000, failing=3, problem=OverBudget("spent"))
    assert len(place.adapter.listing(5 * size, upstream.tap)) == 2 * size
    upstream = Pages(place, 5000, failing=1, problem=OverBudget("spent"))
    with pytest.raises(OverBudget):
        place.adapter.listing(5 * size, upstream.tap)


@paged
@pytest.mark.parametrize("problem", [RateLimited("HTTP 429"), Unreachable("late")])
def test_a_page_that_fails_is_told_and_not_passed_over(place, size, problem):
    upstream = Pages(place, 5000, failing=3, problem=problem)
    with pytest.raises(ProviderError) as caught:
        place.adapter.listing(5 * size, upstream.tap)
    assert caught.value is problem


@paged
def test_an_upstream_that_gives_the_first_page_for_every_page_is_not_believed(place, size):
    rows = [numbered(place, number) for number in range(size)]
    body = json.loads(place.text)
    text = json.dumps({**body, "data": rows} if isinstance(body, dict) else rows)
    assert type(named(lambda: place.list(text, 4 * size))) is BadPayload
