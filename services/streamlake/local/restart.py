"""What to do when a process has ended by itself: start it again, ever more slowly, as systemd would. Pure."""

from dataclasses import dataclass

from streamlake.errors import EXIT_WRONG_USE

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Restart:
    """Start it again after `delay_seconds`, or never (None). `failures` are those in a row, this one included."""

    delay_seconds: float | None
    failures: int


def after_exit(exit_code: int, ran_seconds: float, failures: int) -> Restart:
    """The decision. Exit code 2 is a wrong configuration: starting again does not heal it.

    Who ran for a minute was healthy, so that a crash once an hour never ends in long waits.
    """
    failures = 1 if ran_seconds >= HEALTHY_AFTER_SECONDS else failures + 1
    if exit_code == EXIT_WRONG_USE:
        return Restart(None, failures)
    return Restart(min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(failures - 1, 10)), failures)


def describe(exit_code: int) -> str:
    """An exit code in words; a negative one is a signal's number, as `subprocess` gives it."""
    if exit_code < 0:
        return f"killed by signal {-exit_code}"
    return f"ended with exit code {exit_code}"
