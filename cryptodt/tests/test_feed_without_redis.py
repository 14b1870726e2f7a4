"""Redis goes away under everybody, and comes back: nobody is told anything wrong, and all goes on."""

import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from cryptodt.tests.running import Service
from cryptodt.tests.test_feed import Talk

pytestmark = pytest.mark.skipif(not settings.REDIS_URL, reason="this is about Redis")


class Relay:
    """A way to Redis that can be cut and mended."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.target = (address.hostname or "127.0.0.1", address.port or 6379)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = address._replace(netloc=f"127.0.0.1:{self.port}").geturl()
        self.is_cut = False
        self.wires: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(self.target)
            self.wires += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while part := one.recv(65536):
                other.sendall(part)
        except OSError:
            pass
        finally:
            for wire in (one, other):
                wire.close()

    def cut(self) -> None:
        self.is_cut = True
        wires, self.wires = self.wires, []
        for wire in wires:
            try:
                wire.shutdown(socket.SHUT_RDWR)
            except OSError:
                wire.close()

    def mend(self) -> None:
        self.is_cut = False


@pytest.fixture
def relay():
    one = Relay(settings.REDIS_URL)
    yield one
    one.cut()
    one.listener.close()


class Hearing:
    """What is told of all prices: each message in its place, or behind a snapshot that says where."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        talk.subscribe("prices")
        self.offset = talk.next("snapshot")["offset"]
        self.news = 0

    def next(self, kind: str | None = None, given_id: str | None = None) -> dict[str, Any]:
        while True:
            told: dict[str, Any] = self.talk.next()
            if told.get("topic") == "prices" and told["type"] == "snapshot":
                self.offset = told["offset"]
            elif told.get("topic") == "prices" and told["type"] == "update":
                assert told["offset"] == self.offset + 1 + told.get("skipped", 0)
                self.offset, self.news = told["offset"], self.news + 1
            if kind in (None, told["type"]) and given_id in (None, told.get("id")):
                return told


def test_who_is_connected_stays_and_goes_on_where_it_was(tmp_path, own_database, relay):
    environment = {**own_database, "REDIS_URL": relay.url, "COLLECT_INTERVAL": "1"}
    service = Service(tmp_path, environment).start()
    try:
        service.wait_until(lambda: service.get("/api/prices")[0] == 200)
        with Talk(service) as talk:
            hearing = Hearing(talk)
            relay.cut()
            stays_for(6, service, hearing)
            relay.mend()
            before, deadline = hearing.news, time.monotonic() + 30
            while hearing.news < before + 3:
                assert time.monotonic() < deadline
                hearing.next()
    finally:
        service.stop()


def stays_for(seconds: float, service: Service, hearing: Hearing) -> None:
    until, answered = time.monotonic() + seconds, set()
    while time.monotonic() < until:
        hearing.talk.say(type="ping")
        hearing.next("pong")
        answered.add(service.get("/api/prices")[0])
        hearing.talk.say(type="subscribe", topic="prices:ETH", id="more")
        reply = hearing.next(given_id="more")
        assert reply["type"] == "subscribed" or reply["code"] == "UNAVAILABLE"
        time.sleep(0.3)
    assert answered <= {200, 503}
    with Talk(service) as late:
        late.say(type="ping")
        late.next("pong")
