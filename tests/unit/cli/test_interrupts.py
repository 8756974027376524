"""Ctrl-C, which many send twice."""

import signal

import pytest

from streamlake.cli import main
from streamlake.cli.main import _Interrupts


def test_the_second_one_does_not_break_into_the_end_that_the_first_began(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt = _Interrupts()
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)
    interrupt(signal.SIGINT, None)
    monkeypatch.setattr(main, "_ONE_INTERRUPT_SECONDS", 0)
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)  # who asks again later means it
