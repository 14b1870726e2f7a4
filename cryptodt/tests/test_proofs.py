"""What ends a key, a token or a session ends what it opened, whichever process that was done by."""

import json
import time
from contextlib import closing, suppress

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from cryptodt.closing import CHANGED, NOT_ALLOWED, TOO_MANY_SOCKETS, WRONG_KEY
from cryptodt.tests.running import Service
from cryptodt.tests.test_feed import Events, Talk

DO = (
    "import sys\nfrom accounts.models import *\nfrom accounts.services import *\n"
    "from accounts.proofs import *\nfrom django.contrib.auth import *\n"
)
PEOPLE = DO + (
    "made = []\n"
    "for number in range(int(sys.argv[1])):\n"
    "    ann = User.objects.create_user(f'{sys.argv[2]}{number}', tier_id='pro')\n"
    "    issued = issue_key(ann, KeyWish('a key'))\n"
    "    made.append([issued.text, issue_tokens(caller_of_key(issued.key)).access,"
    " issue_tokens(caller_of_person(ann)).access, ann.username])\n"
    "import json; print(json.dumps(made))"
)
MINE = "ann = User.objects.get(username=sys.argv[1]); key = ann.api_keys.get()\n"
SESSION = (
    DO
    + MINE
    + (
        "from django.contrib.sessions.backends.db import SessionStore\n"
        "held = SessionStore(); held[SESSION_KEY] = str(ann.pk);"
        " held[BACKEND_SESSION_KEY] = 'django.contrib.auth.backends.ModelBackend';"
        " held[HASH_SESSION_KEY] = ann.get_session_auth_hash(); held.save(); print(held.session_key)"
    )
)
# What is done to the key, and what then becomes of a connection by key.
ENDS = {
    "revoked": ("revoke_key(key, by=ann)", WRONG_KEY.code),
    "expired": ("from datetime import *; ApiKey.objects.filter(pk=key.pk).update("
                "expires_at=datetime.now(UTC))", WRONG_KEY.code),
    "its person is locked": ("ann.is_active = False; ann.save()", WRONG_KEY.code),
    "other scopes": ("key.scopes = []; key.save()", NOT_ALLOWED.code),
    "other addresses": ("key.addresses = ['203.0.113.7']; key.save()", NOT_ALLOWED.code),
    "other pages": ("key.origins = ['https://elsewhere.test']; key.save()", NOT_ALLOWED.code),
    "fewer symbols": ("key.symbols = 1; key.save()", CHANGED.code),
}  # fmt: skip


@pytest.fixture(scope="module")
def people(demo: Service) -> list[list[str]]:
    made: list[list[str]] = json.loads(demo.run(PEOPLE, "20", "ann"))
    return made


@pytest.fixture
def person(people: list[list[str]]) -> list[str]:
    """Somebody with a key, a token of the key and one of the person, whom no other test touches."""
    return people.pop()


def by_key(text: str) -> dict[str, dict[str, str]]:
    return {"additional_headers": {"X-API-Key": text}}


def code_of(talk: Talk) -> int:
    while True:
        try:
            talk.next()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 0


@pytest.mark.parametrize("how", ENDS)
def test_a_key_that_ends_or_shrinks_ends_its_sockets_soon(demo: Service, person, how):
    key, token, _, name = person
    code, closed = ENDS[how]
    with (
        Talk(demo, **by_key(key)) as talk,
        Talk(demo) as other,
        Talk(demo, subprotocols=["cryptodt.v1", f"bearer.{token}"]) as by_token,
    ):
        assert talk.welcome["limits"]["tier"] == "pro"
        for one in (talk, other, by_token):
            one.say(type="subscribe", topics=["prices:BTC", "prices:ETH"])
            one.next("snapshot")
        demo.run(DO + MINE + code, name)
        started = time.monotonic()
        assert code_of(talk) == closed
        assert code_of(by_token) == closed
        # About a second; and much more on a machine that is busy with something else.
        assert time.monotonic() - started < 20
        # Nobody else notices.
        other.next("update")


def test_a_key_that_is_another_and_still_fits_goes_on(demo: Service, person):
    key, _, _, name = person
    demo.run(DO + MINE + "key.symbols = 1; key.save()", name)
    with Talk(demo, **by_key(key)) as talk:
        talk.subscribe("prices:BTC")
        assert asked_for_more(talk)["limit"] == "symbols"
        demo.run(DO + MINE + "key.symbols = 2; key.save()", name)
        deadline = time.monotonic() + 20
        while asked_for_more(talk)["type"] != "subscribed":
            assert time.monotonic() < deadline, "the new limit never holds"
            time.sleep(0.2)


def asked_for_more(talk: Talk) -> dict[str, object]:
    talk.say(type="subscribe", topic="prices:ETH", id="more")
    while True:
        told: dict[str, object] = talk.next()
        if told.get("id") == "more":
            return told


def test_fewer_connections_end_the_last_ones(demo: Service, person):
    key, _, _, name = person
    talks = [Talk(demo, **by_key(key)) for _ in range(4)]
    demo.run(DO + MINE + "key.sockets = 2; key.save()", name)
    assert [code_of(one) for one in talks[2:]] == [TOO_MANY_SOCKETS.code] * 2
    for one in talks[:2]:
        one.say(type="ping")
        one.next("pong")
    for one in talks:
        one.stack.close()


def test_a_token_that_was_given_up_ends_its_sockets(demo: Service, person):
    _, of_key, of_person, name = person
    for token, code in ((of_key, "revoke_token(sys.argv[2])"), (of_person, "end_tokens(ann)")):
        with Talk(demo, subprotocols=["cryptodt.v1", f"bearer.{token}"]) as talk:
            assert talk.welcome["type"] == "welcome"
            demo.run(DO + MINE + code, name, token)
            assert code_of(talk) == WRONG_KEY.code


@pytest.mark.parametrize("code", ["ann.set_password('another one'); ann.save()",
                                  "ann.is_active = False; ann.save()",
                                  "from django.contrib.sessions.models import Session;"
                                  " Session.objects.filter(pk=sys.argv[2]).delete()"])  # fmt: skip
def test_a_session_that_ends_ends_its_sockets_and_they_come_back_as_anybody(
    demo: Service, person, code
):
    name = person[3]
    session = demo.run(SESSION, name).strip()
    headers = {"additional_headers": {"Cookie": f"sessionid={session}"}}
    with Talk(demo, **headers) as talk:
        assert talk.welcome["limits"]["tier"] == "pro"
        demo.run(DO + MINE + code, name, session)
        assert code_of(talk) == CHANGED.code
    with Talk(demo, **headers) as talk:
        assert talk.welcome["limits"]["tier"] == "anonymous"


def test_a_stream_over_plain_http_ends_with_its_key_and_says_why(demo: Service, person):
    key, _, _, name = person
    with Events(demo, "prices:BTC", headers={"X-API-Key": key}) as events:
        events.next()
        demo.run(DO + MINE + "revoke_key(key, by=ann)", name)
        told = {}
        with suppress(EOFError):
            while True:
                told = events.next()[1]
        assert (told["type"], told["code"]) == ("closed", WRONG_KEY.code)
    with closing(
        requests.get(f"{demo.url}/api/stream?topics=test", headers={"X-API-Key": key}, timeout=20)
    ) as again:
        assert again.status_code == 401
