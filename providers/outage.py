"""Trouble with a store elsewhere: told when it begins and when it is over, not all the while."""

import logging
from types import TracebackType

logger = logging.getLogger(__name__)

# However long it lasts, a number of seconds fits into a float.
MOST_DOUBLINGS = 16


class Outage:
    """Keeps what fails in its `with` from ending anything, and knows how often it did in a row."""

    def __init__(self, what: str) -> None:
        self.failures = 0
        self._what = what

    def delay(self, longest: float) -> float:
        """Return for how many seconds to wait before the next try: ever longer, up to a longest."""
        return min(2.0 ** min(self.failures - 1, MOST_DOUBLINGS), longest)

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, Exception):
            self.failures += 1
            if self.failures == 1:
                logger.warning(self._what, exc_info=error)
            return True
        if error is None and self.failures:
            logger.info("%s: that is over, after %s failures", self._what, self.failures)
            self.failures = 0
        return False
