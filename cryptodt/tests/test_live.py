"""The socket and the front door, with clients that leave, send nonsense, or do not read."""

import json
import socket
import struct

import pytest
from websockets.sync.client import connect

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
        assert json.loads(client.recv(timeout=5))["type"] == "connected"
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
        client.send('{"type":"subscribe","symbols":null}')
        assert len(json.loads(client.recv(timeout=5))["symbols"]) > 1
