"""How a connection ends, in a server of this process, whose patience a test can shorten."""

import asyncio
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager

import psutil
import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from cryptodt import client as client_module
from cryptodt import live as live_module
from cryptodt import protocol
from cryptodt.closing import FAILED, IDLE, TOO_SLOW
from cryptodt.door import PROTOCOL
from cryptodt.event_stream import PATH, EventStream
from cryptodt.hub import HUB
from cryptodt.outlets import HANG_UP
from cryptodt.seats import SEATS
from cryptodt.sockets import BoundedSocket
from cryptodt.tests.test_abuse import TEXT, ended_with, unfinished
from cryptodt.tests.test_live import HANDSHAKE, frame


@pytest.fixture
def port():
    """A server of the socket alone: what it tells of needs no database."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        live_module.live,
        ws=BoundedSocket,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    running = threading.Thread(target=server.run, args=([listener],), daemon=True)
    running.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    running.join(10)
    assert not running.is_alive()


@contextmanager
def talk(port):
    with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=[Subprotocol(PROTOCOL)]) as found:
        assert json.loads(found.recv(timeout=10))["type"] == "welcome"
        yield found


@contextmanager
def stuck(port, monkeypatch):
    """A client for which more lies there than it takes."""
    monkeypatch.setattr("cryptodt.sockets.KERNEL_BUFFER", 4096)
    # Each of these is refused with a list of what there is.
    names = [f"{number:0100}" for number in range(protocol.MOST_SUBSCRIPTIONS)]
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.connect(("127.0.0.1", port))
        wire.sendall((HANDSHAKE + "\r\n").encode())
        assert wire.recv(12) == b"HTTP/1.1 101"
        wire.sendall(frame(TEXT, json.dumps({"type": "subscribe", "topics": names}).encode()))
        yield wire


def held_by(port):
    """Return the connections that the server on a port has not let go of."""
    found = psutil.Process().net_connections()
    return [one for one in found if one.laddr.port == port and one.status != psutil.CONN_LISTEN]


def until(is_true):
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def end_of(wire):
    """Read to the end, and return with which code and reason it came."""
    while True:
        try:
            wire.recv(timeout=10)
        except ConnectionClosed as closed:
            return closed.rcvd and (closed.rcvd.code, closed.rcvd.reason)


@pytest.mark.parametrize(
    ("sent", "where", "code"),
    [
        (frame(8, struct.pack("!H", 1000)), "handle_close", 1000),
        (frame(TEXT, b"\xff"), "handle_parser_exception", 1007),
    ],
)
def test_nothing_follows_a_goodbye(port, monkeypatch, sent, where, code):
    answered = getattr(BoundedSocket, where)

    def answer_and_tell(*given):
        answered(*given)
        # A second is counted before anybody else in this process can notice that it left.
        time.sleep(1.1)
        HUB.tick()

    monkeypatch.setattr(BoundedSocket, where, answer_and_tell)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall((HANDSHAKE + "\r\n").encode())
        heard = b""
        while b'"welcome"' not in heard:
            heard += wire.recv(65536)
        wire.sendall(frame(TEXT, b'{"type":"subscribe","topic":"test"}'))
        while b'"update"' not in heard:
            heard += wire.recv(65536)
        wire.sendall(sent)
        while part := wire.recv(65536):
            heard += part
    last = heard[heard.rindex(b"\x88") :]
    assert last[2:4] == struct.pack("!H", code)
    assert len(last) == 2 + last[1]


def test_who_subscribes_to_nothing_and_says_nothing_is_closed(port, monkeypatch):
    monkeypatch.setattr(live_module, "IDLE_SECONDS", 0.3)
    with talk(port) as idle:
        assert end_of(idle) == (IDLE.code, IDLE.reason)


def test_a_subscription_keeps_a_silent_client_and_its_end_does_not(port, monkeypatch):
    monkeypatch.setattr(live_module, "IDLE_SECONDS", 0.3)
    with talk(port) as listening:
        listening.send('{"type":"subscribe","topic":"test"}')
        told = [json.loads(listening.recv(timeout=10))["type"] for _ in range(3)]
        assert told == ["subscribed", "snapshot", "update"]
        listening.send('{"type":"unsubscribe","topic":"test"}')
        assert end_of(listening) == (IDLE.code, IDLE.reason)


def test_what_fails_here_is_told_and_logged(port, monkeypatch, caplog):
    async def broken(connection, message):
        raise ZeroDivisionError

    monkeypatch.setitem(live_module.Connection.HANDLERS, "ping", broken)
    with talk(port) as one:
        one.send('{"type":"ping"}')
        assert end_of(one) == (FAILED.code, FAILED.reason)
    assert "A socket failed" in caplog.text


def test_who_takes_nothing_is_told_that_it_is_too_slow_as_soon_as_it_reads(port, monkeypatch):
    monkeypatch.setattr(client_module, "SEND_SECONDS", 0.5)
    closed = threading.Event()
    end = BoundedSocket.end

    def noted(wire, closing):
        end(wire, closing)
        closed.set()

    monkeypatch.setattr(BoundedSocket, "end", noted)
    with stuck(port, monkeypatch) as wire:
        assert closed.wait(20)
        wire.settimeout(10)
        assert ended_with(wire) == TOO_SLOW.code


@pytest.mark.parametrize("leaves", ["says goodbye", "half closes"])
def test_who_leaves_and_takes_nothing_of_what_lies_there_is_gone(port, monkeypatch, leaves):
    monkeypatch.setattr("cryptodt.sockets.CLOSE_SECONDS", 0.3)
    with stuck(port, monkeypatch) as wire:
        until(lambda: any(not one.outlet.is_ready for one in list(HUB.clients)))
        if leaves == "says goodbye":
            wire.sendall(frame(8, struct.pack("!H", 1000)))
        else:
            wire.shutdown(socket.SHUT_WR)
        until(lambda: not HUB.clients and not held_by(port))


def test_a_goodbye_behind_too_many_pieces_is_no_failure(port, caplog):
    pieces = unfinished(TEXT, b"") + unfinished(0, b"") * 1100 + frame(0, b"")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall((HANDSHAKE + "\r\n").encode())
        assert wire.recv(12) == b"HTTP/1.1 101"
        wire.sendall(pieces + frame(8, struct.pack("!H", 1000)))
        assert ended_with(wire) in (1000, 1009)
    assert "Fatal error" not in caplog.text


async def test_a_stream_that_nobody_reads_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(client_module, "SEND_SECONDS", 0.2)
    sent: list[str] = []
    hung_up = asyncio.Event()

    async def nothing_comes(*_):
        await asyncio.Event().wait()

    async def takes_little(message):
        sent.append(message["type"])
        if len(sent) > 3:
            await asyncio.Event().wait()

    scope = {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "query_string": b"topics=test",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "extensions": {HANG_UP: hung_up.set},
    }
    try:
        async with asyncio.timeout(20):
            await EventStream(nothing_comes)(scope, nothing_comes, takes_little)
    finally:
        await HUB.stop()
    assert hung_up.is_set()
    assert sent[0] == "http.response.start"
    assert (HUB.clients, SEATS.taken) == ({}, 0)
