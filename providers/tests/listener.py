"""A loopback server that sends exactly the bytes it is told to, as slowly as it is told to."""

import socket
import struct
import threading
import time

import pytest

from providers import http
from providers.exceptions import ProviderError, Unreachable

DRIP_SECONDS = 0.05
NO_LINGER = struct.pack("ii", 1, 0)


def answer(status=200, body=b"[]", headers=None):
    """Return the script of a whole answer, with the length of its body unless it is given."""
    lines = {"Content-Length": str(len(body)), **(headers or {})}
    head = f"HTTP/1.1 {status} Said\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    return [head.encode("latin-1") + b"\r\n" + body]


class Listener:
    """Plays one script per request, the last one again and again.

    A script is a list of steps: bytes are sent, a number is waited for, "close" and "reset" end
    the connection, ("drip", bytes) goes out byte by byte and ("flood", bytes, n) n times.
    """

    def __init__(self, *scripts, keep=False, host="127.0.0.1"):
        self.scripts = list(scripts)
        self.keep = keep
        self.requests = []
        self.connections = 0
        self.sent = 0
        self._open = set()
        self._stopped = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family)
        self.port = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._stopped.set()
        # A close alone would leave the accepting thread, and with it the port, waiting.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()

    def hang_up(self):
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _accept(self):
        while not self._stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection:
                while self._one(connection) and self.keep:
                    pass
        except OSError:
            pass
        finally:
            self._open.discard(connection)

    def _one(self, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(65536)
            if not piece:
                return False
            request += piece
        self.requests.append(request)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        return all([self._step(connection, step) for step in script])

    def _step(self, connection, step):
        if isinstance(step, bytes):
            connection.sendall(step)
        elif isinstance(step, float | int):
            self._stopped.wait(step)
        elif step == "close":
            connection.shutdown(socket.SHUT_RDWR)
            return False
        elif step == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            connection.close()
            return False
        else:
            self._pour(connection, *step)
        return True

    def _pour(self, connection, how, data, times=1):
        if how == "drip":
            for byte in data:
                if self._stopped.is_set():
                    return
                connection.sendall(bytes([byte]))
                time.sleep(DRIP_SECONDS)
        for _ in range(times if how == "flood" else 0):
            connection.sendall(data)
            self.sent += len(data)


def get(url, *, seconds=5.0, public_only=False, params=None, headers=None):
    return http.get(url, params=params, headers=headers, seconds=seconds, public_only=public_only)


def refused(url, kind=ProviderError, **options):
    with pytest.raises(kind) as caught:
        get(url, **options)
    assert kind is ProviderError or type(caught.value) is kind
    return caught.value


def timed(url, **options):
    """Return the error that a call ends with, and the seconds it took."""
    started = time.monotonic()
    error = refused(url, Unreachable, **options)
    return error, time.monotonic() - started
