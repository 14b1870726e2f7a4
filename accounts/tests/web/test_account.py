"""One's own profile, and the e-mail address."""

import re

import pytest
from django.core import mail

from accounts import letters
from accounts.models import AuditEntry
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
PROFILE = {
    "first_name": "Alice",
    "last_name": "Liddell",
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "theme": "dark",
}


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.mark.parametrize(
    "address",
    [
        "/account",
        "/account/email",
        "/account/second-factor",
        "/account/second-factor/off",
        "/account/keys",
        "/account/usage",
    ],
)
def test_a_page_about_oneself_is_for_nobody_else_and_kept_by_nobody(client, alice, address):
    assert client.get(address).headers["Location"] == f"/login?next={address}"
    client.force_login(alice)
    assert "no-store" in client.get(address).headers["Cache-Control"]


def test_a_profile_is_saved(page, alice):
    assert page.post("/account", PROFILE).headers["Location"] == "/account"
    alice.refresh_from_db()
    assert {name: getattr(alice, name) for name in PROFILE} == PROFILE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Phobos"),
        ("currency", "XXX"),
        ("theme", "pink"),
        ("first_name", "x" * 151),
    ],
)
def test_what_no_profile_can_hold_is_refused(page, alice, field, value):
    assert page.post("/account", {**PROFILE, field: value}).status_code == 200
    alice.refresh_from_db()
    assert alice.currency == "USD"


def test_nothing_else_is_changed_by_a_profile(page, alice):
    more = {"is_staff": "on", "tier": "admin", "username": "root", "email": "a@example.com"}
    page.post("/account", {**PROFILE, **more})
    alice.refresh_from_db()
    assert (alice.is_staff, alice.tier_id, alice.username, alice.email) == (
        False,
        "free",
        "alice",
        "",
    )


def test_every_page_obeys_the_theme(page):
    html = re.compile(r"<html[^>]*>")
    assert "data-theme" not in html.findall(page.get("/account").content.decode())[0]
    page.post("/account", PROFILE)
    for address in ("/account", "/", "/docs"):
        assert 'data-theme="dark"' in html.findall(page.get(address).content.decode())[0]


def test_times_are_told_in_ones_own_time_zone(page, alice):
    alice.date_joined = alice.date_joined.replace(year=2026, month=1, day=31, hour=23, minute=30)
    alice.save()
    assert "2026-01-31" in page.get("/account").content.decode()
    page.post("/account", PROFILE)
    assert "2026-02-01" in page.get("/account").content.decode()


def test_a_new_address_needs_the_password_and_its_link(page, alice):
    page.post("/account/email", {"email": "new@example.com", "password": "wrong"})
    assert page.post("/account/email", {"email": "new@example.com", "password": PASSWORD})
    letters.waiting.join()
    (letter,) = mail.outbox
    alice.refresh_from_db()
    assert alice.email == ""
    page.post(re.findall(r"http://testserver(\S+)", str(letter.body))[0])
    alice.refresh_from_db()
    assert alice.email == "new@example.com"


def test_the_old_address_is_told(page, alice):
    alice.email = "old@example.com"
    alice.save()
    page.post("/account/email", {"email": "", "password": PASSWORD})
    letters.waiting.join()
    assert [letter.to for letter in mail.outbox] == [["old@example.com"]]
    alice.refresh_from_db()
    assert alice.email == ""
    assert AuditEntry.objects.filter(action="e-mail changed", actor=alice).exists()


def test_logging_out_and_changing_the_password_are_in_the_audit(page, alice):
    fields = {"old_password": PASSWORD, "new_password1": "a-door-of-oak-7"}
    page.post("/password", {**fields, "new_password2": "a-door-of-oak-7"})
    page.post("/logout")
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert [*actions] == ["logged in", "password changed", "logged out"]
