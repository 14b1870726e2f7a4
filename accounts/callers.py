"""Who is calling: a key, a person, or nobody in particular. Known again without a query."""

import ipaddress
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple, Self

from accounts.tiers import ANONYMOUS, Limits
from cryptodt.common.errors import Refusal

# What was found out about a key or a token is believed for so long; revoking takes effect sooner
# on the process that did it, and after this on all others.
BELIEVED = 0.8
# Then one request looks again, and the others that come meanwhile need not: together still less
# than a second.
LOOKING = 0.15
MOST_KNOWN = 10_000
# Whoever has one address of IPv6 has as many of such a network as there are stars.
NETWORK_BITS = 64


class Window(NamedTuple):
    """One limit that a call counts against."""

    name: str
    counted_as: str
    limit: int
    seconds: int


class Plan(NamedTuple):
    """All limits that a call counts against, and how they are announced on the wire."""

    windows: tuple[Window, ...]
    # What they are counted as.
    names: tuple[str, ...]
    # Filled in twice: with when each begins anew, which holds for a second, and then with what is
    # left of each, which holds for a call. Nothing else changes.
    template: bytes

    @classmethod
    def of(cls, windows: Sequence[Window]) -> Self:
        names = tuple(one.counted_as for one in windows)
        return cls(tuple(windows), names, _template(windows) if windows else b"")

    def told_at(self, second: int, ends: Sequence[int]) -> bytes:
        """Return what is told in this second, where what is left is to be filled in."""
        return self.template % (*(end - second for end in ends), ends[0]) if ends else b""


def _template(windows: Sequence[Window]) -> bytes:
    policy = ", ".join(f'"{one.name}";q={one.limit};w={one.seconds}' for one in windows)
    state = ", ".join(f'"{one.name}";r=%%d;t=%d' for one in windows)
    return (
        f"ratelimit-policy: {policy}\r\nratelimit: {state}\r\n"
        f"x-ratelimit-limit: {windows[0].limit}\r\n"
        "x-ratelimit-remaining: %%d\r\nx-ratelimit-reset: %d\r\n"
    ).encode()


@dataclass(frozen=True, slots=True)
class Caller:
    """`bucket` is what its calls are counted under."""

    bucket: str
    tier: str
    limits: Limits
    scopes: frozenset[str]
    user_id: int | None = None
    key_id: int | None = None
    name: str = ""
    is_staff: bool = False
    origins: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    # What its calls count against, by kind of endpoint; the same as long as it is believed.
    plans: dict[str, Plan] = field(default_factory=dict, compare=False)

    @property
    def is_rationed(self) -> bool:
        """Say whether it matters how much of the market a call asks for."""
        return self.limits.symbols is not None or self.limits.days is not None

    @property
    def is_restricted(self) -> bool:
        """Say whether it matters where its calls come from."""
        return bool(self.addresses or self.origins)

    @property
    def is_keyed(self) -> bool:
        return self.user_id is not None

    def may_come_from(self, address: str) -> bool:
        """Say whether this key may be used from there."""
        return not self.addresses or any(_covers(one, address) for one in self.addresses)


@dataclass(slots=True)
class Known:
    """Somebody who was recognized, and until when that is believed; no longer than it is true."""

    caller: Caller
    until: float
    is_looked_up: bool = False


@dataclass
class Book:
    """Who was recognized lately, by a digest of what they showed."""

    known: dict[bytes, Known] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def known_by(self, shown: bytes) -> Known | None:
        entry = self.known.get(fingerprint(shown))
        if entry is None:
            return None
        if time.monotonic() < entry.until:
            return entry
        if not entry.is_looked_up:
            entry.is_looked_up = True
            entry.until += LOOKING
        return None

    def recognize(self, shown: bytes, look_up: Callable[[], Caller]) -> Caller:
        """Return the caller who shows this; `look_up` raises a refusal for a stranger."""
        known = self.known_by(shown)
        if known is None:
            try:
                caller = look_up()
            except Refusal:
                with self.lock:
                    self.known.pop(fingerprint(shown), None)
                raise
            known = Known(caller, time.monotonic() + BELIEVED)
            self._keep(fingerprint(shown), known)
        return known.caller

    def find_address(self, address: str) -> Caller:
        return self.known_at(address).caller

    def known_at(self, address: str) -> Known:
        """Return the caller without a key at an address."""
        entry = self.known.get(address.encode())
        if entry is None or entry.until <= time.monotonic():
            entry = Known(anonymous(address), time.monotonic() + BELIEVED)
            self._keep(address.encode(), entry)
        return entry

    def _keep(self, name: bytes, entry: Known) -> None:
        with self.lock:
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            self.known[name] = entry

    def forget(self) -> None:
        """Look everybody up again: a key was changed, and who knows which entries it has."""
        with self.lock:
            # Whoever holds an entry beside this book asks it whether it still counts.
            for entry in self.known.values():
                entry.until = 0.0
            self.known.clear()


BOOK = Book()


def fingerprint(shown: bytes) -> bytes:
    # So that no key lies in memory in the clear, and none is compared letter by letter.
    return blake2b(shown, digest_size=16).digest()


def anonymous(address: str) -> Caller:
    return Caller(
        bucket=f"address:{network_of(address)}",
        tier=ANONYMOUS.slug,
        limits=ANONYMOUS.limits,
        scopes=frozenset(ANONYMOUS.scopes),
    )


def network_of(address: str) -> str:
    """Return what counts as one caller: an address, or a network of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, NETWORK_BITS), strict=False).network_address)


def _covers(network: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
