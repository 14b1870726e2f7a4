"""The socket and the front door, with clients that leave, send nonsense, or do not read."""

import json
import socket
import struct
import threading
import time

import pytest
import uvicorn
from websockets.sync.client import connect

from cryptodt.sockets import BoundedSocket
from cryptodt.tests.running import Service

HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def dial(service: Service, text: str = "") -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", service.port), timeout=15)
    wire.sendall(text.encode())
    return wire


def upgrade(service: Service) -> socket.socket:
    """Return a bare connection after the handshake, which does nothing on its own."""
    wire = dial(service, HANDSHAKE + "\r\n")
    assert wire.recv(4096).startswith(b"HTTP/1.1 101 ")
    return wire


def frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


def connections(service: Service) -> int:
    count: int = service.get("/api/health")[1]["metrics"]["active_connections"]
    return count


def test_clients_that_leave_during_an_answer_leave_nothing_behind(demo: Service):
    wanted = frame(1, b'{"type":"subscribe"}')
    goodbye = frame(8, struct.pack("!H", 1000))
    for turn in range(200):
        wire = upgrade(demo)
        if turn % 2:
            wire.sendall(wanted * 3 + goodbye)
        else:
            wire.sendall(wanted)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.close()
    demo.wait_until(lambda: connections(demo) == 0)
    assert "ClientDisconnected" not in demo.log()
    assert "Exception in ASGI" not in demo.log()


HUGE = 10**400
NONSENSE: list[object] = [
    [],
    {},
    [[]],
    [["BTC"]],
    [None],
    7,
    1.5,
    HUGE,
    -HUGE,
    True,
    "",
    "\0",
    [HUGE],
]


@pytest.mark.parametrize("field", ["channel", "symbols", "type", "action"])
def test_a_field_of_any_shape_is_told_to_be_wrong(demo: Service, field: str):
    with connect(demo.url.replace("http", "ws") + "/ws") as client:
        assert [json.loads(client.recv(timeout=5))["type"] for _ in range(2)] == [
            "connected",
            "welcome",
        ]
        for value in NONSENSE:
            message = {"type": "subscribe", field: value}
            if field == "action":
                del message["type"]
            client.send(json.dumps(message))
            told = json.loads(client.recv(timeout=5))
            assert told["type"] == "error", message
            assert told["code"].startswith("INVALID_"), message


def test_null_is_the_same_as_nothing_where_there_is_a_default(demo: Service):
    with connect(demo.url.replace("http", "ws") + "/ws") as client:
        client.recv(timeout=5)
        client.recv(timeout=5)
        client.send('{"type":"subscribe","symbols":null}')
        assert len(json.loads(client.recv(timeout=5))["symbols"]) > 1


def answer(wire: socket.socket) -> tuple[str, str]:
    """Return the head and the body of one answer that has a Content-Length."""
    with wire, wire.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n")).decode().lower()
        size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return head, stream.read(size).decode()


def post(path: str, size: int) -> str:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"


def test_slow_bodies_hold_nobody_up_and_end(demo: Service):
    paths = ["/login"] * 8 + ["/api/prices"]
    slow = [dial(demo, post(path, 100) + "abc") for path in paths]
    time.sleep(0.5)
    started = time.monotonic()
    assert demo.get("/api/health")[0] == 200
    assert time.monotonic() - started < 3
    head, text = answer(slow[0])
    assert head.startswith("http/1.1 408 ")
    assert "connection: close" in head
    assert "did not arrive within 10 seconds" in text
    head, text = answer(slow[-1])
    told = json.loads(text)
    assert (told["success"], told["error"]["code"]) == (False, "REQUEST_TIMEOUT")
    assert f"x-request-id: {told['requestId']}" in head
    for wire in slow:
        wire.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(demo: Service, chunked: bool):
    wire = dial(demo)
    if chunked:
        part = b"40000\r\n" + bytes(0x40000) + b"\r\n"
        wire.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(12):
            wire.sendall(part)
    else:
        wire.sendall(post("/login", 3_000_000).encode())
    assert answer(wire)[0].startswith("http/1.1 413 ")


def test_a_body_in_pieces_arrives_whole(demo: Service):
    body = "username=nobody&password=" + "x" * 200_000
    wire = dial(demo, post("/login", len(body)))
    for start in range(0, len(body), 50_000):
        wire.sendall(body[start : start + 50_000].encode())
        time.sleep(0.05)
    # Read to its end: only the missing token is in the way.
    assert answer(wire)[0].startswith("http/1.1 403 ")


def test_clients_that_leave_before_their_body_are_no_error(demo: Service):
    for _ in range(10):
        dial(demo, post("/login", 100) + "abc").close()
    assert demo.get("/api/health")[0] == 200
    time.sleep(0.3)
    assert "Exception in ASGI" not in demo.log()


@pytest.mark.parametrize("origin", ["http://[::1", "http://localhost:x", "http://elsewhere.test"])
def test_an_origin_that_is_no_address_of_ours_is_denied(demo: Service, origin: str):
    with dial(demo, f"{HANDSHAKE}Origin: {origin}\r\n\r\n") as wire:
        assert wire.recv(4096).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "shown", ["Sec-WebSocket-Protocol: cryptodt.v1, bearer.wrong\r\n", "", "?auth=message"]
)
def test_a_page_elsewhere_gets_in_with_a_key_of_its_own_and_no_session(demo: Service, shown: str):
    ask = HANDSHAKE.replace("/ws", "/ws" + shown if shown.startswith("?") else "/ws")
    more = "" if shown.startswith("?") else shown
    with dial(demo, f"{ask}{more}Origin: https://elsewhere.test\r\n\r\n") as wire:
        assert wire.recv(4096).startswith(b"HTTP/1.1 101 " if shown else b"HTTP/1.1 403 ")


@pytest.mark.parametrize("name", ['"\\000x"', "x" * 500, "../../etc", "%00"])
def test_a_session_that_is_none_of_ours_is_nobodys(demo: Service, name: str):
    with dial(demo, f"{HANDSHAKE}Cookie: sessionid={name}\r\n\r\n") as wire:
        assert b'"tier":"anonymous"' in wire.recv(4096)
    assert "A socket failed" not in demo.log()


def test_a_client_that_pings_and_never_reads_is_cut_off(demo: Service):
    flood = frame(9, bytes(125)) * 4000
    # Several times what the buffers of both kernels and the server hold together.
    with upgrade(demo) as wire, pytest.raises(ConnectionError):
        wire.sendall(flood * 100)
    demo.wait_until(lambda: connections(demo) == 0)
    assert "socket.send() raised exception" not in demo.log()


def test_pings_of_a_client_that_reads_are_all_answered(demo: Service):
    with connect(demo.url.replace("http", "ws") + "/ws") as client:
        assert all(client.ping(str(turn)).wait(5) for turn in range(200))


def test_a_client_that_misses_the_keepalive_is_gone_at_once():
    ended = threading.Event()

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "bytes": bytes(16_000_000)})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        ended.set()

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, ws=BoundedSocket, ws_ping_interval=0.2, ws_ping_timeout=0.2, lifespan="off"
    )
    server = uvicorn.Server(config)
    running = threading.Thread(target=server.run, args=([listener],), daemon=True)
    running.start()
    with socket.create_connection(listener.getsockname()) as wire:
        wire.sendall((HANDSHAKE + "\r\n").encode())
        assert ended.wait(5)
    server.should_exit = server.force_exit = True
    running.join(5)
