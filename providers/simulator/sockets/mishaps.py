"""What happens to frames on their way: lost, late, twice, in the wrong order, or no frames at all."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from providers.simulator.faults import Fault
from providers.simulator.sockets.speech import Channel

_LOSING = {"stream_lost", "stream_sequence_gap"}
_MEGABYTE = 1 << 20

Told = Iterable[tuple[Channel, str]]


class Mishaps:
    """The faults of one connection; what is held back for one of them is kept here."""

    def __init__(self) -> None:
        self._counted: Counter[Channel] = Counter()
        self._held: dict[Channel, str] = {}
        self._late: deque[tuple[float, str]] = deque()
        self._garbage = 0

    def loses(self, channel: Channel, fault: Fault | None) -> bool:
        if fault is None:
            return False
        if fault.kind == "stream_mute":
            words = fault.options["channels"]
            said = f"{channel.kind}:{channel.name}"
            return words is None or any(word in said for word in words)
        if fault.kind not in _LOSING:
            return False
        self._counted[channel] += 1
        every: int = fault.options["every"]
        return self._counted[channel] % every == 0

    def bent(self, told: Told, fault: Fault | None) -> Iterator[str | bytes]:
        kind = fault.kind if fault is not None else ""
        if kind != "stream_slow" or fault is None:
            yield from self._overdue(float("inf"))
        for channel, text in told:
            if kind == "stream_duplicate":
                yield from (text, text)
            elif kind == "stream_reordered":
                yield from self._swapped(channel, text)
            elif kind == "stream_garbage":
                yield self._spoiled(text)
            elif kind == "stream_slow" and fault is not None:
                self._late.append((time.monotonic() + fault.options["seconds"], text))
            elif kind == "stream_huge" and fault is not None:
                yield "[" + "0," * (fault.options["megabytes"] * _MEGABYTE // 2)
            else:
                yield text
        yield from self._overdue(time.monotonic())

    def _overdue(self, now: float) -> Iterator[str]:
        while self._late and self._late[0][0] <= now:
            yield self._late.popleft()[1]

    def _swapped(self, channel: Channel, text: str) -> Iterator[str]:
        """Hold every second frame of a channel back until the one after it was told."""
        held = self._held.pop(channel, None)
        if held is None:
            self._held[channel] = text
        else:
            yield from (text, held)

    def _spoiled(self, text: str) -> str | bytes:
        self._garbage += 1
        kinds: tuple[str | bytes, ...] = (
            text[: len(text) // 2],
            b"\x00\xff\xfe",
            "<html>502</html>",
            "null",
            '{"unheard":1}',
        )
        return kinds[self._garbage % len(kinds)]
