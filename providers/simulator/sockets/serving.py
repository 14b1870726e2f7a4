"""One open socket: the handshake, what the client says, and every tick to whoever wants it."""

import select
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol

from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from providers.simulator.faults import Active
from providers.simulator.market import MINUTE
from providers.simulator.sockets.binance import Binance
from providers.simulator.sockets.bybit import Bybit
from providers.simulator.sockets.coinbaseexchange import CoinbaseExchange
from providers.simulator.sockets.kraken import Kraken
from providers.simulator.sockets.mishaps import Mishaps
from providers.simulator.sockets.okx import OKX
from providers.simulator.sockets.speech import Channel, Moment, Speech
from providers.simulator.venue import View

SPEECHES: Mapping[str, Speech] = {
    "binance": Binance(),
    "kraken": Kraken(),
    "coinbaseexchange": CoinbaseExchange(),
    "okx": OKX(),
    "bybit": Bybit(),
}
_LONGEST_MESSAGE = 65536
_GOING_AWAY = 1001
_RESETTING = {"stream_reset", "stream_blocked"}
# On, and zero seconds: close() then resets the connection instead of ending it.
_NO_LINGER = struct.pack("ii", 1, 0)


class House(Protocol):
    """What a socket needs of the simulator."""

    @property
    def tick(self) -> float: ...
    def seen(self, provider: str) -> View: ...
    def strike(self, provider: str) -> Active | None: ...
    def joined(self, provider: str) -> None: ...
    def left(self, provider: str) -> None: ...


def is_wanted(handler: BaseHTTPRequestHandler) -> bool:
    return handler.headers.get("Upgrade", "").lower() == "websocket"


def speech_of(provider: str, path: str) -> Speech | None:
    speech = SPEECHES.get(provider)
    return speech if speech is not None and path in speech.paths else None


def serve(
    handler: BaseHTTPRequestHandler, house: House, provider: str, path: str, mark: tuple[str, str]
) -> None:
    """Speak on this connection until somebody ends it."""
    handler.close_connection = True
    house.joined(provider)
    try:
        talk = _Talk(handler.connection, house, provider, path)
        if talk.shake_hands(handler, mark):
            talk.go_on()
    finally:
        house.left(provider)


class _Talk:
    def __init__(self, sock: socket.socket, house: House, provider: str, path: str) -> None:
        self.sock, self.house, self.provider, self.path = sock, house, provider, path
        self.speech = SPEECHES[provider]
        self.protocol = ServerProtocol(max_size=_LONGEST_MESSAGE)
        self.channels: dict[Channel, None] = {}
        self.told: dict[Channel, int] = {}
        self.minutes: dict[Channel, int] = {}
        self.mishaps = Mishaps()

    def shake_hands(self, handler: BaseHTTPRequestHandler, mark: tuple[str, str]) -> bool:
        head = [handler.requestline, *(f"{k}: {v}" for k, v in handler.headers.items()), "", ""]
        self.protocol.receive_data("\r\n".join(head).encode("latin-1"))
        request = next((one for one in self.protocol.events_received()), None)
        try:
            if not isinstance(request, Request):
                return False
            response = self.protocol.accept(request)
        except InvalidHandshake:
            return False
        response.headers[mark[0]] = mark[1]
        self.protocol.send_response(response)
        self._flush()
        return response.status_code == HTTPStatus.SWITCHING_PROTOCOLS

    def go_on(self) -> None:
        for text in self.speech.greeting():
            self._say(text)
        due = time.monotonic()
        while self.protocol.state is State.OPEN:
            left = due - time.monotonic()
            if left <= 0:
                if not self._tick():
                    return
                due = max(due + self.house.tick, time.monotonic())
                continue
            if select.select([self.sock], [], [], left)[0] and not self._listen():
                return

    def _listen(self) -> bool:
        data = self.sock.recv(65536)
        if not data:
            return False
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                replies, channels = self.speech.heed(self.path, bytes(event.data).decode())
                for text in replies:
                    self._say(text)
                self.channels.update(dict.fromkeys(channels))
        self._flush()
        return True

    def _tick(self) -> bool:
        """Tell everybody what the market does; return whether the connection is still there."""
        active = self.house.strike(self.provider)
        fault = active.fault if active is not None else None
        if fault is not None and fault.kind in _RESETTING:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.sock.close()
            return False
        if fault is not None and fault.kind == "stream_drop":
            self.protocol.send_close(_GOING_AWAY)
            self._flush()
            return False
        view = self.house.seen(self.provider)
        frames = self.mishaps.bent(self._frames(view, fault), fault)
        for one in frames:
            self._say(one)
        if fault is None or fault.options.get("beats", True):
            for text in self.speech.beat(view, self.told):
                self._say(text)
        return True

    def _frames(self, view: View, fault: Any) -> Iterator[tuple[Channel, str]]:
        for channel in list(self.channels):
            number = max(int(view.now * 1000), self.told.get(channel, 0) + 1)
            is_lost = self.mishaps.loses(channel, fault)
            # What is lost in silence is not counted either.
            if not is_lost or fault.kind == "stream_sequence_gap":
                self.told[channel] = number
            for moment in self._moments(channel, view, number):
                if not is_lost:
                    yield channel, self.speech.tell(channel, moment)

    def _moments(self, channel: Channel, view: View, number: int) -> list[Moment]:
        if channel.kind == "ticker":
            return [Moment(view, number)]
        minute = int(view.now) // MINUTE * MINUTE
        before = self.minutes.get(channel, minute)
        self.minutes[channel] = minute
        over = [Moment(view, number, before, is_over=True)] if before < minute else []
        return [*over, Moment(view, number, minute)]

    def _say(self, what: str | bytes) -> None:
        if self.protocol.state is not State.OPEN:
            # It said farewell in one breath with what this would answer.
            return
        if isinstance(what, str):
            self.protocol.send_text(what.encode())
        else:
            self.protocol.send_binary(what)
        self._flush()

    def _flush(self) -> None:
        data = b"".join(self.protocol.data_to_send())
        if data:
            self.sock.sendall(data)
