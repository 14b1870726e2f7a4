"""Tokens that somebody made up, bent, kept too long or took for something else."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts.callers import BOOK
from accounts.models import User
from accounts.proofs import caller_of_person
from accounts.selectors import live_key
from accounts.services import change_password, issue_tokens, revoke_key
from accounts.tests.people import given_key, given_person, shown

pytestmark = pytest.mark.django_db
PLACE = "/api/protected-data"
JSON = "application/json"
KEY = str(settings.SIMPLE_JWT["SIGNING_KEY"])


@pytest.fixture
def pair(ann):
    return issue_tokens(caller_of_person(ann))


@pytest.fixture
def claims(pair):
    """What a good access token says."""
    return jwt.decode(pair.access, options={"verify_signature": False})


def ask(token, client=None):
    return (client or Client()).get(PLACE, headers={"Authorization": f"Bearer {token}"})


def post(path, **body):
    return Client().post(f"/api/auth/{path}", body, content_type="application/json")


def refused(answer, message="Invalid token"):
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == message
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_good_token_says_who_it_is_and_for_how_long(pair, ann, claims):
    answer = ask(pair.access)
    assert answer.status_code == 200
    assert answer.json()["user_id"] == ann.pk == claims["user_id"]
    assert claims["exp"] - claims["iat"] == 24 * 3600
    assert jwt.get_unverified_header(pair.access)["alg"] == "HS256"


def test_a_token_without_a_signature_is_none(claims):
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    body = base64.urlsafe_b64encode(json.dumps(claims).encode())
    bare = b".".join([head.rstrip(b"="), body.rstrip(b"="), b""]).decode()
    refused(ask(bare))
    refused(ask(jwt.encode(claims, "", algorithm="none")))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_of_another_algorithm_is_none(claims, algorithm):
    refused(ask(jwt.encode(claims, KEY * 2, algorithm=algorithm)))
    refused(ask(jwt.encode(claims, KEY, algorithm=algorithm)))


def test_a_token_signed_with_another_secret_is_none(claims):
    for secret in ("x" * 64, settings.SECRET_KEY, settings.API_KEY_SALT):
        refused(ask(jwt.encode(claims, secret, algorithm="HS256")))


@pytest.mark.parametrize(
    "bent",
    [
        {"aud": "somebody else"},
        {"iss": "cryptodt:another-market"},
        {"token_type": "refresh"},
        {"token_type": "sliding"},
        {"user_id": 10**30},
        {"user_id": "one"},
        {"user_id": None},
        {"user_id": -1},
        {"key": 987_654},
        {"key": "mine"},
        {"made": "yesterday"},
        {"made": 10**40},
        {"jti": None},
        {"jti": {"$ne": 1}},
        {"exp": "never"},
    ],
)
def test_a_token_for_another_purpose_is_none(claims, bent):
    """Signed with the right secret, as by another part of the house that had it."""
    refused(ask(jwt.encode({**claims, **bent}, KEY, algorithm="HS256")))


@pytest.mark.parametrize("name", ["aud", "iss", "token_type", "user_id", "jti", "exp", "made"])
def test_a_token_that_leaves_something_out_is_none(claims, name):
    del claims[name]
    refused(ask(jwt.encode(claims, KEY, algorithm="HS256")))


def test_a_refresh_token_opens_nothing(pair):
    refused(ask(pair.refresh))


def test_an_access_token_refreshes_nothing(pair):
    refused(post("refresh", refresh_token=pair.access))


@pytest.mark.parametrize("kind", [signing.dumps, signing.TimestampSigner().sign])
def test_what_was_signed_for_something_else_is_no_token(ann, kind):
    refused(ask(kind(str(ann.pk))))
    refused(post("refresh", refresh_token=kind(str(ann.pk))))


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c",
        "...",
        "x" * 10_000,
        "\u2028.\u00e9.\u00e9",
        "cdt_",
    ],
)
def test_what_is_no_token_is_refused(ann, text):
    answer = post("refresh", refresh_token=text)
    refused(answer)
    if text.isascii():
        message = "Invalid API key" if text.startswith("cdt_") else "Invalid token"
        refused(ask(text), message)


def test_a_token_ends(pair):
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
        refused(ask(pair.access), "Token expired")
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        refused(post("refresh", refresh_token=pair.refresh), "Token expired")


def test_a_token_that_was_given_up_is_none(pair):
    assert ask(pair.access).status_code == 200
    assert post("revoke", token=pair.access).status_code == 200
    refused(ask(pair.access))


def test_a_refresh_token_is_good_once(pair):
    assert post("refresh", refresh_token=pair.refresh).status_code == 200
    refused(post("refresh", refresh_token=pair.refresh))


@pytest.mark.parametrize("column", ["is_active", "deleted"])
def test_whoever_is_gone_has_no_tokens(pair, ann, column):
    if column == "deleted":
        ann.delete()
    else:
        User.objects.update(is_active=False)
    refused(ask(pair.access))
    refused(post("refresh", refresh_token=pair.refresh))


def test_a_new_password_ends_tokens_in_the_same_second(ann):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        pair = issue_tokens(caller_of_person(ann))
        assert ask(pair.access).status_code == 200
        clock.shift(0.001)
        change_password(ann, "another-phrase-7")
        refused(ask(pair.access))
        refused(post("refresh", refresh_token=pair.refresh))
        ann.refresh_from_db()
        assert ask(issue_tokens(caller_of_person(ann)).access).status_code == 200


def test_revoking_a_key_ends_its_tokens_at_once(ann):
    key = given_key(ann)
    answer = Client().post("/api/auth/token", {}, JSON, headers=shown(key))
    access = answer.json()["access_token"]
    assert ask(access).status_code == 200
    revoke_key(live_key(key.text), by=ann)
    refused(ask(access))
    refused(post("refresh", refresh_token=answer.json()["refresh_token"]))


def test_a_key_that_expired_or_changed_hands_ends_its_tokens(ann):
    key = given_key(ann)
    answer = Client().post("/api/auth/token", {}, JSON, headers=shown(key))
    access = answer.json()["access_token"]
    key.key.owner = given_person("bob")
    key.key.save()
    BOOK.forget()
    refused(ask(access))


def test_a_session_cookie_is_no_token(signed_in):
    held = signed_in.cookies[settings.SESSION_COOKIE_NAME].value
    refused(ask(held))
