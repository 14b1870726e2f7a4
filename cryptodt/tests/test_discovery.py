"""Discovery as an operator uses it: a running service, a session, and a search for real."""

import re

import pytest
import requests

from cryptodt.tests.running import Service

PASSWORD = "a-long-phrase-of-an-operator"


class Browser:
    """A session that carries the token of its forms, as a browser does."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.session = requests.Session()

    def post(self, path: str, **sent: object) -> requests.Response:
        token = self.session.cookies.get("csrftoken", "")
        headers = {"X-CSRFToken": token, "Referer": self.service.url}
        return self.session.post(self.service.url + path, headers=headers, timeout=40, **sent)  # type: ignore[arg-type]

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.service.url + path, timeout=20)

    def log_in(self, password: str) -> None:
        self.get("/login")
        self.post("/login", data={"username": "operator", "password": password})


@pytest.fixture(scope="module")
def operator(demo: Service) -> Browser:
    browser = Browser(demo)
    browser.log_in(demo.operator_password)
    assert browser.post("/api/discovery/run", json={}).status_code == 403
    changed = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    browser.post("/password", data={"old_password": demo.operator_password, **changed})
    return browser


def test_a_search_is_waited_for_and_its_finds_can_be_added(demo: Service, operator: Browser):
    # Nothing was searched for at the start.
    assert operator.get("/api/discovery/candidates").json()["lastRun"] is None
    response = operator.post("/api/discovery/run", json={"background": False})
    body = response.json()
    assert (response.status_code, body["success"], body["simulated"]) == (200, True, True)
    assert body["discovered"] == sum(one["valid"] for one in body["providers"]) > 0
    first = body["providers"][0]
    assert first["evidence"]["headlines"] > 0

    listed = operator.get("/api/discovery/candidates").json()
    assert listed["count"] == len(body["providers"])
    assert listed["lastRun"]["unspoken"] > 0

    page = operator.get("/admin/providers/candidate/").text
    number = re.search(rf"candidate/(\d+)/change/[^>]*>{re.escape(first['name'])}<", page)
    assert number is not None
    operator.post(
        "/admin/providers/candidate/",
        data={"action": "add_switched_on", "_selected_action": number[1]},
    )
    added = operator.get(f"/api/providers/{first['slug']}").json()["data"]
    assert (added["enabled"], added["kind"], added["offers"]) == (True, "news", ["news"])
    # It is probed at once, and answers.
    demo.wait_until(
        lambda: (
            operator.get(f"/api/providers/{first['slug']}").json()["data"]["status"] == "online"
        )
    )


def test_strangers_are_kept_out_and_it_starts_in_the_background(operator: Browser):
    stranger = Browser(operator.service)
    assert stranger.post("/api/discovery/run", json={}).status_code == 401
    response = operator.post("/api/discovery/run", json={})
    assert response.status_code == 202
    assert response.json()["status"] == "Discovery started in background"
