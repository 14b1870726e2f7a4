"""Run the simulator until it is interrupted: python -m providers.simulator --port 7861."""

import argparse
import sys
import threading
from contextlib import suppress

from providers.simulator.simulator import PROVIDERS, Simulator


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m providers.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7861, help="0 takes any free one")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another market")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    options = parser.parse_args()
    if options.speed <= 0:
        parser.error("--speed must be above 0")
    try:
        simulator = Simulator(
            options.port, seed=options.seed, speed=options.speed, host=options.host
        )
    except OSError as error:
        parser.error(f"cannot listen on {options.host}:{options.port}: {error}")
    with simulator, suppress(KeyboardInterrupt):
        places = "\n".join(f"  {simulator.url}/{name}" for name in PROVIDERS)
        sys.stdout.write(f"Simulated market, seed {options.seed}:\n{places}\n")
        sys.stdout.flush()
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
