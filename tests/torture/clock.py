"""A wall clock for each process that can be made to jump: a small C library, compiled here and preloaded."""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock_shim.c")


def compile_shim(folder: Path) -> Path | None:
    """The library; None where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "clock_shim.so"
    arguments = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    done = subprocess.run(arguments, capture_output=True, text=True)
    return library if done.returncode == 0 else None


class Clock:
    """One process's clock. `offset_seconds` jumps it; `shifted` counts the answers that were wrong."""

    def __init__(self, path: Path, library: Path | None) -> None:
        self._path = path
        self._library = library
        path.write_bytes(struct.pack("=qq", 0, 0))

    @property
    def environment(self) -> dict[str, str]:
        """What the process is started with."""
        if self._library is None:
            return {}
        return {"LD_PRELOAD": str(self._library), "TORTURE_CLOCK": str(self._path)}

    def jump(self, offset_seconds: int) -> None:
        """From now on; 0 is right."""
        with self._path.open("r+b") as file:  # in place: the process has it mapped
            file.write(struct.pack("=q", offset_seconds))

    def shifted(self) -> int:
        """How often the process was told a wrong time."""
        (count,) = struct.unpack("=q", self._path.read_bytes()[8:])
        return int(count)
