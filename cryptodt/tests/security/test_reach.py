"""Asking for more than one has: other people's things, other tiers, fields that nobody offered."""

import pytest
from django.test import Client

from accounts.models import ApiKey, Usage, User
from accounts.tests.people import PASSWORD, given_key, given_person, shown

pytestmark = pytest.mark.django_db
KEYS = "/api/account/keys"
JSON = "application/json"


@pytest.fixture
def bob(db):
    return given_person("bob", tier="pro")


def test_fields_that_nobody_offered_change_nothing(signed_in, ann, bob):
    wish = {
        "name": "mine",
        "owner": bob.pk,
        "owner_id": bob.pk,
        "user": bob.pk,
        "tier": "pro",
        "tier_id": "pro",
        "is_staff": True,
        "is_superuser": True,
        "public_id": "aaaaaaaaaa",
        "digest": "0" * 64,
        "per_minute": 10_000,
        "per_day": None,
        "limits": {"perMinute": 10_000},
        "revoked_at": None,
        "created_at": "2000-01-01T00:00:00Z",
        "active": True,
    }
    answer = signed_in.post(KEYS, wish, JSON)
    assert answer.status_code == 201
    key = ApiKey.objects.get()
    assert (key.owner, key.tier_id, key.scopes) == (ann, "free", ["read"])
    assert (key.per_minute, key.per_day) == (None, None)
    assert key.public_id != "aaaaaaaaaa"
    assert key.created_at.year > 2000
    ann.refresh_from_db()
    assert not ann.is_staff
    assert answer.json()["data"]["limits"]["perMinute"] == 30


@pytest.mark.parametrize("scopes", [["admin"], ["export"], ["read", "admin"], ["everything"], []])
def test_a_free_person_gets_no_key_that_can_more(signed_in, scopes):
    answer = signed_in.post(KEYS, {"name": "mine", "scopes": scopes}, JSON)
    assert answer.status_code == 400
    assert not ApiKey.objects.exists()


def test_the_admin_tier_alone_makes_nobody_an_operator():
    person = given_person("eve", tier="admin")
    client = Client()
    client.force_login(person)
    assert client.post(KEYS, {"name": "x", "scopes": ["admin"]}, JSON).status_code == 400
    assert client.get("/api/discovery/candidates").status_code == 403
    assert client.post("/api/discovery/run", {}, JSON).status_code == 403


def test_an_operators_place_is_closed_to_everybody_else(signed_in, ann):
    key = given_key(ann, scopes=["read", "analyze"])
    for place in ("/api/discovery/candidates",):
        assert Client().get(place).status_code == 401
        assert Client().get(place, headers=shown(key)).status_code == 403
        assert signed_in.get(place).status_code == 403
    assert signed_in.get("/admin/").status_code == 302


def test_another_persons_key_is_as_unknown_as_none(signed_in, bob):
    key = given_key(bob).key
    answers = [
        signed_in.delete(f"{KEYS}/{public_id}") for public_id in (key.public_id, "aaaaaaaaaa")
    ] + [
        signed_in.post(f"{KEYS}/{public_id}/rotate", {}, JSON)
        for public_id in (key.public_id, "aaaaaaaaaa")
    ]
    told = [(answer.status_code, answer.json()["error"]["message"]) for answer in answers]
    assert told == [(404, "There is no such key.")] * 4
    key.refresh_from_db()
    assert key.is_live
    assert key.successor is None


def test_lists_and_usage_are_ones_own(signed_in, ann, bob):
    key = given_key(bob)
    Usage.objects.create(day="2026-01-01", user=bob, key=key.key, endpoint="secret", calls=1)
    for place in (KEYS, "/api/account/usage"):
        told = signed_in.get(place).content.decode()
        assert key.key.public_id not in told
        assert "secret" not in told


def test_a_key_makes_and_ends_no_keys(ann):
    key = given_key(ann)
    mine = f"{KEYS}/{key.key.public_id}"
    client = Client()
    assert client.post(KEYS, {"name": "x"}, JSON, headers=shown(key)).status_code == 404
    assert client.post(f"{mine}/rotate", {}, JSON, headers=shown(key)).status_code == 404
    assert client.delete(mine, headers=shown(key)).status_code == 404
    token = client.post("/api/auth/token", {}, JSON, headers=shown(key)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.post(KEYS, {"name": "x"}, JSON, headers=bearer).status_code == 404
    assert ApiKey.objects.count() == 1


def test_a_one_time_password_opens_the_password_page_and_nothing_of_the_api():
    newcomer = User.objects.create_superuser(
        "nina", password=PASSWORD, tier_id="admin", must_change_password=True
    )
    client = Client()
    client.force_login(newcomer)
    assert client.get("/api/discovery/candidates").status_code == 403
    assert client.post(KEYS, {"name": "x", "scopes": ["read", "admin"]}, JSON).status_code == 400
    assert client.post(KEYS, {"name": "x"}, JSON).status_code == 400
    body = {"username": "nina", "password": PASSWORD}
    assert Client().post("/api/auth/login", body, JSON).status_code == 401
    assert not ApiKey.objects.exists()
