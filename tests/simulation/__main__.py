"""Run one seed, or a range: `python -m tests.simulation 17 --trace`, `python -m tests.simulation 0 --count 500`."""

import argparse
import sys

from tests.simulation.simulation import STEPS, Simulation
from tests.simulation.watch import Violation


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds from it on")
    parser.add_argument("--steps", type=int, default=STEPS, help="of the hostile phase")
    parser.add_argument("--trace", action="store_true", help="say every effect, loop and trouble")
    arguments = parser.parse_args()
    failed = 0
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        try:
            outcome = Simulation(seed, _say if arguments.trace else None).run(arguments.steps)
        except Violation as violation:
            failed += 1
            _say(f"seed {seed}: {violation}")
        else:
            if arguments.count == 1:
                _say(str(outcome))
    _say(f"{failed} of {arguments.count} seeds failed")
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
