"""The end of a process that has put everything away."""

import logging
import os
import sys


def finish() -> None:
    """Leave at once: threads that still wait for a provider hold nothing worth waiting for."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
