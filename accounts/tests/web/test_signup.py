"""Signing up, and an e-mail address that counts once it was confirmed."""

import re

import pytest
from django.core import mail

from accounts import letters
from accounts.models import AuditEntry, User

pytestmark = pytest.mark.django_db
CHOSEN = "a-door-of-oak-7"


def sign_up(client, name="bob", email="", password=CHOSEN, again=None, **more):
    fields = {"username": name, "email": email, "password1": password}
    return client.post("/signup", {**fields, "password2": again or password, **more})


def letters_sent():
    letters.waiting.join()
    return mail.outbox


def link_in(letter):
    return re.findall(r"http://testserver(\S+)", str(letter.body))[0]


def test_signing_up_logs_in_and_leads_to_the_keys(client):
    assert sign_up(client).headers["Location"] == "/account/keys"
    assert client.get("/account/keys").status_code == 200
    bob = User.objects.get(username="bob")
    assert (bob.tier_id, bob.is_staff, bob.is_superuser, bob.email) == ("free", False, False, "")


def test_signing_up_can_be_switched_off(client, settings):
    settings.ENABLE_SIGNUP = False
    assert client.get("/signup").status_code == 404
    assert sign_up(client).status_code == 404
    assert "/signup" not in client.get("/login").content.decode()
    assert not User.objects.exists()


def test_whoever_is_logged_in_does_not_sign_up(client, alice):
    client.force_login(alice)
    assert sign_up(client).headers["Location"] == "/"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": "ALICE"}, "already exists"),
        ({"again": "something-else-9"}, "differ"),
        ({"password": "12345678"}, "entirely numeric"),
        ({"email": "not an address"}, "valid email"),
    ],
)
def test_what_will_not_do_is_refused_with_the_reason(client, alice, fields, reason):
    response = sign_up(client, **fields)
    assert response.status_code == 200
    assert reason in response.content.decode()
    assert User.objects.count() == 1


def test_nobody_makes_themselves_an_operator(client):
    sign_up(client, is_staff="on", is_superuser="on", tier="admin", tier_id="admin")
    bob = User.objects.get(username="bob")
    assert (bob.tier_id, bob.is_staff, bob.is_superuser) == ("free", False, False)


def test_an_address_counts_once_its_link_was_opened(client):
    sign_up(client, email="bob@example.com")
    assert User.objects.get().email == ""
    (letter,) = letters_sent()
    assert letter.to == ["bob@example.com"]
    page = client.get(link_in(letter))
    assert "bob@example.com" in page.content.decode()
    assert User.objects.get().email == ""
    assert client.post(link_in(letter)).headers["Location"] == "/account"
    assert User.objects.get().email == "bob@example.com"
    assert AuditEntry.objects.filter(action="e-mail changed").exists()


def test_a_link_is_good_once(client):
    sign_up(client, email="bob@example.com")
    link = link_in(letters_sent()[0])
    client.post(link)
    User.objects.update(email="other@example.com")
    assert "Nothing to confirm" in client.post(link).content.decode()
    assert User.objects.get().email == "other@example.com"


def test_a_link_that_somebody_made_up_is_refused(client):
    page = client.get("/account/email/eyJ1c2VyIjoxfQ:1abc:made-up")
    assert "Nothing to confirm" in page.content.decode()


def test_a_stranger_learns_nothing_of_an_address_and_its_owner_does(client, alice):
    User.objects.update(email="Alice@example.com")
    taken = sign_up(client, email="alice@EXAMPLE.com")
    client.logout()
    free = sign_up(client, name="carl", email="carl@example.com")
    assert taken.status_code == free.status_code == 302
    assert taken.headers["Location"] == free.headers["Location"]
    to_owner, to_carl = letters_sent()
    assert to_owner.to == ["Alice@example.com"]
    assert "/account/email/" not in to_owner.body
    assert "/account/email/" in to_carl.body
    assert User.objects.get(username="bob").email == ""


def test_of_two_who_confirm_the_same_address_the_second_is_refused(client):
    sign_up(client, email="both@example.com")
    client.logout()
    sign_up(client, name="carl", email="BOTH@example.com")
    first, second = (link_in(letter) for letter in letters_sent())
    assert client.post(first).status_code == 302
    assert "Nothing to confirm" in client.post(second).content.decode()
    assert User.objects.exclude(email="").count() == 1


def test_signing_up_is_in_the_audit(client):
    sign_up(client)
    assert [*AuditEntry.objects.order_by("id").values_list("action", "actor_name")] == [
        ("signed up", "bob"),
        ("logged in", "bob"),
    ]
