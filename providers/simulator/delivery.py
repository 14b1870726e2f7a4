"""How an answer travels: whole and at once, or as badly as a fault wants it."""

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler

from providers.simulator.faults import Active, Fault
from providers.simulator.wire.answer import Answer

_POLL_SECONDS = 0.05
_MEGABYTE = 1 << 20
_DROPS_PER_SECOND = 10

# On, and zero seconds: close() then resets the connection instead of ending it.
_NO_LINGER = struct.pack("ii", 1, 0)


def send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    body = answer.encoded()
    _head(handler, answer, {"Content-Length": str(len(body))})
    handler.wfile.write(body)


def deliver(handler: BaseHTTPRequestHandler, answer: Answer, active: Active | None) -> None:
    if active is None or active.fault.kind not in _DELIVERIES:
        send(handler, answer)
    else:
        _DELIVERIES[active.fault.kind](handler, answer, active.fault, active.healed)


def _head(handler: BaseHTTPRequestHandler, answer: Answer, extra: Mapping[str, str]) -> None:
    handler.send_response(answer.status)
    for name, value in {**answer.headers, **extra}.items():
        handler.send_header(name, value)
    handler.end_headers()


def _hang(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, healed: threading.Event
) -> None:
    handler.close_connection = True
    while not healed.wait(_POLL_SECONDS) and not _has_left(handler.connection):
        pass


def _has_left(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _slow_body(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, healed: threading.Event
) -> None:
    body = answer.encoded()
    _head(handler, answer, {"Content-Length": str(len(body))})
    rate = fault.options["bytes_per_second"]
    drop = max(1, rate // _DROPS_PER_SECOND)
    sent = 0
    while sent < len(body) and not healed.wait(drop / rate):
        handler.wfile.write(body[sent : sent + drop])
        sent += drop
    handler.wfile.write(body[sent:])


def _reset(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, healed: threading.Event
) -> None:
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    # Closed here, because the server would first end the connection politely.
    handler.connection.close()


def _truncated(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, healed: threading.Event
) -> None:
    body = answer.encoded()
    cut = body[: max(1, len(body) // 2)]
    length = len(cut) if fault.options["honest_length"] else len(body)
    handler.close_connection = True
    _head(handler, answer, {"Content-Length": str(length), "Connection": "close"})
    handler.wfile.write(cut)


def _huge(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, healed: threading.Event
) -> None:
    # Chunked, so that no Content-Length warns the client.
    _head(handler, answer, {"Transfer-Encoding": "chunked"})
    piece = b"[" + b'{"padding":"00000000000000000000000000000000000000000000"},' * 1100
    rounds = fault.options["megabytes"] * _MEGABYTE // len(piece) + 1
    for _ in range(rounds):
        if healed.is_set():
            break
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    handler.wfile.write(b"0\r\n\r\n")


_Delivery = Callable[[BaseHTTPRequestHandler, Answer, Fault, threading.Event], None]
_DELIVERIES: Mapping[str, _Delivery] = {
    "hang": _hang,
    "slow_body": _slow_body,
    "reset": _reset,
    "truncated": _truncated,
    "huge": _huge,
}
