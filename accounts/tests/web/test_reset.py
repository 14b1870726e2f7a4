"""A forgotten password: a letter, a link that is good once, a new password."""

import re

import pytest
from django.core import mail

from accounts import letters
from accounts.models import AuditEntry, User
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
CHOSEN = "a-door-of-oak-7"


def ask(client, email):
    response = client.post("/password/reset", {"email": email})
    letters.waiting.join()
    return response


def link():
    return re.findall(r"http://testserver(\S+)", str(mail.outbox[0].body))[0]


@pytest.fixture
def reachable(alice):
    alice.email = "alice@example.com"
    alice.save()
    return alice


def test_the_link_in_the_letter_sets_a_new_password(client, reachable):
    ask(client, "ALICE@example.com")
    form = client.get(link()).headers["Location"]
    fields = {"new_password1": CHOSEN, "new_password2": CHOSEN}
    assert client.post(form, fields).headers["Location"] == "/login"
    reachable.refresh_from_db()
    assert reachable.check_password(CHOSEN)
    assert AuditEntry.objects.get().action == "password reset"
    assert "not good any more" in client.get(link(), follow=True).content.decode()


def test_the_answer_is_the_same_for_an_unknown_address(client, reachable):
    known, unknown = ask(client, "alice@example.com"), ask(client, "nobody@example.com")
    assert known.headers["Location"] == unknown.headers["Location"] == "/password/reset/sent"
    assert [letter.to for letter in mail.outbox] == [["alice@example.com"]]
    assert client.get("/password/reset/sent").status_code == 200


def test_a_new_password_ends_tokens_and_the_duty_to_change_it(client, reachable):
    User.objects.update(must_change_password=True)
    before = reachable.tokens_from
    ask(client, "alice@example.com")
    form = client.get(link()).headers["Location"]
    client.post(form, {"new_password1": CHOSEN, "new_password2": CHOSEN})
    reachable.refresh_from_db()
    assert reachable.tokens_from > before
    assert not reachable.must_change_password


def test_a_password_that_will_not_do_is_refused(client, reachable):
    ask(client, "alice@example.com")
    form = client.get(link()).headers["Location"]
    page = client.post(form, {"new_password1": "alice", "new_password2": "alice"})
    assert "too short" in page.content.decode()
    reachable.refresh_from_db()
    assert reachable.check_password(PASSWORD)
