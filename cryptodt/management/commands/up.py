"""Run everything in one process: web, socket, collection and schedule."""

import asyncio
import contextlib
import faulthandler
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from accounts import usage
from accounts.services import create_operator
from cryptodt.engine import Engine
from cryptodt.express_http import ExpressHttp
from cryptodt.hub import say_goodbye
from cryptodt.preparation import prepare
from cryptodt.sockets import BoundedSocket
from market.tasks.streams import Listening
from providers.ending import finish
from providers.simulator import Simulator

# Ctrl-C must have an end: what is not answered by then never will be.
GRACE_SECONDS = 5
# What holds it up longer than that is told, with where each thread stands; Docker kills after ten.
LAST_SECONDS = 9
STOPPING = (signal.SIGINT, signal.SIGTERM)


class Command(BaseCommand):
    help = "Run the whole product in this process; Ctrl-C stops it."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        listener = bind(settings.HOST, settings.PORT)
        prepare()
        simulator = start_simulator()
        engine = Engine()
        listening = Listening() if settings.ENABLE_STREAMS else None
        # Last, because its password is shown once: nothing may fail in between.
        password = create_operator()

        def on_ready() -> None:
            self.announce(listener, password)
            engine.start()
            if listening is not None:
                listening.start()

        stops = [engine.stop] if listening is None else [engine.stop, listening.stop]
        Server(on_ready, stops).run(sockets=[listener])
        if simulator is not None:
            simulator.stop()
        usage.flush()
        connections.close_all()
        self.stdout.write("CryptoDT has stopped.")
        finish()

    def announce(self, listener: socket.socket, password: str | None) -> None:
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        lines = [f"CryptoDT {settings.VERSION} listens on http://{shown}:{port}"]
        if settings.SIMULATED:
            lines.append("The market is SIMULATED: no price on it is real.")
        if password is not None:
            lines += [
                "The first operator was created. This is shown once:",
                "  user      operator",
                f"  password  {password}",
            ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


class Server(uvicorn.Server):
    """Tells when it listens, so that work begins only when somebody can be answered."""

    def __init__(self, on_ready: Callable[[], None], stops: Sequence[Callable[[], None]]) -> None:
        super().__init__(
            uvicorn.Config(
                "cryptodt.asgi:application",
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                http=ExpressHttp,
                ws=BoundedSocket,
                ws_max_size=64 * 1024,
                ws_per_message_deflate=False,
                ws_ping_interval=settings.WEBSOCKET_HEARTBEAT_INTERVAL,
                ws_ping_timeout=settings.WEBSOCKET_HEARTBEAT_TIMEOUT,
            )
        )
        self.on_ready = on_ready
        self.stops = stops

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            await asyncio.to_thread(self.on_ready)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        faulthandler.dump_traceback_later(LAST_SECONDS, exit=True)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await say_goodbye()
        # Side by side: each may take almost as long as there is.
        works = [asyncio.to_thread(stop) for stop in self.stops]
        await asyncio.gather(super().shutdown(sockets), *works)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on Ctrl-C and TERM. The base class would then die of the signal, and with it
        everything that still has to be put away."""
        before = {one: signal.signal(one, self.handle_exit) for one in STOPPING}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Set HOST or PORT to another."
        ) from None
    return listener


def start_simulator() -> Simulator | None:
    """Start the simulated market, unless the operator points at one that runs elsewhere."""
    if not settings.SIMULATED or settings.PROVIDERS_BASE_URL != settings.OWN_SIMULATOR_URL:
        return None
    try:
        return Simulator(port=settings.SIMULATOR_PORT, seed=7).start()
    except OSError as error:
        raise CommandError(
            f"The simulator cannot listen on port {settings.SIMULATOR_PORT}: {error.strerror}."
            " Set SIMULATOR_PORT to another."
        ) from None
