"""Whoever guesses is slowed, by account and by address, and learns nothing from it."""

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings as configured

from accounts.models import AuditEntry
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LIMIT = configured.AXES_FAILURE_LIMIT
# Windows of the form's own limits begin at some second; a standing clock crosses none.
NOON = "2026-11-20T12:00:00Z"


def log_in(client, name="alice", password="wrong", address="192.0.2.1"):
    fields = {"username": name, "password": password}
    return client.post("/login", fields, REMOTE_ADDR=address)


def log_in_by_api(client, name="alice", password="wrong", address="192.0.2.1", **more):
    body = {"username": name, "password": password, **more}
    return client.post(
        "/api/auth/login", body, content_type="application/json", REMOTE_ADDR=address
    )


def test_an_account_rests_after_wrong_passwords_from_anywhere(client, alice):
    for number in range(LIMIT):
        log_in(client, address=f"192.0.2.{number}")
    response = log_in(client, password=PASSWORD, address="198.51.100.1")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "600"
    assert "alice" not in response.content.decode()


def test_an_address_rests_after_wrong_names(client, alice):
    for number in range(LIMIT):
        log_in(client, name=f"nobody{number}")
    assert log_in(client, password=PASSWORD).status_code == 429
    assert log_in(client, password=PASSWORD, address="198.51.100.1").status_code == 302


def test_a_name_that_nobody_has_rests_as_well(client, alice):
    def pages(name):
        return [log_in(client, name=name, address=f"192.0.2.{n}") for n in range(LIMIT)]

    known, unknown = ([page.status_code for page in pages(name)] for name in ("alice", "nobody"))
    assert known == unknown


def test_after_the_rest_the_right_password_is_good_again(client, alice):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(LIMIT):
            log_in(client)
        assert log_in(client, password=PASSWORD).status_code == 429
        clock.shift(601)
        assert log_in(client, password=PASSWORD).status_code == 302


def test_trying_on_does_not_make_the_rest_longer(client, alice):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(LIMIT):
            log_in(client)
        clock.shift(500)
        log_in(client)
        clock.shift(101)
        assert log_in(client, password=PASSWORD).status_code == 302


def test_the_token_endpoint_rests_with_the_same_401_as_for_a_wrong_password(client, alice):
    answers = [log_in_by_api(client, address=f"192.0.2.{n}") for n in range(LIMIT)]
    resting = log_in_by_api(client, password=PASSWORD, address="198.51.100.1")
    assert {answer.status_code for answer in [*answers, resting]} == {401}
    assert len({answer.json()["error"]["message"] for answer in [*answers, resting]}) == 1
    # And the form knows of it.
    assert log_in(client, password=PASSWORD, address="198.51.100.2").status_code == 429


def test_a_name_of_any_length_is_only_a_wrong_name(client, alice):
    assert log_in_by_api(client, name="a" * 10_000).status_code == 401
    assert log_in(client, name="a" * 10_000).status_code == 200


@pytest.mark.parametrize("name", ["\ud800", "a\x00", 12, None, ["a"], ""])
def test_what_is_no_text_is_refused(client, name):
    assert log_in_by_api(client, name=name).status_code == 400


def test_no_password_is_kept_of_a_failed_login(client, alice):
    log_in(client, password="wrong-and-secret")
    kept = AccessAttempt.objects.values().get()
    assert "wrong-and-secret" not in str(kept)


def test_a_failed_login_is_in_the_audit_with_its_address(client, alice):
    log_in(client, name="mallory")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.actor_name) == ("log-in failed", None, "mallory")
    assert entry.address == "192.0.2.1"


@pytest.mark.parametrize(
    ("page", "fields", "times"),
    [
        ("/login", {"username": "alice"}, 15),
        ("/signup", {"email": "a@example.com"}, 5),
        ("/password/reset", {"email": "a@example.com"}, 5),
    ],
)
def test_a_form_for_one_account_can_be_sent_only_so_often(client, alice, page, fields, times):
    with time_machine.travel(NOON, tick=False):
        codes = [
            client.post(page, fields, REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(times)
        ]
        shouting = {name: text.upper() for name, text in fields.items()}
        refused = client.post(page, shouting, REMOTE_ADDR="198.51.100.1")
        other = client.post(page, {name: f"b{text}" for name, text in fields.items()})
    assert 429 not in codes
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "little often" in refused.content.decode()
    assert other.status_code != 429


def test_a_flood_at_the_token_endpoint_gets_the_envelope(client, alice):
    with time_machine.travel(NOON, tick=False):
        for number in range(15):
            log_in_by_api(client, address=f"192.0.2.{number}")
        refused = log_in_by_api(client, address="198.51.100.1")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    assert refused.headers["Retry-After"] == str(refused.json()["retry_after"])


def test_a_network_of_ipv6_is_one_address(client, alice):
    for number in range(LIMIT):
        log_in(client, name=f"nobody{number}", address=f"2001:db8::{number:x}")
    assert log_in(client, password=PASSWORD, address="2001:db8::ffff").status_code == 429
