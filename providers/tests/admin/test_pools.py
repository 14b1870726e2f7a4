"""Pools in the admin: who is asked, in which order, and by which strategy."""

import pytest

from providers import roster
from providers.models import Pool, Provider
from providers.tests.admin.conftest import entries, form_of

pytestmark = pytest.mark.django_db


def test_a_pool_with_members_stays(operator, send):
    pool = Pool.objects.get(name="quotes")
    send(f"/admin/providers/pool/{pool.pk}/delete/", {"post": "yes"})
    assert Pool.objects.filter(name="quotes").exists()
    page = operator.get("/admin/providers/pool/").content.decode()
    assert "Move each to another pool" in page


def test_an_empty_pool_goes(send):
    pool = Pool.objects.create(name="spare", capability="quotes")
    send(f"/admin/providers/pool/{pool.pk}/delete/", {"post": "yes"})
    assert "spare" not in [group.name for group in roster.current().groups["quotes"]]


def test_strategy_and_places_are_chosen_in_the_pool(operator, send):
    path = f"/admin/providers/pool/{Pool.objects.get(name='quotes').pk}/change/"
    data = form_of(operator, path)
    places = sorted(name for name in data if name.endswith("-place"))
    numbers = {name: 1000 - n for n, name in enumerate(places)}
    before = [one.slug for one in roster.current().members("quotes") if one.is_on]
    send(path, {**data, **numbers, "strategy": "round_robin", "capability": "news"})
    pool = Pool.objects.get(name="quotes")
    assert (pool.strategy, pool.capability) == ("round_robin", "quotes")
    assert [one.slug for one in roster.current().members("quotes") if one.is_on] != before
    assert "Strategy" in entries()[0]


def test_a_pool_is_for_something_that_exists(send):
    data = {
        "name": "x",
        "capability": "weather",
        "strategy": "priority",
        "position": 0,
    }
    page = send("/admin/providers/pool/add/", data, is_good=False)
    assert "Select a valid choice" in page.content.decode()
    send("/admin/providers/pool/add/", {**data, "capability": "news"})
    assert [group.name for group in roster.current().groups["news"]] == ["news", "x"]


def test_a_pool_can_carry_every_member_there_is(operator, send):
    Provider.objects.update(is_on=True)
    path = f"/admin/providers/pool/{Pool.objects.get(name='news').pk}/change/"
    send(path, form_of(operator, path))
