"""The usage page: days, endpoints, what a limit refused, and what is left."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import reports, usage
from accounts.models import Usage
from accounts.tests.people import given_key, given_person, shown
from accounts.web.charts import HEIGHT, WIDTH, chart, share

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def given_usage(user, *, ago=0, endpoint="api/prices", **counts):
    day = timezone.now().date() - timedelta(days=ago)
    return Usage.objects.create(user=user, day=day, endpoint=endpoint, **counts)


def test_an_empty_page_says_what_will_be_there(page):
    text = page.get("/account/usage").content.decode()
    assert "Nothing used yet" in text
    assert "30 of 30" in text
    assert "1000 of 1000" in text


def test_a_call_is_on_the_page_with_what_is_left(page, alice):
    issued = given_key(alice, name="a bot")
    for _ in range(3):
        page.get("/api/protected-data", headers=shown(issued))
    usage.flush()
    text = page.get("/account/usage").content.decode()
    assert "/api/protected-data" in text
    assert "27 of 30" in text
    assert "997 of 1000" in text
    assert "from 127.0.0.1" in text


def test_what_a_limit_refused_is_told_apart(page, alice):
    given_usage(alice, calls=5, limited=2, failed=1)
    (row,) = reports.by_endpoint(alice)
    assert row == ("api/prices", reports.Used(calls=5, limited=2, failed=1))
    assert "5 calls, 2 refused" in page.get("/account/usage").content.decode()


def test_the_day_is_known_after_a_restart(page, alice):
    # What cost nothing of the day is not taken from it.
    given_usage(alice, calls=450, spent=400)
    assert "600 of 1000" in page.get("/account/usage").content.decode()


def test_the_usage_of_somebody_else_is_not_there(page):
    other = given_person("other")
    given_usage(other, calls=4321, endpoint="api/secret")
    text = page.get("/account/usage").content.decode()
    assert "4321" not in text
    assert "api/secret" not in text


def test_the_report_reaches_90_days_back(alice):
    given_usage(alice, ago=89, calls=1)
    given_usage(alice, ago=90, calls=1)
    days = reports.by_day(alice)
    assert len(days) == 90
    assert sum(used.calls for _, used in days) == 1
    assert days[0][1].calls == 1


def test_a_tier_without_limits_says_so(client):
    client.force_login(given_person("root", tier="enterprise"))
    assert "no limit" in client.get("/account/usage").content.decode()


@pytest.mark.parametrize(
    ("calls", "limited"), [(0, 0), (1, 0), (0, 1), (1, 10**9), (10**9, 1), (5, 5)]
)
def test_a_bar_stays_in_the_picture_and_can_be_seen(calls, limited):
    today = timezone.now().date()
    used = reports.Used(calls, limited, 0)
    drawn = chart([(today, used), (today, reports.Used(7, 7, 7))])
    assert drawn.bars[-1].x + drawn.bars[-1].width <= WIDTH
    for bar in drawn.bars:
        assert bar.limited_y >= 0
        assert bar.height + bar.limited_height <= HEIGHT
        assert (bar.height > 0) == (bar.used.calls > 0)


def test_a_share_is_a_length_of_a_hundred():
    assert [share(0, 0), share(0, 9), share(1, 10**6), share(9, 9)] == [0, 0, 1, 100]
