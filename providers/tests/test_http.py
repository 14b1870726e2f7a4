"""The one way out over real sockets: statuses become errors, connections are kept and renewed."""

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from urllib3.util.connection import create_connection

from providers import http
from providers.exceptions import BadPayload, Blocked, Moved, NotOffered, RateLimited, Unreachable
from providers.tests.conftest import together
from providers.tests.listener import answer, get, refused, timed

SLACK = 0.7
pytestmark = pytest.mark.usefixtures("live_market")


def test_a_good_answer_comes_back_as_text(listen):
    server = listen(answer(body='{"price": "é"}'.encode(), headers={"X-Weight": "7"}))
    found = get(f"{server.url}/a", params={"ids": "a,b"}, headers={"x-key": "k"})
    assert found.text == '{"price": "é"}'
    assert found.headers["x-weight"] == "7"
    assert b"GET /a?ids=a%2Cb HTTP/1.1" in server.requests[0]
    assert b"x-key: k" in server.requests[0]
    assert b"User-Agent: CryptoDT/" in server.requests[0]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (201, BadPayload),
        (204, BadPayload),
        (301, Moved),
        (302, Moved),
        (307, Moved),
        (400, BadPayload),
        (401, Blocked),
        (402, BadPayload),
        (403, Blocked),
        (404, NotOffered),
        (407, Blocked),
        (418, RateLimited),
        (422, BadPayload),
        (429, RateLimited),
        (451, Blocked),
        (500, Unreachable),
        (502, Unreachable),
        (503, Unreachable),
        (520, Unreachable),
    ],
)
def test_each_status_has_its_error_and_is_asked_once(listen, status, kind):
    body = b"" if status == 204 else b'{"error": "no"}'
    server = listen(answer(status, body, {"Retry-After": "1", "Location": "/elsewhere"}))
    error = refused(server.url, kind)
    assert str(error).startswith(f"HTTP {status}: ")
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed(listen):
    target = listen(answer())
    server = listen(answer(302, headers={"Location": target.url}))
    error = refused(server.url, Moved)
    assert (error.location, target.requests) == (target.url, [])


def test_a_redirect_that_leads_nowhere_is_told_like_any_other(listen):
    server = listen(answer(302, headers={"Location": "https://["}))
    assert refused(server.url, Moved).location == "https://["


@pytest.mark.parametrize("status", [418, 429, 503])
def test_retry_after_is_read_as_seconds(listen, status):
    server = listen(answer(status, headers={"Retry-After": "119"}))
    assert refused(server.url).retry_after == 119


def test_retry_after_is_read_as_a_date(listen):
    then = datetime.now(UTC) + timedelta(seconds=100)
    server = listen(answer(429, headers={"Retry-After": format_datetime(then, usegmt=True)}))
    assert 95 <= refused(server.url).retry_after <= 100


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("\u00b2", None),
        ("9" * 17, 24 * 3600),
        ("9" * 400, None),
        ("Fri, 21 Oct 2095 07:28:00 GMT", 24 * 3600),
    ],
)
def test_a_retry_after_of_nonsense_is_left_out_or_bounded(listen, value, seconds):
    server = listen(answer(429, headers={"Retry-After": value}))
    assert refused(server.url, RateLimited).retry_after == seconds


def test_retry_after_means_nothing_on_a_good_answer(listen):
    assert get(listen(answer(headers={"Retry-After": "60"})).url).text == "[]"


@pytest.mark.parametrize("status", [403, 418, 429, 500])
def test_a_status_is_believed_even_if_its_body_never_comes(listen, status):
    head = answer(status, headers={"Content-Length": "100", "Retry-After": "9"}, body=b"")
    error = refused(listen([*head, 30.0]).url, seconds=0.4)
    assert str(error) == f"HTTP {status}: (nothing readable)"


def test_a_page_behind_an_error_is_not_repeated(listen):
    error = refused(listen(answer(403, b"<!doctype html><title>CloudFront</title>")).url)
    assert str(error) == "HTTP 403: a web page"


def test_a_long_error_is_cut(listen):
    assert len(str(refused(listen(answer(400, b"x" * 50_000)).url))) < 200
    assert len(str(refused(listen(answer(400, b"x" * 500_000)).url))) < 200


def test_calls_of_one_thread_share_one_connection(listen):
    server = listen(answer(), keep=True)
    for _ in range(5):
        get(server.url)
    assert (len(server.requests), server.connections) == (5, 1)


def test_calls_after_a_refusal_share_its_connection(listen):
    server = listen(answer(404, b"no"), keep=True)
    for _ in range(3):
        refused(server.url)
    assert server.connections == 1


def test_threads_do_not_share_connections(listen):
    server = listen(answer(), keep=True)
    together(4, lambda _: [get(server.url) for _ in range(3)])
    assert (len(server.requests), server.connections) == (12, 4)


def test_a_kept_connection_that_ended_is_replaced(listen):
    server = listen(answer(), keep=True)
    get(server.url)
    server.hang_up()
    time.sleep(0.05)
    assert get(server.url).text == "[]"
    assert server.connections == 2


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_kept_connection_that_dies_under_a_question_is_asked_anew(listen, end):
    server = listen(answer(), [end], answer(), keep=True)
    get(server.url)
    assert get(server.url).text == "[]"
    assert (len(server.requests), server.connections) == (3, 2)


@pytest.mark.parametrize(
    ("end", "words"),
    [("close", "closed the connection without an answer"), ("reset", "broke the connection")],
)
def test_a_first_question_that_gets_no_answer_is_not_repeated(listen, end, words):
    server = listen([end])
    assert words in str(refused(server.url, Unreachable))
    assert len(server.requests) == 1


def test_a_refused_connection_is_tried_twice(monkeypatch):
    tried = []
    original = create_connection

    def counting(*args):
        tried.append(args)
        return original(*args)

    monkeypatch.setattr("providers.http.create_connection", counting)
    assert "nothing listens" in str(refused(f"http://127.0.0.1:{unused_port()}", Unreachable))
    assert len(tried) == 2


def test_a_second_try_that_connects_is_enough(listen, monkeypatch):
    server, original = listen(answer()), create_connection
    failed: list[object] = []

    def once_broken(*args):
        if not failed:
            failed.append(args)
            raise ConnectionRefusedError("Connection refused")
        return original(*args)

    monkeypatch.setattr("providers.http.create_connection", once_broken)
    assert get(server.url).text == "[]"
    assert len(server.requests) == 1


def test_a_name_that_does_not_exist_is_said_so():
    assert "name is not found" in str(refused("http://nowhere.invalid/x", Unreachable))


def test_the_addresses_of_a_name_are_tried_in_turn(listen, monkeypatch):
    server = listen(answer())
    resolve(monkeypatch, "127.0.0.9", "127.0.0.1")
    assert get(f"http://many.example:{server.port}").text == "[]"


def test_addresses_that_do_not_answer_end_with_the_deadline(monkeypatch):
    resolve(monkeypatch, *[f"127.0.0.{n}" for n in range(1, 30)])
    waits = []

    def silent(address, timeout, *rest):
        waits.append(timeout)
        time.sleep(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr("providers.http.create_connection", silent)
    monkeypatch.setattr(http, "CONNECT_TIMEOUT", 0.2)
    error, seconds = timed("http://many.example", seconds=0.7)
    assert seconds < 0.7 + SLACK
    assert "does not accept connections in time" in str(error)
    assert max(waits) <= 0.2


def unused_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def resolve(monkeypatch, *addresses):
    original = socket.getaddrinfo

    def lookup(host, port, *args, **kwargs):
        if not str(host).endswith(".example"):
            return original(host, port, *args, **kwargs)
        return [found for one in addresses for found in original(one, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
