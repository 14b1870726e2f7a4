"""The simulator itself: a market, its providers, their faults, and who asked what."""

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from providers.simulator import clock as clocks
from providers.simulator.bending import bend_answer, bend_view
from providers.simulator.coins import Register
from providers.simulator.faults import ANSWERED, STREAMED, Active, BadFault, Board, read_fault
from providers.simulator.market import Market
from providers.simulator.server import Server
from providers.simulator.venue import View
from providers.simulator.wire import (
    alternative_me,
    binance,
    bitfinex,
    blockchain_info,
    blockchair,
    bybit,
    chain_facts,
    coinbaseexchange,
    coincap,
    coingecko,
    coinlore,
    coinmarketcap,
    coinmetrics,
    coinpaprika,
    cryptocompare,
    cryptopanic,
    defillama,
    etherscan,
    feeds,
    gate,
    kraken,
    kucoin,
    mempool_space,
    okx,
)
from providers.simulator.wire.answer import Answer, Answering, Query
from providers.simulator.wire.refusals import REFUSALS

PROVIDERS: Mapping[str, Answering] = {
    "coingecko": coingecko.answer,
    "binance": binance.answer,
    "kraken": kraken.answer,
    "coinbaseexchange": coinbaseexchange.answer,
    "okx": okx.answer,
    "bybit": bybit.answer,
    "kucoin": kucoin.answer,
    "gate": gate.answer,
    "bitfinex": bitfinex.answer,
    "coingecko-pro": coingecko.answer,
    "coinpaprika": coinpaprika.answer,
    "coinlore": coinlore.answer,
    "coincap": coincap.answer,
    "coinmarketcap": coinmarketcap.answer,
    "cryptocompare": cryptocompare.answer,
    "coinmetrics": coinmetrics.answer,
    "alternative-me": alternative_me.answer,
    "blockchain-info": blockchain_info.answer,
    "cryptopanic": cryptopanic.answer,
    "defillama": defillama.answer,
    "etherscan": etherscan.answer,
    "mempool-space": mempool_space.answer,
    "blockchair": blockchair.answer,
    **{f"blockchair-{chain}": blockchair.answer for chain in chain_facts.CHAINS},
}
_REMEMBERED = 20000
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Request:
    """One request a provider got; `at` is real time, not simulated."""

    at: float
    provider: str
    path: str
    query: Query
    fault: str | None


class Simulator:
    """Run all providers on a local port while the `with` block lasts.

    >>> with Simulator(seed=7) as sim:
    ...     sim.fault("binance", "wrong_price", factor=2)
    """

    providers = tuple(PROVIDERS)

    def __init__(
        self,
        port: int = 0,
        *,
        seed: int = 7,
        speed: float = 1.0,
        clock: clocks.Clock | None = None,
        host: str = "127.0.0.1",
        tick: float = 1.0,
    ) -> None:
        self.seed = seed
        self.speed = speed
        # Real seconds between two frames of a channel.
        self.tick = tick
        self.clock = clock or clocks.running(speed)
        self.market = Market(seed)
        self._register = Register()
        self._board = Board(seed)
        self._lock = threading.Lock()
        self._log: deque[Request] = deque(maxlen=_REMEMBERED)
        self._counts: Counter[str] = Counter()
        self._sockets: Counter[str] = Counter()
        self._weight_minute, self._weight = 0, 0
        self._server = Server((host, port), self)

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._board.clear()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def fault(self, provider: str, kind: str, **options: Any) -> None:
        """Break a provider until it is healed, in place of any fault it already has."""
        self._known(provider)
        self._board.set(read_fault(provider, kind, self.clock(), options))

    def heal(self, provider: str | None = None) -> None:
        if provider is not None:
            self._known(provider)
        self._board.clear(provider)

    def rename(self, coin: str, symbol: str) -> None:
        """Give a small coin another ticker at all aggregators; its ids stay as they are."""
        self._listed_once(coin)
        self._register.rename(coin, symbol)

    def delist(self, coin: str) -> None:
        """Take a small coin out of all lists."""
        self._listed_once(coin)
        self._register.delist(coin)

    def restore_coins(self) -> None:
        self._register.restore()

    def requests(self, provider: str | None = None) -> list[Request]:
        """Return the last requests, oldest first; control requests are not among them."""
        with self._lock:
            return [r for r in self._log if provider in (None, r.provider)]

    def forget_requests(self) -> None:
        with self._lock:
            self._log.clear()
            self._counts.clear()

    def view(self, provider: str) -> View:
        now = self.clock()
        return View(self.market, provider, now, now, coins=self._register.coins)

    def state(self) -> dict[str, Any]:
        with self._lock:
            counts, sockets = dict(self._counts), dict(self._sockets)
        return {
            "simulated_time": datetime.fromtimestamp(self.clock(), UTC).isoformat(),
            "seed": self.seed,
            "speed": self.speed,
            "coins": {
                "listed": len(self._register.coins),
                "changed": self._register.changes(),
            },
            "providers": {
                name: {
                    "requests": counts.get(name, 0),
                    "sockets": sockets.get(name, 0),
                    "fault": self._board.describe(name),
                }
                for name in dict.fromkeys([*PROVIDERS, *counts])
            },
        }

    def knows(self, provider: str) -> bool:
        # Feeds are too many to list.
        return provider in PROVIDERS or feeds.is_feed(provider)

    def respond(self, provider: str, path: str, query: Query) -> tuple[Answer, Active | None]:
        """Return the answer to send, and the fault to send it with."""
        active = self._board.take(provider, ANSWERED)
        kind = active.fault.kind if active else None
        with self._lock:
            self._log.append(Request(time.time(), provider, path, query, kind))
            self._counts[provider] += 1
        answer = self._answer(provider, path, query, active)
        if provider == "binance":
            used = str(self._spend(binance.weight(path, query)))
            extra = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
            answer = replace(answer, headers={**answer.headers, **extra})
        return answer, active

    def refuse(self, provider: str, path: str) -> tuple[Answer | None, Active | None]:
        """Return what is answered to somebody who wants a socket, unless one is opened."""
        active = self._board.take(provider, ANSWERED)
        is_blocked = self._board.has(provider, "stream_blocked")
        kind = "stream_blocked" if is_blocked else active.fault.kind if active else None
        with self._lock:
            self._log.append(Request(time.time(), provider, path, {}, kind))
            self._counts[provider] += 1
        if is_blocked:
            return Answer(403, {"error": "no sockets from here"}), None
        if active is not None and active.fault.stage == "answer":
            view = self.view(provider)
            return REFUSALS[active.fault.kind](provider, active.fault.options, view.now), active
        if active is not None and active.fault.stage == "wire":
            return Answer(400, {"error": "a socket is opened here"}), active
        return None, None

    # -- What an open socket needs -----------------------------------------------------

    def seen(self, provider: str) -> View:
        """Return the market as the venue streams it, other prices included."""
        view = self.view(provider)
        active = self._board.take(provider, {"market"})
        return view if active is None else bend_view(active.fault, view)

    def strike(self, provider: str) -> Active | None:
        return self._board.take(provider, STREAMED)

    def joined(self, provider: str) -> None:
        with self._lock:
            self._sockets[provider] += 1

    def left(self, provider: str) -> None:
        with self._lock:
            self._sockets[provider] -= 1

    def _answer(self, provider: str, path: str, query: Query, active: Active | None) -> Answer:
        view, answering = self.view(provider), PROVIDERS.get(provider, feeds.answer)
        if active is None:
            return answering(view, path, query)
        fault = active.fault
        if fault.stage == "answer":
            return REFUSALS[fault.kind](provider, fault.options, view.now)
        if fault.stage == "market":
            view = bend_view(fault, view)
        answer = answering(view, path, query)
        return bend_answer(fault, answer) if fault.stage == "body" else answer

    def _spend(self, weight: int) -> int:
        minute = int(time.time()) // _MINUTE
        with self._lock:
            if minute != self._weight_minute:
                self._weight_minute, self._weight = minute, 0
            self._weight += weight
            return self._weight

    def _listed_once(self, coin: str) -> None:
        if not self._register.knows(coin):
            raise BadFault(f"unknown coin {coin!r}; coins go by their id at CoinGecko")

    def _known(self, provider: str) -> None:
        if not self.knows(provider):
            raise BadFault(f"unknown provider {provider!r}; known: {', '.join(PROVIDERS)}")
