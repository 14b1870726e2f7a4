"""Kept answers on the wire: in turn, whole, and only to those who take them."""

import re
import socket
import time

import pytest
import requests

pytestmark = pytest.mark.timeout(60)
GET = b"GET /api/prices?symbols=BTC HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n"
HEALTH = GET.replace(b"/api/prices?symbols=BTC", b"/api/health")
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
# What a flood may cost: the answers to one packet of questions.
MOST_MIB = 50
ID = re.compile(rb"x-request-id: (\S+)", re.IGNORECASE)


@pytest.fixture
def line(demo):
    """A connection to a service that has just been asked, so that an answer lies ready."""
    time.sleep(1.02 - time.time() % 1)
    assert requests.get(f"{demo.url}/api/prices?symbols=BTC", timeout=5).status_code == 200
    with socket.create_connection(("127.0.0.1", demo.port), timeout=5) as connection:
        yield connection


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


def test_one_that_asks_on_and_on_and_never_reads_is_hung_up_on(line, demo):
    before = demo.resident_mib()
    questions = (GET.replace(b"?symbols=BTC", b"") % b"") * 1000
    with pytest.raises(ConnectionError):
        send_for_ever(line, questions)
    assert demo.resident_mib() - before < MOST_MIB
    assert requests.get(f"{demo.url}/api/health", timeout=5).status_code == 200


def send_for_ever(connection, questions):
    # A gigabyte of questions is for ever enough.
    for _ in range(20_000):
        connection.sendall(questions)
