"""The first operator, and what a chosen password ends."""

import pytest

from accounts.models import User
from accounts.services import ALPHABET, change_password, create_operator, one_time_password

pytestmark = pytest.mark.django_db


def test_the_first_start_creates_an_operator_who_must_change_the_password():
    password = create_operator()
    operator = User.objects.get()
    assert password is not None
    assert operator.username == "operator"
    assert operator.is_superuser
    assert operator.is_staff
    assert operator.must_change_password
    assert operator.check_password(password)


def test_a_later_start_creates_nobody():
    create_operator()
    assert create_operator() is None
    assert User.objects.count() == 1


def test_any_person_at_all_keeps_the_operator_from_being_created():
    User.objects.create_user("alice")
    assert create_operator() is None


def test_of_two_first_starts_at_once_one_creates_the_operator(monkeypatch):
    create_operator()
    # The other process looked before the operator was there.
    monkeypatch.setattr("django.db.models.query.QuerySet.exists", lambda self: False)
    assert create_operator() is None
    assert User.objects.count() == 1


def test_a_one_time_password_is_strong_and_easy_to_read():
    password = one_time_password()
    groups = password.split("-")
    assert [len(group) for group in groups] == [4] * 5
    assert set("".join(groups)) <= set(ALPHABET)
    assert not set("0o1li") & set(ALPHABET)
    assert password != one_time_password()


def test_a_chosen_password_ends_the_duty_to_change_it():
    alice = User.objects.create_user("alice", password="given", must_change_password=True)
    change_password(alice, "chosen-by-alice")
    alice.refresh_from_db()
    assert not alice.must_change_password
    assert alice.check_password("chosen-by-alice")
