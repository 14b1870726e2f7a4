"""The HTTP side: one thread per connection, and a socket that can be closed under it."""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from providers.simulator import control, delivery
from providers.simulator.faults import Active
from providers.simulator.sockets import serving
from providers.simulator.wire.answer import Answer, Query

# By this header a client tells simulated answers from real ones.
MARK = ("X-Simulated-Market", "1")

_POLL_SECONDS = 0.02


class Backend(control.Panel, serving.House, Protocol):
    """Who answers: the simulator, seen from its server."""

    @property
    def providers(self) -> tuple[str, ...]: ...
    def knows(self, provider: str) -> bool: ...
    def refuse(self, provider: str, path: str) -> tuple[Answer | None, Active | None]: ...
    def respond(self, provider: str, path: str, query: Query) -> tuple[Answer, Active | None]: ...


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], backend: Backend) -> None:
        super().__init__(address, Handler)
        self.backend = backend
        self._thread: threading.Thread | None = None
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()

    def start(self) -> None:
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_POLL_SECONDS,), name="simulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            # Idle keep-alive connections would hold their threads until the client leaves.
            super().shutdown_request(connection)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._connections_lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients that leave early are what the faults are for; anything else is a mistake here.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "SimulatedMarket"
    disable_nagle_algorithm = True

    def end_headers(self) -> None:
        self.send_header(*MARK)
        super().end_headers()

    def do_GET(self) -> None:
        self._route()

    def do_POST(self) -> None:
        self._route()

    def do_DELETE(self) -> None:
        self._route()

    def log_message(self, *args: Any) -> None:
        """Say nothing: the simulator keeps its own list of requests."""

    def _route(self) -> None:
        target = urlsplit(self.path)
        path = unquote(target.path)
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        backend = self.server.backend
        body = self._body()
        first, _, rest = path.removeprefix("/").partition("/")
        if first == "_control":
            answer = control.answer(backend, self.command, rest, query, body)
            delivery.send(self, answer)
        elif not backend.knows(first):
            known = ", ".join(backend.providers)
            delivery.send(self, Answer(404, {"error": f"no such provider; known: {known}"}))
        elif serving.is_wanted(self):
            self._open(first, "/" + rest)
        elif self.command != "GET":
            delivery.send(self, Answer(405, {"error": "the simulated providers only answer GET"}))
        else:
            answer, active = backend.respond(first, "/" + rest, query)
            delivery.deliver(self, answer, active)

    def _open(self, provider: str, path: str) -> None:
        if serving.speech_of(provider, path) is None:
            delivery.send(self, Answer(404, {"error": "no socket is opened here"}))
            return
        refusal, active = self.server.backend.refuse(provider, path)
        if refusal is not None:
            delivery.deliver(self, refusal, active)
        else:
            serving.serve(self, self.server.backend, provider, path, MARK)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > control.LONGEST_BODY:
            # What stays unread would be taken for the next request.
            self.close_connection = True
            return b""
        return self.rfile.read(int(length))
