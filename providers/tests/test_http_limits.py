"""No server takes more of our time or memory than it was given, whatever it sends."""

import gzip
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.exceptions import BadPayload, ProviderError, Unreachable
from providers.tests.listener import Listener, answer, get, refused, timed

SLACK = 0.7
pytestmark = pytest.mark.usefixtures("live_market")

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
NAMED_MEMBER = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([60.0], id="hang"),
        pytest.param([b"H", 60.0], id="half a status line"),
        pytest.param([("drip", b"HTTP/1.1 200 OK" + b" " * 1000)], id="status line"),
        pytest.param([HEAD, ("drip", b"X-Slow: " + b"x" * 1000)], id="header"),
        pytest.param([HEAD, ("drip", b"a: b\r\n" * 1000)], id="headers"),
        pytest.param([HEAD, b"Content-Length: 1000\r\n\r\n", ("drip", b" " * 1000)], id="body"),
        pytest.param([HEAD, b"Content-Length: 9\r\n\r\n", 60.0], id="no body"),
        pytest.param([CHUNKED, ("drip", b"1\r\n \r\n" * 1000)], id="chunks"),
        pytest.param([CHUNKED, ("drip", b"1;" + b"x" * 1000)], id="chunk size"),
        pytest.param([CHUNKED, b"0\r\n", ("drip", b"a: b\r\n" * 1000)], id="trailers"),
        pytest.param(
            [PACKED, b"a\r\n" + NAMED_MEMBER + b"\r\n", ("drip", b"1\r\nx\r\n" * 1000)],
            id="gzip that never says anything",
        ),
    ],
)
def test_no_server_holds_a_call_beyond_its_deadline(listen, script):
    error, seconds = timed(listen(script).url, seconds=0.6)
    assert 0.4 < seconds < 0.6 + SLACK
    assert str(error) == "did not answer in time"


def test_a_second_call_on_a_kept_connection_has_a_deadline_of_its_own(listen):
    server = listen(answer(), [0.6, *answer()], keep=True)
    get(server.url, seconds=0.3)
    assert get(server.url, seconds=3).text == "[]"


def test_a_slow_answer_within_the_deadline_is_good(listen):
    body = [HEAD, b"Content-Length: 2\r\n\r\n", 0.2, b"[", 0.2, b"]"]
    assert get(listen(body).url, seconds=3).text == "[]"


def test_a_body_that_breaks_off_is_noticed(listen):
    script = [HEAD + b"Content-Length: 100\r\n\r\n", b'[{"price": 1', "close"]
    assert "broke off" in str(refused(listen(script).url, Unreachable))
    script = [CHUNKED, b"64\r\n[", "close"]
    assert "broke off" in str(refused(listen(script).url, Unreachable))


def test_a_packed_body_that_breaks_off_is_noticed(listen):
    packed = gzip.compress(b"[1, 2, 3]" * 100)
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    refused(listen([head, packed[:20], "close"]).url, Unreachable)


def test_a_body_that_cannot_be_unpacked_is_said_so(listen):
    script = answer(body=b"not gzip at all", headers={"Content-Encoding": "gzip"})
    assert "cannot be unpacked" in str(refused(listen(script).url, Unreachable))


def test_a_packed_body_is_unpacked(listen):
    packed = gzip.compress(b'["packed"]')
    assert get(listen(answer(body=packed, headers={"Content-Encoding": "gzip"})).url).text == (
        '["packed"]'
    )


def test_a_promise_of_a_huge_body_is_enough_to_refuse(listen):
    script = [HEAD + b"Content-Length: 300000000\r\n\r\n", 60.0]
    error = refused(listen(script).url, BadPayload)
    assert "300000000 bytes" in str(error)


def memory_while(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def test_an_endless_body_ends_at_the_limit_in_bounded_memory(listen):
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    server = listen([CHUNKED, ("flood", piece, 300 * 16)])
    peak = memory_while(lambda: refused(server.url, BadPayload, seconds=30))
    assert peak < 100
    assert server.sent < 120 * 2**20


def test_a_gzip_bomb_ends_at_the_limit_in_bounded_memory(listen):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * 2**20) for _ in range(300)) + packer.flush()
    script = answer(body=bomb, headers={"Content-Encoding": "gzip"})
    peak = memory_while(lambda: refused(listen(script).url, BadPayload, seconds=30))
    assert peak < 100


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 999 ?\r\n", b"HTTP/9.9 200\r\n", b"\r\n",
                b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 5, 6\r\n",
                b"Content-Length: \xb2\r\n", b"Transfer-Encoding: chunked\r\n", b"zz\r\n", b"5\r\n",
                b"Content-Encoding: gzip\r\n", b"Content-Encoding: gzip, gzip, deflate\r\n",
                b"Content-Encoding: br\r\n", b": no name\r\n", b"[1,2]", b"\x00", b"x" * 70_000,
                b"Retry-After: \xb2\r\n", b"X: \xff\xfe\r\n", b"a: b\r\n" * 120, b"\x1f\x8b\x08",
                b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 429 No\r\n", b"0\r\n\r\n",
                b"Set-Cookie: a=b; expires=\xff\r\n", b"Location: //\r\n", b"HTTP/1.1 302 ?\r\n",
            ]
        ),
        max_size=8,
    )
)  # fmt: skip
def test_no_answer_raises_anything_but_a_provider_error(pieces):
    server = Listener([b"".join(pieces), "close"])
    with suppress(ProviderError):
        get(server.url, seconds=2)
    server.stop()
