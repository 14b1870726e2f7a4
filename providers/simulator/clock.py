"""What time it is in the simulated market."""

import time
from collections.abc import Callable

Clock = Callable[[], float]


def running(speed: float = 1.0) -> Clock:
    """Return a clock that starts now and runs `speed` times as fast as the real one."""
    start = time.time()
    return lambda: start + (time.time() - start) * speed
