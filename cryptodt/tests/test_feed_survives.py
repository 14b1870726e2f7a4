"""A web process that is killed: every client goes on without a loss, or learns that it cannot.

KILLS=20 LISTENERS=200 make test ARGS="-k survives" kills it that often, under so many clients.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from django.conf import settings
from websockets.exceptions import WebSocketException

from cryptodt.tests.running import ROOT, Service, free_port
from cryptodt.tests.test_feed import Talk
from cryptodt.tests.test_proofs import PEOPLE

CLIENTS = 8
KILLS = int(os.environ.get("KILLS", "2"))
LISTENERS = int(os.environ.get("LISTENERS", "30"))
# What is collected, and as much again and more: a price that was told already, so often a second.
RATE = int(os.environ.get("RATE", "20"))
REPEAT = """
import django, sys, time; django.setup()
import orjson
from cryptodt.common import broadcast
while True:
    told = {"topic": "prices", "timestamp": int(time.time() * 1000), "items": {"BTC": sys.argv[1]}}
    broadcast.publish(orjson.dumps(told))
    time.sleep(1 / float(sys.argv[2]))
"""


def test_after_a_kill_every_client_resumes_or_takes_a_snapshot(tmp_path, own_database):
    service = Service(
        tmp_path,
        {
            **own_database,
            "COLLECT_INTERVAL": "1",
            "CACHE_PREFIX": f"test-{tmp_path.name}-{os.getpid()}",
        },
    ).start()
    places = []
    try:
        talks = [Talk(service) for _ in range(CLIENTS)]
        for number, talk in enumerate(talks):
            reply = talk.subscribe("prices")
            place = {"epoch": reply["epoch"], "offset": reply["offset"]}
            # Some are killed before they heard anything, and some after.
            for _ in range(number % 3):
                place["offset"] = talk.next("update")["offset"]
            places.append(place)
        service.stop(signal.SIGKILL)
        service.start()
        for place in places:
            with Talk(service) as talk:
                reply = talk.subscribe("prices", **{"from": place})
                if settings.REDIS_URL:
                    assert reply["recovered"] is True
                    told = [talk.next("update")["offset"] for _ in range(reply["missed"])]
                    assert told == list(range(place["offset"] + 1, reply["offset"] + 1))
                else:
                    assert reply["recovered"] is False
                    assert talk.next("snapshot_required")["reason"] == "epoch"
                    assert talk.next("snapshot")["epoch"] != place["epoch"]
    finally:
        service.stop()


@dataclass
class Web:
    """A process that only serves, beside one that collects."""

    environment: dict[str, str]
    data_dir: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *command: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={
                **os.environ,
                **self.environment,
                "CRYPTODT_SIMULATED": "1",
                "CRYPTODT_DATA_DIR": str(self.data_dir),
                "DJANGO_SETTINGS_MODULE": "cryptodt.settings",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start(self) -> None:
        options = ("--ws", "cryptodt.sockets:BoundedSocket", "--port", str(self.port))
        self.process = self.run("-m", "uvicorn", "cryptodt.asgi:application", *options)
        deadline = time.monotonic() + 60
        while not self.answers():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def answers(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/api/health", timeout=10).ok
        return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Listener(threading.Thread):
    """Comes back whenever it is cut off, and counts every message."""

    def __init__(self, web: Web, headers: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.web = web
        self.headers = headers
        self.place: dict[str, object] | None = None
        self.heard = self.resumed = 0
        self.wrong: list[str] = []
        self.is_over = False

    def run(self) -> None:
        while not self.is_over:
            with contextlib.suppress(WebSocketException, OSError, EOFError):
                self.visit()
            time.sleep(0.05)

    def visit(self) -> None:
        with Talk(self.web, additional_headers=self.headers) as talk:
            since = {} if self.place is None else {"from": self.place}
            reply = talk.subscribe("prices", **since)
            if self.place is None:
                self.place = {"epoch": reply["epoch"], "offset": reply["offset"]}
            elif reply["recovered"] is not True:
                self.wrong.append(f"from {self.place}: {reply}")
            else:
                self.resumed += 1
            while not self.is_over:
                self.hear(json.loads(talk.socket.recv(timeout=20)))

    def hear(self, told: dict[str, int | str]) -> None:
        if told["type"] != "update":
            return
        assert self.place is not None
        if told["offset"] != int(str(self.place["offset"])) + 1 + int(told.get("skipped", 0)):
            self.wrong.append(f"{told['offset']} after {self.place}")
        self.place["offset"] = told["offset"]
        self.heard += 1


@pytest.mark.skipif(not settings.REDIS_URL, reason="several processes need Redis")
@pytest.mark.timeout(120 + KILLS * 20)
def test_while_the_web_is_killed_again_and_again_nobody_loses_a_message(tmp_path, own_database):
    environment = {
        **own_database,
        "COLLECT_INTERVAL": "1",
        "CACHE_PREFIX": f"test-{tmp_path.name}-{os.getpid()}",
    }
    service, web = Service(tmp_path, environment).start(), Web(environment, tmp_path)
    listeners: list[Listener] = []
    repeating = None
    try:
        key = json.loads(service.run(PEOPLE.replace("'pro'", "'enterprise'"), "1", "ann"))[0][0]
        web.start()
        item = json.dumps(service.get("/api/prices?symbols=BTC")[1]["data"][0])
        repeating = web.run("-c", REPEAT, item, str(RATE))
        listeners = [Listener(web, {"X-API-Key": key}) for _ in range(LISTENERS)]
        for one in listeners:
            one.start()
        for turn in range(KILLS + 1):
            service.wait_until(lambda: all(one.resumed >= turn for one in listeners), seconds=60)  # noqa: B023 at once
            before = [one.heard for one in listeners]
            service.wait_until(
                lambda: all(one.heard > at for one, at in zip(listeners, before, strict=True)),  # noqa: B023 at once
                seconds=60,
            )
            if turn < KILLS:
                web.kill()
                web.start()
    finally:
        for one in listeners:
            one.is_over = True
        if repeating is not None:
            repeating.kill()
            repeating.wait()
        web.kill()
        service.stop()
    assert [one.wrong for one in listeners if one.wrong] == []
    assert all(one.resumed == KILLS for one in listeners)
    print(f"\n{sum(one.heard for one in listeners)} messages over {KILLS} kills")
