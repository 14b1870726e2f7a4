"""What was shown once is looked at again, all of it together."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiKey, Tier
from accounts.proofs import Proof, caller_now, callers_now
from accounts.services import change_password, end_tokens, issue_tokens, revoke_key, revoke_token
from accounts.tests.people import PASSWORD, given_key, given_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(client):
    """Log ann in, and return the name of the session."""
    client.force_login(given_person("ann"))
    return client.session.session_key


def of_key(issued):
    return Proof(key_id=issued.key.pk)


def of_token(pair):
    return Proof(claims=tokens.read_access(pair.access))


def test_a_key_is_good_until_it_ends_however_it_ends():
    for number, end in enumerate(
        (
            lambda key: revoke_key(key, by=key.owner),
            lambda key: ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now()),
            lambda key: type(key.owner).objects.update(is_active=False),
            lambda key: key.delete(),
        )
    ):
        issued = given_key(given_person(f"ann{number}"))
        proof = of_key(issued)
        assert caller_now(proof) is not None
        end(issued.key)
        assert caller_now(proof) is None


def test_a_narrower_key_is_another_caller():
    issued = given_key()
    before = caller_now(of_key(issued))
    Tier.objects.filter(slug="free").update(symbols=1)
    ApiKey.objects.update(addresses=["203.0.113.0/24"], scopes=[])
    now = caller_now(of_key(issued))
    assert now is not None
    assert (now.limits.symbols, now.addresses, now.scopes) == (1, ("203.0.113.0/24",), frozenset())
    assert now != before


def test_a_token_ends_by_itself_with_its_key_and_with_its_person():
    issued = given_key(given_person("ann"))
    ann = issued.key.owner

    def made():
        caller = caller_now(of_key(issued))
        assert caller is not None
        return issue_tokens(caller)

    pair = made()
    revoke_token(pair.access)
    assert caller_now(of_token(pair)) is None
    late = of_token(made())
    with time_machine.travel(timezone.now() + timedelta(days=30)):
        assert caller_now(late) is None
    assert caller_now(late) is not None
    end_tokens(ann)
    assert caller_now(late) is None
    last = of_token(made())
    revoke_key(issued.key, by=ann)
    assert caller_now(last) is None


def test_a_session_ends_with_logging_out_a_new_password_or_a_lock(client, session):
    proof = Proof(session=session)
    found = caller_now(proof)
    assert found is not None
    assert found.name == "ann"
    ann = type(given_person("bob")).objects.get(username="ann")
    type(ann).objects.filter(pk=ann.pk).update(is_active=False)
    assert caller_now(proof) is None
    type(ann).objects.filter(pk=ann.pk).update(is_active=True)
    assert caller_now(proof) is not None
    change_password(ann, PASSWORD + "!")
    assert caller_now(proof) is None
    client.force_login(ann)
    again = Proof(session=client.session.session_key)
    assert caller_now(again) is not None
    client.logout()
    assert caller_now(again) is None


def test_keys_are_one_query_however_many(django_assert_num_queries):
    owner = given_person()
    proofs = [of_key(given_key(owner, name=str(number))) for number in range(12)]
    with django_assert_num_queries(1):
        found = callers_now(proofs)
    assert all(found[one] for one in proofs)


def test_each_table_is_asked_once(django_assert_num_queries, session):
    proofs = [Proof(session=session)]
    for number in range(5):
        issued = given_key(given_person(f"bob{number}"))
        proofs += [of_key(issued), of_token(tokens.pair_for(issued.key.owner_id, issued.key.pk))]
    with django_assert_num_queries(4):
        assert all(callers_now(proofs).values())
