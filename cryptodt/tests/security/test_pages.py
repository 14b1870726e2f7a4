"""Attacks on whoever is signed in to the pages: forged forms, frames, redirects, sessions."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.tests.people import PASSWORD, given_person
from cryptodt.tests.security.site_map import addresses

pytestmark = pytest.mark.django_db
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "https://testserver@evil.example/",
    "\thttps://evil.example",
]


def test_the_map_is_walked():
    found = addresses()
    for one in ("/login", "/logout", "/admin/accounts/apikey/1/change/", "/api/account/keys/1"):
        assert one in found


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_address_obeys_a_forged_form(operator, method):
    """A superuser's browser sends the session along; the page of another site has no mark."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    obeyed = {}
    for address in addresses():
        status = getattr(client, method)(address, content_type="application/json").status_code
        # 405 is a place where nothing can be sent, and nobody is asked for.
        if status not in (403, 405):
            obeyed[address] = status
    assert obeyed == {}


def test_a_forged_form_is_refused_even_where_nobody_is_signed_in(ann):
    """Signing somebody in as somebody else is an attack too."""
    client = Client(enforce_csrf_checks=True)
    assert client.post("/login", {"username": "ann", "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_the_api_takes_nothing_that_a_form_could_send(ann, kind):
    body = '{"username": "ann", "password": "' + PASSWORD + '"}'
    assert Client().post("/api/auth/login", body, content_type=kind).status_code == 415


def test_no_page_can_be_put_into_a_frame(operator):
    client = Client()
    client.force_login(operator)
    pages = 0
    for address in addresses():
        answer = client.get(address, headers={"Accept": "text/html"})
        if answer.get("Content-Type", "").startswith("text/html"):
            pages += 1
            assert answer["X-Frame-Options"] == "DENY", address
            assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], address
            assert answer["X-Content-Type-Options"] == "nosniff", address
    assert pages > 20


@pytest.mark.parametrize("address", ELSEWHERE)
def test_neither_signing_in_nor_out_leads_to_another_site(ann, address):
    client = Client()
    fields = {"username": "ann", "password": PASSWORD, "next": address}
    assert client.post("/login", fields)["Location"] == "/"
    # Somebody who is signed in already is sent on at once.
    assert client.get("/login", {"next": address})["Location"] == "/"
    assert client.post("/logout", {"next": address})["Location"] == "/login"


def test_a_session_from_before_is_worth_nothing_after_signing_in(ann):
    victim, thief = Client(), Client()
    victim.get("/login")
    session = victim.session
    session["planted"] = True
    session.save()
    for client in (victim, thief):
        client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    victim.post("/login", {"username": "ann", "password": PASSWORD})
    assert victim.get("/password").status_code == 200
    assert thief.get("/password").status_code == 302
    assert victim.session.session_key != session.session_key


def test_signing_out_ends_the_session_itself(signed_in):
    held = signed_in.cookies[settings.SESSION_COOKIE_NAME].value
    signed_in.post("/logout")
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = held
    assert thief.get("/password").status_code == 302


def test_scripts_cannot_read_the_session(ann):
    client = Client()
    client.post("/login", {"username": "ann", "password": PASSWORD})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("name", ["nobody", "ann", "gone"])
def test_signing_in_does_not_tell_who_has_an_account(ann, name):
    given_person("gone", is_active=False)
    body = {"username": name, "password": "wrong"}
    answer = Client().post("/api/auth/login", body, content_type="application/json")
    told = answer.json()["error"]
    assert (answer.status_code, told["code"]) == (401, "UNAUTHORIZED")
    assert name not in told["message"]
    page = Client().post("/login", body).content.decode()
    assert "Name and password do not match" in page


def test_a_right_password_of_an_inactive_account_is_told_nothing_more(ann):
    given_person("gone", is_active=False)
    answers = [
        Client().post("/api/auth/login", body, content_type="application/json").json()["error"]
        for body in (
            {"username": "gone", "password": PASSWORD},
            {"username": "nobody", "password": PASSWORD},
        )
    ]
    assert answers[0] == answers[1]
