"""What a hostile client may do to the feed: end its own connection, and nothing else."""

import contextlib
import json
import socket
import struct
import time
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from cryptodt.closing import TOO_MANY_MESSAGES, TOO_MANY_SOCKETS
from cryptodt.protocol import MESSAGES_AT_ONCE
from cryptodt.tests.running import Service
from cryptodt.tests.test_feed import Talk, url
from cryptodt.tests.test_live import HANDSHAKE, connections, dial, frame, upgrade

TEXT, CONTINUED, BINARY = 1, 0, 2
UNFINISHED = 0x7F


def unfinished(opcode: int, payload: bytes) -> bytes:
    """Return a frame that says that more of its message follows."""
    whole = frame(opcode, payload)
    return bytes([whole[0] & UNFINISHED]) + whole[1:]


def ended_with(wire: socket.socket) -> int | None:
    """Read to the end, and return the code of the close frame, if there was one."""
    heard = b""
    with contextlib.suppress(OSError):
        while part := wire.recv(65536):
            heard += part
    at = heard.rfind(b"\x88")
    return int(struct.unpack("!H", heard[at + 2 : at + 4])[0]) if at >= 0 else None


HUGE = bytes([0x81, 0xFF]) + struct.pack("!Q", 1 << 40) + bytes(4)
ABUSE = {
    "bad UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "bad UTF-8 in a fragment": (unfinished(TEXT, b"\xff") + frame(CONTINUED, b"\xfe"), 1007),
    "a huge frame": (HUGE, 1009),
    "a frame just too large": (frame(TEXT, b'"' + b"x" * 65_000 + b'"') * 1 + HUGE, 1009),
    "fragments without an end": (
        unfinished(TEXT, b"x" * 60_000) + unfinished(CONTINUED, b"x" * 60_000),
        1009,
    ),
    "nothing, in fragments without an end": (
        unfinished(TEXT, b"x") + unfinished(CONTINUED, b"") * 1100,
        1009,
    ),
    "a fragment of nothing": (frame(CONTINUED, b"x"), 1002),
    "an unknown opcode": (frame(3, b"x"), 1002),
    "a reserved bit": (b"\xc1\x80" + bytes(4), 1002),
    "a frame without its mask": (b"\x81\x01x", 1002),
    "pings without an end": (frame(9, b"x") * 300, TOO_MANY_MESSAGES.code),
    "a long ping": (bytes([0x89, 0xFE]) + struct.pack("!H", 200) + bytes(204), 1002),
}


@pytest.fixture(scope="module")
def witness(demo: Service):
    """Somebody who has done nothing wrong, and must not notice anything: not one second is missing
    at the end."""
    with Talk(demo) as talk:
        first = talk.subscribe("test")["offset"]
        yield talk
        now, seen = int(time.time()), [first]
        while seen[-1] < now:
            seen.append(talk.next("update")["offset"])
        assert seen == list(range(first, seen[-1] + 1))


@pytest.fixture(autouse=True)
def _nobody_else_notices(demo: Service, witness):
    yield
    assert demo.get("/api/health")[0] == 200
    assert "Exception in ASGI" not in demo.log()


@pytest.mark.parametrize("kind", ABUSE)
def test_what_is_no_websocket_is_closed_with_its_reason(demo: Service, kind):
    sent, code = ABUSE[kind]
    with upgrade(demo) as wire:
        wire.sendall(sent)
        assert ended_with(wire) == code


@pytest.mark.parametrize("sent", [frame(BINARY, b"\x00\xff"), frame(TEXT, b"[" * 60_000)])
def test_what_is_no_message_is_an_error_and_the_connection_goes_on(demo: Service, sent):
    with Talk(demo) as talk:
        talk.socket.socket.sendall(sent)
        assert talk.next()["code"] == "INVALID_REQUEST"
        talk.say(type="ping")
        talk.next("pong")


def test_many_small_fragments_are_one_message(demo: Service):
    text = json.dumps({"type": "ping"}).encode()
    with Talk(demo) as talk:
        wire = talk.socket.socket
        wire.sendall(unfinished(TEXT, text[:1]))
        for letter in text[1:-1]:
            wire.sendall(unfinished(CONTINUED, bytes([letter])))
        wire.sendall(frame(CONTINUED, text[-1:]))
        talk.next("pong")


def test_half_a_handshake_and_half_a_frame_hold_nobody_up(demo: Service):
    halves = [dial(demo, HANDSHAKE) for _ in range(5)]
    for _ in range(5):
        wire = upgrade(demo)
        wire.sendall(frame(TEXT, b"x" * 100)[:20])
        halves.append(wire)
    with Talk(demo) as talk:
        assert talk.subscribe("prices")["type"] == "subscribed"
    for wire in halves:
        wire.close()
    demo.wait_until(lambda: connections(demo) <= 1)


def test_one_address_has_so_many_connections_and_the_next_is_told_why(demo: Service, witness):
    most = witness.welcome["limits"]["sockets"]
    with contextlib.ExitStack() as stack:
        demo.wait_until(lambda: connections(demo) == 1)
        for _ in range(most - 1):
            stack.enter_context(Talk(demo))
        with connect(url(demo)) as one_more:
            with pytest.raises(ConnectionClosed) as closed:
                one_more.recv(timeout=5)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == TOO_MANY_SOCKETS.code
    demo.wait_until(lambda: connections(demo) == 1)
    with Talk(demo) as talk:
        assert talk.welcome["type"] == "welcome"


def test_clients_that_never_read_do_not_grow_the_server_and_are_closed(demo: Service):
    demo.wait_until(lambda: connections(demo) == 1)
    # What it collects at first, and the threads and buffers that it makes and keeps, come on top.
    demo.wait_until(is_settled(demo), seconds=90)
    growth_by_clients_that_never_read(demo)
    assert growth_by_clients_that_never_read(demo) < 16


def is_settled(demo: Service) -> Callable[[], bool]:
    """Say of a moment whether it has not grown for some seconds."""
    seen = [(0.0, 0.0)]

    def settled() -> bool:
        now, size = time.monotonic(), demo.resident_mib()
        if size > seen[-1][1] + 1:
            seen.append((now, size))
        return now - seen[-1][0] > 4

    return settled


def growth_by_clients_that_never_read(demo: Service) -> float:
    """Return by how many MiB it grew until all of them were sent away; what they asked for would
    be more than thirty."""
    asked = frame(TEXT, json.dumps({"type": "subscribe", "topic": "prices"}).encode())
    before, wires = demo.resident_mib(), []
    for _ in range(18):
        wire = socket.socket()
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.connect(("127.0.0.1", demo.port))
        wire.sendall((HANDSHAKE + "\r\n").encode())
        # What comes before the handshake is answered is not heard, and would prove nothing.
        assert wire.recv(12) == b"HTTP/1.1 101"
        wire.sendall(asked * MESSAGES_AT_ONCE)
        wires.append(wire)
    most = before

    def are_gone() -> bool:
        nonlocal most
        most = max(most, demo.resident_mib())
        return connections(demo) == 1

    demo.wait_until(are_gone, seconds=60)
    for wire in wires:
        wire.close()
    return most - before
