"""Runs a program of this machine: its output, or an error that holds what it said."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class Failed(AssertionError):
    """A program ended with another code than 0; the text says which, how, and what it printed."""


def run(
    argv: Sequence[str | Path], *, stdin: str = "", seconds: float = 60, environment: Mapping[str, str] | None = None
) -> str:
    """What it printed on stdout. Raises `Failed`."""
    done = attempt(argv, stdin=stdin, seconds=seconds, environment=environment)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, argv))}\nended with {done.returncode}\n{done.stdout[-4000:]}{done.stderr}")
    return done.stdout


def attempt(
    argv: Sequence[str | Path], *, stdin: str = "", seconds: float = 60, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """The same, whatever code it ends with."""
    return subprocess.run(
        argv, input=stdin, capture_output=True, text=True, timeout=seconds, check=False, env=environment
    )
