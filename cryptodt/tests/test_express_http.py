"""Kept answers on the wire: in turn, whole, and only to those who take them."""

import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import uvicorn

from cryptodt.express_http import ExpressHttp

pytestmark = pytest.mark.timeout(60)
GET = b"GET /api/prices?symbols=BTC HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n"
ALL = GET.replace(b"?symbols=BTC", b"")
HEALTH = GET.replace(b"/api/prices?symbols=BTC", b"/api/health")
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
# What a flood may cost: the answers to one packet of questions.
MOST_MIB = 50
ID = re.compile(rb"x-request-id: (\S+)", re.IGNORECASE)
WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
PATIENCE = 0.6


@pytest.fixture
def line(demo):
    """A connection to a service that has just been asked, so that an answer lies ready."""
    time.sleep(1.02 - time.time() % 1)
    lie_ready(demo)
    with socket.create_connection(("127.0.0.1", demo.port), timeout=5) as connection:
        yield connection


@pytest.fixture
def impatient(monkeypatch):
    """The address of a server that says yes to everything, and does not wait long for it."""
    monkeypatch.setattr("cryptodt.express_http.HEAD_SECONDS", PATIENCE)

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=ExpressHttp, lifespan="off"))
    running = threading.Thread(target=server.run, args=([listener],), daemon=True)
    running.start()
    yield listener.getsockname()
    server.should_exit = server.force_exit = True
    running.join(5)


def lie_ready(demo, query="?symbols=BTC"):
    url, headers = f"{demo.url}/api/prices{query}", {"Host": "127.0.0.1"}
    assert requests.get(url, headers=headers, timeout=5).status_code == 200


def read_answers(connection, count):
    """Return head and body of so many answers."""
    answers: list[tuple[bytes, bytes]] = []
    data = b""
    while len(answers) < count:
        head, end, rest = data.partition(b"\r\n\r\n")
        found = LENGTH.search(head) if end else None
        length = int(found[1]) if found else 0
        if end and len(rest) >= length:
            answers.append((head, rest[:length]))
            data = rest[length:]
        else:
            received = connection.recv(65536)
            assert received, f"closed after {len(answers)} answers"
            data += received
    return answers


def test_requests_in_one_breath_are_answered_in_their_order(line):
    mine = [b"X-Request-ID: question-%d\r\n" % number for number in range(100)]
    line.sendall(
        b"".join((HEALTH if number % 7 == 3 else GET) % mine[number] for number in range(100))
    )
    answers = read_answers(line, 100)
    assert [ID.findall(head)[0] for head, _ in answers] == [
        b"question-%d" % number for number in range(100)
    ]
    assert all(
        (b'"uptime"' in body) == (number % 7 == 3) for number, (_, body) in enumerate(answers)
    )


def test_a_connection_that_is_to_end_ends(line):
    line.sendall(GET % b"Connection: close\r\n")
    ((head, body),) = read_answers(line, 1)
    assert b'"symbol":"BTC"' in body
    assert b"connection: close" in head.lower()
    assert line.recv(1) == b""


def test_a_kept_connection_is_closed_when_nothing_comes_any_more(line):
    line.sendall(GET % b"")
    read_answers(line, 1)
    # uvicorn's own patience is five seconds.
    line.settimeout(10)
    assert line.recv(1) == b""


def test_a_client_behind_a_proxy_is_answered_all_the_same(line):
    line.sendall(GET % b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n")
    ((head, body),) = read_answers(line, 1)
    assert head.startswith(b"HTTP/1.1 200")
    assert b'"symbol":"BTC"' in body


ISSUE = """
from accounts.models import User
from accounts.services import KeyWish, issue_key
person = User.objects.create_user("ann", tier_id="pro")
print(*(issue_key(person, KeyWish(name)).text for name in ("one", "another")))
"""
REVOKE = """
import sys
from accounts.models import ApiKey
from accounts.services import revoke_key
key = ApiKey.objects.get(public_id=sys.argv[1])
revoke_key(key, by=key.owner)
"""
REMAINING = re.compile(rb"x-ratelimit-remaining: (\d+)", re.IGNORECASE)


def test_each_request_of_a_connection_counts_for_who_asks_and_a_revoked_key_for_nobody(line, demo):
    """What a connection was found to be is only remembered for the same question."""
    one, another = demo.run(ISSUE).split()

    def ask(key):
        # How much a question without symbols asks for matters to no tier.
        line.sendall(ALL % (b"X-API-Key: %b\r\n" % key.encode() if key else b""))
        ((head, _),) = read_answers(line, 1)
        status = int(head.split()[1])
        return status, int(REMAINING.findall(head)[0]) if status == 200 else None

    # A new minute would begin to count anew.
    time.sleep(max(0, 5 - 60 + time.time() % 60))
    (_, left), (_, others) = ask(one), ask(another)
    assert [ask(key) for key in (one, one, another, another, one)] == [
        (200, left - 1),
        (200, left - 2),
        (200, others - 1),
        (200, others - 2),
        (200, left - 3),
    ]
    (_, nobodys) = ask("")
    assert [ask(""), ask(one)] == [(200, nobodys - 1), (200, left - 4)]
    with ThreadPoolExecutor(1) as pool:
        revoking = pool.submit(demo.run, REVOKE, one.split("_")[1])
        while not revoking.done():
            # A connection on which nobody asks is closed.
            ask(one)
            time.sleep(0.05)
        revoking.result()
    demo.wait_until(lambda: ask(one)[0] == 401)
    for _ in range(3):
        # Others have it made, and still it is nothing for this one.
        lie_ready(demo, "")
        assert ask(one)[0] == 401
    assert ask(another)[0] == 200


def test_one_that_asks_on_and_on_and_never_reads_is_hung_up_on(line, demo):
    before = demo.resident_mib()
    questions = (ALL % b"") * 1000
    with pytest.raises(ConnectionError):
        send_for_ever(line, questions)
    assert demo.resident_mib() - before < MOST_MIB
    assert requests.get(f"{demo.url}/api/health", timeout=5).status_code == 200


def send_for_ever(connection, questions):
    # A gigabyte of questions is for ever enough.
    for _ in range(20_000):
        connection.sendall(questions)


@pytest.mark.parametrize("begun", [b"", b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n"])
def test_half_a_question_is_not_waited_for(impatient, begun):
    with socket.create_connection(impatient, timeout=5) as half:
        half.sendall(begun)
        assert half.recv(100).startswith(b"HTTP/1.1 408 ") == bool(begun)
        assert half.recv(1) == b""


def test_half_a_second_question_is_not_waited_for(impatient):
    with socket.create_connection(impatient, timeout=5) as line:
        line.sendall(WHOLE + WHOLE[:10])
        ((head, _),) = read_answers(line, 1)
        assert head.startswith(b"HTTP/1.1 204 ")
        assert line.recv(100).startswith(b"HTTP/1.1 408 ")


def test_who_asks_slowly_is_answered_all_the_same(impatient):
    with socket.create_connection(impatient, timeout=5) as line:
        for _ in range(3):
            line.sendall(WHOLE[:20])
            time.sleep(PATIENCE / 2)
            line.sendall(WHOLE[20:])
            assert read_answers(line, 1)


def test_a_head_without_an_end_ends_the_connection(impatient):
    with socket.create_connection(impatient, timeout=5) as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):
            line.sendall(b"X-Word: %b\r\n" % (b"x" * 1000) * 100_000)
