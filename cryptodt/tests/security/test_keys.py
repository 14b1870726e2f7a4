"""Attacks with keys: guessed, leaked, shown in the wrong place, used from elsewhere."""

import hmac
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts import keys
from accounts.callers import BOOK
from accounts.models import ApiKey, User
from accounts.services import revoke_key
from accounts.tests.people import given_key, given_person, shown

pytestmark = pytest.mark.django_db
PLACE = "/api/protected-data"


def ask(text, **more):
    return Client().get(PLACE, headers={"X-API-Key": text}, **more)


def another_secret(text):
    """A key with the same id, a good checksum, and a secret that is not its own."""
    public_id = keys.public_id_of(text) or ""
    secret = keys._random(keys.SECRET_LENGTH)
    return f"cdt_{public_id}_{secret}{keys._checksum(public_id, secret)}"


def refused(answer, status=401, message="Invalid API key"):
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)


def test_a_key_opens_by_either_header():
    key = given_key()
    assert ask(key.text).status_code == 200
    for kind in ("Bearer", "bearer", "BEARER"):
        bearer = {"Authorization": f"{kind} {key.text}"}
        assert Client().get(PLACE, headers=bearer).status_code == 200


def test_every_wrong_key_gets_the_same_answer():
    key = given_key()
    ended = given_key(key.key.owner, name="ended")
    revoke_key(ended.key, by=key.key.owner)
    old = given_key(key.key.owner, expires_at=timezone.now() + timedelta(seconds=1))
    with time_machine.travel(timezone.now() + timedelta(seconds=2)):
        for text in (another_secret(key.text), keys.make().text, ended.text, old.text, "cdt_x"):
            answer = ask(text)
            refused(answer)
            assert answer.json()["error"]["details"] == {}


@pytest.mark.parametrize("kind", ["right", "wrong secret", "unknown id", "mistyped", "no key"])
def test_each_look_up_compares_once_and_in_constant_time(monkeypatch, kind):
    text = given_key().text
    text = {
        "right": text,
        "wrong secret": another_secret(text),
        "unknown id": keys.make().text,
        "mistyped": text[:-1] + ("a" if text[-1] != "a" else "b"),
        "no key": "cdt_",
    }[kind]
    compared = []
    compare = hmac.compare_digest

    def noting(one, other):
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr("accounts.keys.hmac.compare_digest", noting)
    assert ask(text).status_code == (200 if kind == "right" else 401)
    # Whole digests of the same length, and never the texts themselves.
    assert compared == [(64, 64)]


def test_nothing_of_a_key_is_stored_that_could_be_used():
    text = given_key().text
    row = ApiKey.objects.values().get()
    secret = text.rpartition("_")[2]
    assert not any(secret in str(value) or text in str(value) for value in row.values())


@pytest.mark.parametrize(
    "name", ["api_key", "apikey", "API_KEY", "key", "token", "access_token", "x-api-key"]
)
def test_a_key_in_an_address_is_refused_with_a_hint_and_not_logged(name, caplog, capfd):
    text = given_key().text
    with caplog.at_level("DEBUG"):
        answer = Client().get(f"/api/prices?{name}={text}")
    assert answer.status_code == 400
    assert "X-API-Key" in answer.json()["error"]["message"]
    assert text not in caplog.text
    assert text not in capfd.readouterr().err
    assert text not in answer.content.decode()


@pytest.fixture
def few_guesses(monkeypatch):
    monkeypatch.setattr("accounts.recognition.WRONG_PER_MINUTE", 5)


def test_a_flood_of_wrong_keys_is_slowed_and_a_right_one_is_not(few_guesses):
    key = given_key()
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False):
        statuses = [ask(keys.make().text).status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        answer = ask(keys.make().text)
        assert int(answer["Retry-After"]) > 0
        assert ask(key.text).status_code == 200
        assert ask(keys.make().text, REMOTE_ADDR="203.0.113.5").status_code == 401


def test_wrong_keys_in_a_body_are_slowed_as_well(few_guesses):
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False):
        statuses = [
            Client()
            .post(
                "/api/auth/token",
                {"api_key": keys.make().text},
                content_type="application/json",
                REMOTE_ADDR=f"2001:db8::{number:x}",
            )
            .status_code
            for number in range(7)
        ]
    assert 429 in statuses
    assert set(statuses) == {401, 429}


@pytest.mark.parametrize(
    "text",
    ["x" * 10_000, "cdt_" + "a" * 10_000, "\u00e9" * 20, "a\x0bb", "' OR 1=1 --", "cdt_\u0661"],
)
def test_whatever_is_shown_as_a_key_is_refused_and_breaks_nothing(text):
    shown_raw = text.encode("utf-8").decode("latin1")
    answer = Client().get(PLACE, HTTP_X_API_KEY=shown_raw)
    assert answer.status_code == 401
    answer = Client().get(PLACE, HTTP_AUTHORIZATION=f"Bearer {shown_raw}")
    assert answer.status_code == 401


def test_an_empty_key_is_nobody():
    assert ask("").json()["error"]["message"] == "This needs a key: send it as X-API-Key."
    assert Client().get(PLACE, headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_a_key_is_good_from_its_addresses_only_and_so_are_its_tokens():
    key = given_key(addresses=["203.0.113.0/24"])
    here: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.9"}
    there: dict[str, Any] = {"REMOTE_ADDR": "203.0.114.9"}
    assert ask(key.text, **here).status_code == 200
    refused(ask(key.text, **there), 403, "This key may not be used from your address.")
    said = {"X-API-Key": key.text, "X-Forwarded-For": "203.0.113.9"}
    assert Client().get(PLACE, headers=said, **there).status_code == 403
    body = {"api_key": key.text}
    json = "application/json"
    assert Client().post("/api/auth/token", body, json, **there).status_code == 403
    access = Client().post("/api/auth/token", body, json, **here).json()["access_token"]
    token = {"Authorization": f"Bearer {access}"}
    assert Client().get(PLACE, headers=token, **here).status_code == 200
    assert Client().get(PLACE, headers=token, **there).status_code == 403


def test_a_key_is_good_for_its_own_pages_only():
    key = given_key(origins=["https://app.example"])
    right, wrong = {"Origin": "https://app.example"}, {"Origin": "https://app.example.evil.test"}
    assert Client().get(PLACE, headers={**shown(key), **right}).status_code == 200
    assert Client().get(PLACE, headers={**shown(key), **wrong}).status_code == 403
    assert Client().get(PLACE, headers=shown(key)).status_code == 403


def test_a_key_of_somebody_who_is_no_operator_any_more_administers_nothing(operator):
    key = given_key(operator, tier="admin", scopes=["read", "admin"])
    place = "/api/discovery/candidates"
    assert Client().get(place, headers=shown(key)).status_code == 200
    User.objects.update(is_staff=False, is_superuser=False)
    BOOK.forget()
    assert Client().get(place, headers=shown(key)).status_code == 403


def test_no_answer_repeats_what_was_shown():
    text = keys.make().text
    for answer in (ask(text), Client().get(PLACE, headers={"Authorization": f"Bearer {text}"})):
        told = answer.content.decode() + str(answer.headers)
        assert text not in told
        assert settings.API_KEY_SALT not in told


def test_a_header_cannot_be_smuggled_into_an_answer():
    evil = "abcdefgh\r\nSet-Cookie: a=b"
    answer = Client().get("/api/health", HTTP_X_REQUEST_ID=evil, HTTP_ORIGIN=evil)
    assert "Set-Cookie" not in str(answer.headers)
    assert answer["X-Request-ID"] != evil


def test_a_person_without_a_key_is_asked_for_one():
    given_person("bob")
    assert Client().get(PLACE)["WWW-Authenticate"] == "Bearer"
