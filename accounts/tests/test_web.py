"""Logging in, logging out, and changing the password."""

import pytest
from django.test import Client

from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
CHOSEN = "a-door-of-oak-7"


def log_in(client, name="alice", password=PASSWORD, next_page=""):
    return client.post("/login", {"username": name, "password": password, "next": next_page})


def change(client, old=PASSWORD, new=CHOSEN, again=None):
    fields = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post("/password", fields)


def test_the_right_password_leads_to_the_market(client, alice):
    response = log_in(client)
    assert response.status_code == 302
    assert response.headers["Location"] == "/"


def test_logging_in_leads_back_to_the_page_that_was_asked_for(client, alice):
    assert log_in(client, next_page="/password").headers["Location"] == "/password"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"],
)
def test_logging_in_never_leads_elsewhere(client, alice, address):
    assert log_in(client, next_page=address).headers["Location"] == "/"


def test_a_wrong_password_is_refused_and_not_repeated(client, alice):
    response = log_in(client, password="wrong-and-secret")
    page = response.content.decode()
    assert response.status_code == 200
    assert "do not match" in page
    assert "wrong-and-secret" not in page
    assert 'value="alice"' in page


def test_an_unknown_name_is_refused_in_the_same_words(client, alice):
    assert "do not match" in log_in(client, name="bob").content.decode()


def test_the_session_is_a_new_one_after_logging_in(client, alice):
    client.get("/login")
    session = client.session
    session["mark"] = "before"
    session.save()
    client.cookies["sessionid"] = session.session_key
    log_in(client)
    assert client.session.session_key != session.session_key


def test_a_form_without_its_mark_is_refused(alice):
    assert log_in(Client(enforce_csrf_checks=True)).status_code == 403


def test_whoever_is_logged_in_is_not_asked_again(client, alice):
    client.force_login(alice)
    assert client.get("/login").headers["Location"] == "/"


@pytest.mark.parametrize("page", ["/login", "/password"])
def test_password_managers_are_told_what_each_field_is(client, alice, page):
    if page == "/password":
        client.force_login(alice)
    text = client.get(page).content.decode()
    expected = {
        "/login": ["username", "current-password"],
        "/password": ["username", "current-password", "new-password"],
    }
    assert all(f'autocomplete="{kind}"' in text for kind in expected[page])


def test_logging_out_needs_a_form(client, alice):
    client.force_login(alice)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 302
    assert client.get("/").headers["Location"].startswith("/login")


def test_the_password_page_is_for_people_who_are_logged_in(client):
    assert client.get("/password").headers["Location"] == "/login?next=/password"


def test_a_changed_password_opens_the_rest(nina, newcomer):
    assert change(nina).headers["Location"] == "/"
    newcomer.refresh_from_db()
    assert not newcomer.must_change_password
    assert nina.get("/nowhere").status_code == 404


def test_changing_the_password_ends_the_other_sessions(client, alice):
    elsewhere = Client()
    client.force_login(alice)
    elsewhere.force_login(alice)
    change(client)
    assert client.get("/password").status_code == 200
    assert elsewhere.get("/password").status_code == 302


def test_the_one_time_password_cannot_be_kept(nina, newcomer):
    assert "is new" in change(nina, new=PASSWORD).content.decode()
    newcomer.refresh_from_db()
    assert newcomer.must_change_password


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"old": "not-mine"}, "not your current password"),
        ({"again": "something-else-9"}, "differ"),
        ({"new": "12345678"}, "entirely numeric"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(nina, fields, reason):
    assert reason in change(nina, **fields).content.decode()


def test_the_admin_is_entered_through_the_same_door(client):
    response = client.get("/admin/login/?next=/admin/")
    assert response.headers["Location"].startswith("/login?next=/admin/login/")
