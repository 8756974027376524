"""Small disks of this run's own, that can be filled. Needs root; they are gone with the process, however it ends."""

import ctypes
import errno
import os
import subprocess
from pathlib import Path

CLONE_NEWNS = 0x20000


def own_mounts() -> bool:
    """From now on this process's mounts are seen by it and its children alone. Call it before any thread starts."""
    if os.geteuid() != 0:
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True).returncode == 0


class Disk:
    """A tmpfs at `folder`."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "torture", str(folder)], check=True)

    def fill(self) -> str:
        """Until nothing fits any more: the error that the next write got."""
        with (self.folder / ".ballast").open("ab", buffering=0) as ballast:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        ballast.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
        try:
            (self.folder / ".probe").write_bytes(bytes(4096))
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return ""

    def free(self) -> None:
        """As it was."""
        for name in (".ballast", ".probe"):
            (self.folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "-l", str(self.folder)], check=False)
