"""A consumer process that a test started: its signals, what it logs, and what it says about itself."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamlake import vitals
from tests.support.broker import freeze, until


@dataclass
class Running:
    """One consumer process."""

    process: "subprocess.Popen[bytes]"
    name: str
    log: Path
    state_dir: Path

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.process.wait(20)

    def stop(self, seconds: float = 30) -> int:
        """As `systemctl stop`; the exit code."""
        self.process.terminate()
        return self.process.wait(seconds)

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def pause(self) -> None:
        freeze(self.process.pid)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def lines(self) -> list[dict[str, Any]]:
        """What it logged, as far as it is JSON."""
        said = self.log.read_text(errors="replace").splitlines()
        return [json.loads(line) for line in said if line.startswith("{") and line.endswith("}")]

    def said(self, text: str, **fields: object) -> bool:
        """Whether a log line has this text in its message and these fields."""
        return any(
            text in line.get("message", "") and all(line.get(name) == value for name, value in fields.items())
            for line in self.lines()
        )

    def wait_said(self, text: str, seconds: float = 30, **fields: object) -> None:
        until(lambda: self.said(text, **fields), seconds)

    def vitals(self) -> dict[str, Any]:
        """What it says about itself now; empty before it does."""
        found = [d for d in vitals.gather(self.state_dir) if d["pid"] == self.process.pid]
        return found[0] if found else {}

    def lag(self) -> int | None:
        """Records that wait, by its own account; None while it does not know of every partition that it has."""
        partitions = self.vitals().get("partitions") or []
        lags = [p["lag_records"] for p in partitions]
        return None if not lags or None in lags else sum(lags)

    def owns(self) -> set[tuple[str, int]]:
        return {(p["topic"], p["partition"]) for p in self.vitals().get("partitions") or []}
