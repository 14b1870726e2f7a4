"""What a venue's socket is made of: channels of pairs, and the frames on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from providers.simulator.market import MINUTE
from providers.simulator.venue import Bar, Pair, View
from providers.simulator.wire.answer import Answer


class Channel(NamedTuple):
    """One thing that was subscribed to: tickers or candles of a pair, by the venue's name."""

    kind: str
    name: str
    pair: Pair


@dataclass(frozen=True, slots=True)
class Moment:
    """What a frame is made from. `number` grows with every frame of a channel."""

    view: View
    number: int
    # When the candle opened that is told, and whether it is over.
    minute: int = 0
    is_over: bool = False

    @property
    def milliseconds(self) -> int:
        return int(self.view.now * 1000)

    def bar(self, pair: Pair) -> Bar:
        return self.view.bar(pair, self.minute, self.minute + MINUTE)


class Speech(Protocol):
    """One venue's way of speaking."""

    @property
    def paths(self) -> frozenset[str]: ...

    def greeting(self) -> Sequence[str]: ...

    def heed(self, path: str, text: str) -> tuple[Sequence[str], Sequence[Channel]]:
        """Return what is answered to a message, and what was subscribed to with it."""
        ...

    def tell(self, channel: Channel, moment: Moment) -> str: ...

    def beat(self, view: View, told: dict[Channel, int]) -> Sequence[str]:
        """Return what is said every second, whatever there is to tell."""
        ...


def encoded(body: Any) -> str:
    return Answer(200, body).encoded().decode()
