"""Discovery over HTTP: who may ask for it, and what they are told."""

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from cryptodt.common.single import single
from providers import candidates, discovery, tasks
from providers.models import Candidate

pytestmark = pytest.mark.django_db

RUN, LIST = "/api/discovery/run", "/api/discovery/candidates"


class Queue:
    """Stands where tasks are sent to, and does them at once when it is told to."""

    def __init__(self):
        self.sent = []
        self.is_down = self.is_quick = False

    def send_task(self, name, args, expires):
        if self.is_down:
            raise OperationalError("no broker")
        self.sent.append((name, expires))
        if self.is_quick:
            tasks.run_discovery(*args)


@pytest.fixture(autouse=True)
def queue(monkeypatch):
    monkeypatch.setattr(candidates, "current_app", found := Queue())
    monkeypatch.setattr(candidates, "WAIT", 0.3)
    return found


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_user("stan", is_staff=True))
    return client


def ask(client, body=None, **headers):
    return client.post(RUN, body or {}, content_type="application/json", **headers)


def test_a_stranger_is_told_to_log_in(client, queue):
    for response in (ask(client), client.get(LIST)):
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "UNAUTHORIZED"
    assert queue.sent == []


@pytest.mark.parametrize("who", [{}, {"is_staff": True, "must_change_password": True}])
def test_whoever_is_not_staff_or_not_yet_is_refused(client, queue, who):
    client.force_login(User.objects.create_user("alice", **who))
    for response in (ask(client), client.get(LIST)):
        assert response.status_code == 403
        assert response.json()["error"]["code"] == "FORBIDDEN"
    assert queue.sent == []


def test_another_site_cannot_ask_in_the_name_of_staff(client, queue):
    staff = User.objects.create_user("stan", is_staff=True)
    careful = client.__class__(enforce_csrf_checks=True)
    careful.force_login(staff)
    response = ask(careful)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert queue.sent == []


@pytest.mark.parametrize("body", [{}, {"background": True}])
def test_it_starts_in_the_background(staff, queue, body):
    response = ask(staff, body)
    assert response.status_code == 202
    assert response.json()["success"] is True
    assert response.json()["status"] == "Discovery started in background"
    assert queue.sent == [("providers.tasks.run_discovery", candidates.EXPIRES)]


def test_one_that_runs_already_is_not_started_again(staff, queue):
    with single(candidates.RUNNING, seconds=60):
        response = ask(staff)
    assert response.status_code == 202
    assert response.json()["status"] == "Discovery is running already"
    assert response["Retry-After"] == "30"
    assert queue.sent == []


@pytest.mark.parametrize("background", [True, False])
def test_a_queue_that_is_down_is_an_error(staff, queue, background):
    queue.is_down = True
    response = ask(staff, {"background": background})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "UNAVAILABLE")
    assert response["Retry-After"]


@pytest.mark.parametrize("body", [[], "true", {"background": "perhaps"}, {"background": None}])
def test_what_cannot_be_understood_is_refused(staff, queue, body):
    response = ask(staff, body) if body else staff.post(RUN, "[]", "application/json")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_REQUEST")
    assert queue.sent == []


def test_whoever_waits_is_told_what_was_found(staff, queue, sim, monkeypatch):
    homes = [("decrypt-news", "Decrypt", "https://decrypt.co/")]
    monkeypatch.setattr(discovery, "_homes", lambda: iter(homes))
    sim.fault("decrypt-co-analysis-atom-news", "html")
    queue.is_quick = True
    response = ask(staff, {"background": False})
    body = response.json()
    assert response.status_code == 200
    assert (body["success"], body["discovered"], len(body["providers"])) == (True, 1, 2)
    good, refused = body["providers"]
    assert (good["slug"], good["format"]) == ("decrypt-co-markets-feed-xml-news", "rss")
    assert (good["valid"], good["reason"], good["provider"]) == (True, None, None)
    assert good["address"] == "https://decrypt.co/markets/feed.xml"
    assert good["evidence"]["headlines"] > 1
    assert (refused["valid"], "no feed" in refused["reason"]) == (False, True)
    listed = staff.get(LIST).json()
    assert [one["slug"] for one in listed["data"]] == [good["slug"], refused["slug"]]
    assert (listed["count"], listed["lastRun"]["checked"], listed["lastRun"]["valid"]) == (2, 2, 1)


def test_whoever_waits_too_long_is_told_to_come_back(staff, queue):
    response = ask(staff, {"background": False})
    assert response.status_code == 202
    assert response.json()["status"] == "Discovery goes on in background"
    assert response["Retry-After"] == "30"


def test_only_one_may_wait(staff, queue):
    with single(candidates.WAITING, seconds=60):
        response = ask(staff, {"background": False})
    assert response.status_code == 202
    assert len(queue.sent) == 1


def test_before_the_first_search_there_is_nothing_to_tell(staff):
    body = staff.get(LIST).json()
    assert (body["data"], body["count"], body["lastRun"]) == ([], 0, None)


def test_many_candidates_cost_one_query_more_at_most(staff, django_assert_max_num_queries):
    now = timezone.now()
    for number in range(30):
        Candidate.objects.create(
            slug=f"news-{number}",
            name="News",
            added_format="rss",
            added_address=f"https://news.example/{number}",
            found_by="a test",
            first_found_at=now,
            checked_at=now,
            is_valid=False,
        )
    # The first call of a day also asks what was used of it.
    staff.get(LIST)
    with django_assert_max_num_queries(5):
        assert staff.get(LIST).json()["count"] == 30


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_nothing_else_can_be_done_here(staff, method):
    assert getattr(staff, method)(RUN).status_code == 405
