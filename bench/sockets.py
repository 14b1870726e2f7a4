"""The live feed: our fan-out beside the `websockets` library's own and stock Channels, in one run.

Each server is one process on one core, the clients another process on the other; they count every
message by its number and its time. CPU is the server's own, for each message that was delivered.
Ours stamps milliseconds into its frames, so its times are read from those and are half one lower.
"""

import argparse
import asyncio
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from start import ROOT, free_port

UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: cryptodt.v1\r\n\r\n"
)
SUBSCRIBE = b'{"type":"subscribe","topic":"prices"}'
MEMORY_GOAL, CPU_GOAL, CHANNELS_GOAL = 30, 0.85, 7


class Client(asyncio.Protocol):
    """As little of a client as there can be: what it costs must not be taken for the server's."""

    def __init__(self, run: "Run", *, wants: bool, reads: bool = True) -> None:
        self.run, self.wants, self.reads = run, wants, reads
        self.rest = b""
        self.is_open = False
        self.offset = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(UPGRADE.encode())

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        if not self.is_open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self.rest = head
                return
            self.opened()
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                if end - at < 4:
                    break
                size, start = struct.unpack_from("!H", data, start)[0], start + 2
            if end < start + size:
                break
            self.heard(data[start : start + size])
            at = start + size
        self.rest = data[at:]

    def opened(self) -> None:
        self.is_open = True
        self.run.opened += 1
        if self.wants:
            self.transport.write(bytes([0x81, 0x80 | len(SUBSCRIBE)]) + bytes(4) + SUBSCRIBE)
        if not self.reads:
            self.transport.pause_reading()

    def heard(self, frame: bytes) -> None:
        if not frame.startswith(b'{"type":"update"') and not frame.startswith(
            b'{"type": "update"'
        ):
            return
        self.run.took(self, frame)

    def connection_lost(self, error: Exception | None) -> None:
        self.run.lost += 1


class Run:
    def __init__(self, side: str) -> None:
        self.side = side
        self.opened = self.lost = self.delivered = self.gaps = 0
        self.is_counting = False
        self.delays: list[float] = []

    def took(self, client: Client, frame: bytes) -> None:
        now = time.time_ns()
        place = frame.index(b'"offset":') + 9
        offset = int(frame[place : frame.index(b",", place)])
        if self.is_counting:
            self.delivered += 1
            self.gaps += bool(client.offset) and offset != client.offset + 1
            if self.delivered % 7 == 0:
                place = frame.index(b'"sent":') + 7
                sent = int(frame[place : frame.index(b",", place)])
                unit = 1_000_000 if self.side == "ours" else 1000
                self.delays.append((now - sent * unit) / 1_000_000)
        client.offset = offset


@contextmanager
def server(side: str, rate: float, size: int) -> Iterator[tuple[int, psutil.Process]]:
    port = free_port()
    command = ["taskset", "-c", "0", sys.executable, "-m", "bench.apps.fanout", side]
    with tempfile.TemporaryDirectory() as data:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "cryptodt.settings" if side == "ours" else "",
            "CRYPTODT_DATA_DIR": data,
            "LOG_LEVEL": "error",
            "WEBSOCKET_HEARTBEAT_INTERVAL": "3600",
        }
        if side == "ours":
            prepare = [sys.executable, "manage.py", "prepare"]
            subprocess.run(prepare, cwd=ROOT, env=environment, check=True, capture_output=True)
        process = subprocess.Popen(
            [*command, str(port), str(rate), str(size)], cwd=ROOT, env=environment
        )
        try:
            watched = psutil.Process(process.pid)
            deadline = time.monotonic() + 20
            while not any(one.laddr.port == port for one in watched.net_connections()):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{side} does not listen")
                time.sleep(0.1)
            yield port, watched
        finally:
            process.kill()
            process.wait()


async def connect(run: Run, port: int, count: int, *, wants: bool, at_once: int) -> list[Client]:
    loop, clients = asyncio.get_running_loop(), []
    for start in range(0, count, at_once):
        made = [
            loop.create_connection(lambda: Client(run, wants=wants), "127.0.0.1", port)
            for _ in range(min(at_once, count - start))
        ]
        clients += [protocol for _, protocol in await asyncio.gather(*made)]
        while run.opened < len(clients):
            await asyncio.sleep(0.005)
    return clients


async def connect_mute(run: Run, port: int, count: int) -> None:
    """Have clients that never read, whose kernel holds next to nothing for them."""
    loop = asyncio.get_running_loop()
    for _ in range(count):
        wire = socket.socket()
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.connect(("127.0.0.1", port))
        wire.setblocking(False)
        await loop.create_connection(lambda: Client(run, wants=True, reads=False), sock=wire)


async def fan_out(
    side: str, sockets: int, rate: float, size: int, seconds: float, mute: int = 0
) -> dict[str, float]:
    with server(side, rate, size) as (port, process):
        run, muted = Run(side), Run(side)
        await asyncio.sleep(1)
        before = process.memory_info().rss
        clients = await connect(run, port, sockets - mute, wants=side == "ours", at_once=50)
        await asyncio.sleep(2)
        memory = (process.memory_info().rss - before) / 1024 / sockets
        await connect_mute(muted, port, mute)
        held = most = process.memory_info().rss
        started, cpu = time.monotonic(), sum(process.cpu_times()[:2])
        run.is_counting = True
        while time.monotonic() < started + seconds:
            await asyncio.sleep(1)
            most = max(most, process.memory_info().rss)
        run.is_counting = False
        took, cpu = time.monotonic() - started, sum(process.cpu_times()[:2]) - cpu
        # A client that does not read does not notice, either.
        left = sum(one.status == psutil.CONN_ESTABLISHED for one in process.net_connections())
        for client in clients:
            client.transport.abort()
    delays = sorted(run.delays) or [0.0]
    return {
        "us": cpu / max(1, run.delivered) * 1e6,
        "share": run.delivered / ((sockets - mute) * rate * took) * 100,
        "gaps": run.gaps,
        "p50": delays[len(delays) // 2],
        "p99": delays[int(len(delays) * 0.99)],
        "kib": memory,
        "growth_mib": (most - held) / 2**20,
        "lost": run.lost,
        "sent_away": sockets - run.lost - left,
    }


async def idle(sockets: int) -> str:
    with server("ours", 1, 200) as (port, process):
        run = Run("ours")
        await asyncio.sleep(1)
        before, started = process.memory_info().rss, time.monotonic()
        clients = await connect(run, port, sockets, wants=False, at_once=200)
        took = time.monotonic() - started
        await asyncio.sleep(2)
        memory = (process.memory_info().rss - before) / 1024 / sockets
        cpu = sum(process.cpu_times()[:2])
        await asyncio.sleep(5)
        busy = (sum(process.cpu_times()[:2]) - cpu) / 5 * 100
        lost = run.lost
        for client in clients:
            client.transport.abort()
    return (
        f"{sockets} idle sockets: {sockets / took:,.0f} connects/s, {memory:.1f} KiB each"
        f" (goal {MEMORY_GOAL}), {busy:.1f} % of a core, {lost} lost"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle", type=int, default=5000)
    parser.add_argument("--mute", type=int, default=100)
    parser.add_argument("--mute-seconds", type=float, default=45)
    parser.add_argument("--sides", default="library,ours,channels")
    chosen = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.sched_setaffinity(0, {1})
    print(f"{chosen.sockets} sockets, {chosen.rate:.0f} messages/s of {chosen.size} bytes each")
    found: dict[str, list[dict[str, float]]] = {side: [] for side in chosen.sides.split(",")}
    for _ in range(chosen.rounds):
        for side, runs in found.items():
            runs.append(
                asyncio.run(
                    fan_out(side, chosen.sockets, chosen.rate, chosen.size, chosen.seconds)
                )
            )
            print(f"  {side:9} {json.dumps({k: round(v, 1) for k, v in runs[-1].items()})}")
    us = {side: sorted(run["us"] for run in runs)[len(runs) // 2] for side, runs in found.items()}
    if {"ours", "library"} <= us.keys():
        print(
            f"CPU per message, of the library's: {us['ours'] / us['library']:.2f} (goal {CPU_GOAL})"
        )
    if {"ours", "channels"} <= us.keys():
        times = us["channels"] / us["ours"]
        print(f"CPU per message, Channels' of ours: {times:.1f} times (goal {CHANNELS_GOAL})")
    if chosen.idle:
        print(asyncio.run(idle(chosen.idle)))
    for mute in (0, chosen.mute) if chosen.mute else ():
        # As long as it takes to fill what the kernel holds for them, and to find them out.
        last = asyncio.run(
            fan_out("ours", chosen.sockets, chosen.rate, chosen.size, chosen.mute_seconds, mute)
        )
        print(
            f"{mute} of {chosen.sockets} never read: p50 {last['p50']:.1f}, p99 {last['p99']:.1f} ms,"
            f" {last['us']:.1f} us, {last['share']:.1f} % delivered, {last['gaps']:.0f} gaps,"
            f" grew {last['growth_mib']:.1f} MiB, {last['sent_away']:.0f} sent away"
        )


if __name__ == "__main__":
    main()
