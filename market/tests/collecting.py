"""A process that collects, in a time of its own, until it is done or killed.

Run as a program it is a nursery: started once, it forks a collector for every order that it reads,
so that a hundred of them cost no more than their work. A collector shares nothing with the last
one but the store, and Redis where there is one.
"""

import json
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path
from types import CodeType
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]


class SharedClock:
    """A second that all processes read and one of them moves."""

    def __init__(self, path: Path) -> None:
        with path.open("a+b") as file:
            file.truncate(8)
            self._held = mmap.mmap(file.fileno(), 8)

    def __call__(self) -> float:
        now: float = struct.unpack("d", self._held)[0]
        return now

    def move_to(self, second: float) -> None:
        self._held[:] = struct.pack("d", second)


class Nursery:
    """The other end, for tests: order a collector, and kill it or wait for its end."""

    def __init__(self, clock: Path, environment: dict[str, str], log: IO[str]) -> None:
        self.lines: list[str] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(clock)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def hatch(self, **order: Any) -> int:
        """Start a collector; return its process id."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        pid = self._next(60)
        assert pid is not None
        return pid

    def ended(self, *, seconds: float) -> int | None:
        """Return how the collector ended, or None when it goes on for longer than that."""
        return self._next(seconds)

    def kill(self, pid: int) -> int | None:
        """Kill a collector that has not been seen to end; its id is kept for it until then."""
        os.kill(pid, signal.SIGKILL)
        return self.ended(seconds=30)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)
        self._reader.join(10)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                with self._news:
                    self.lines.append(line)
                    self._news.notify()

    def _next(self, seconds: float) -> int | None:
        with self._news:
            self._news.wait_for(lambda: self.lines, seconds)
            return int(self.lines.pop(0)) if self.lines else None


# -- In the nursery -------------------------------------------------------------------


def serve(clock: SharedClock) -> None:
    """Fork a collector for each order; tell its number, and then how it ended."""
    dead = None
    for line in sys.stdin:
        if dead is not None:
            os.waitpid(dead.si_pid, 0)
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            work(clock, **order)
            os._exit(0)
        print(pid, flush=True)
        # It stays a zombie, whose number is nobody else's, while it may still be killed.
        dead = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert dead is not None
        print(dead.si_status if dead.si_code == os.CLD_EXITED else -dead.si_status, flush=True)


def work(clock: SharedClock, *, seed: int, rounds: int, place: str = "", line: int = 0) -> None:
    """Collect for some rounds; die by SIGKILL when a place comes to its n-th line."""
    import time_machine  # noqa: PLC0415

    from market.tasks.candles import collect_candles  # noqa: PLC0415
    from market.tasks.quotes import collect_quotes  # noqa: PLC0415
    from market.tasks.repair import repair_candles  # noqa: PLC0415

    chance = random.Random(seed)
    with time_machine.travel(clock(), tick=False) as machine:
        if place:
            die_at(code_of(place), line)
        for _ in range(rounds):
            for task in (collect_quotes, collect_candles, repair_candles, collect_quotes):
                task()
                step = chance.uniform(1, 45)
                pass_by(clock, step)
                machine.shift(step)


def pass_by(clock: SharedClock, seconds: float) -> None:
    """Let time pass: for the market, and for what is to expire in Redis."""
    from django.conf import settings  # noqa: PLC0415

    clock.move_to(clock() + seconds)
    if not settings.REDIS_URL:
        return
    import redis  # noqa: PLC0415

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        keys = list(client.scan_iter(f"{settings.CACHES['default']['KEY_PREFIX']}:*", count=1000))
        pipeline = client.pipeline(transaction=False)
        for key in keys:
            pipeline.pttl(key)
        for key, left in zip(keys, pipeline.execute(), strict=True):
            if left >= 0:
                pipeline.pexpire(key, max(0, left - int(seconds * 1000)))
        pipeline.execute()


def code_of(place: str) -> CodeType:
    """Return the code of a function that is written as module:name or module:class.name."""
    module, _, name = place.partition(":")
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    code: CodeType = getattr(found, "__wrapped__", found).__code__
    return code


def die_at(code: CodeType, line: int) -> None:
    left = line

    def count(frame: Any, event: str, arg: Any) -> Any:
        nonlocal left
        left -= event == "line"
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return count

    sys.settrace(lambda frame, event, arg: count if frame.f_code is code else None)


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "cryptodt.settings"
    import django  # noqa: PLC0415

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    import market.tasks.candles  # noqa: PLC0415
    import market.tasks.quotes  # noqa: PLC0415
    import market.tasks.repair  # noqa: F401, PLC0415

    settings.CACHE_PREFIX = os.environ["WHOLE_CACHE_PREFIX"]
    settings.CACHES["default"]["KEY_PREFIX"] = settings.CACHE_PREFIX
    connections.close_all()
    serve(SharedClock(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
