"""Randomness without state: the same key always gives the same numbers."""

import hashlib
import struct
from statistics import NormalDist

_STEPS = 4096

# Quantiles of the normal distribution: a table look-up costs a tenth of computing one.
_NORMAL = tuple(NormalDist().inv_cdf((i + 0.5) / _STEPS) for i in range(_STEPS))


def words(key: str, count: int) -> tuple[int, ...]:
    """Return `count` numbers from 0 to 65535."""
    digest = hashlib.shake_128(key.encode()).digest(2 * count)
    return struct.unpack(f"<{count}H", digest)


def normals(key: str, count: int) -> list[float]:
    return [_NORMAL[word >> 4] for word in words(key, count)]


def uniform(key: str) -> float:
    """Return a number in [0, 1)."""
    high, low = words(key, 2)
    return (high * 65536 + low) / 4294967296
