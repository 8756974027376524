"""What the operating system says, and what it means for a landing: the one table, which a test walks."""

import errno
import os
from typing import Final

from streamlake.errors import StreamlakeError
from streamlake.storage.errors import StoreDenied, StoreFull, StoreMissing, StoreTrouble

_ROOM = "Make room on that disk; it goes on by itself."
_RIGHTS = "Give the service's account write access to the lake's folder, and mount it writable."
_MOUNT = "Is the lake mounted? `streamlake doctor` says what is missing."
_WAIT = "It is tried again; look at the disk with `dmesg` if it stays."

DISPOSITIONS: Final[dict[int, tuple[type[StreamlakeError], str]]] = {
    errno.ENOSPC: (StoreFull, _ROOM),
    errno.EDQUOT: (StoreFull, _ROOM),
    errno.EFBIG: (StoreFull, _ROOM),
    errno.EIO: (StoreTrouble, _WAIT),
    errno.ESTALE: (StoreTrouble, _WAIT),
    errno.EMFILE: (StoreTrouble, _WAIT),
    errno.ENFILE: (StoreTrouble, _WAIT),
    errno.ENOMEM: (StoreTrouble, _WAIT),
    errno.EAGAIN: (StoreTrouble, _WAIT),
    errno.EBUSY: (StoreTrouble, _WAIT),
    errno.EINTR: (StoreTrouble, _WAIT),
    errno.ETIMEDOUT: (StoreTrouble, _WAIT),
    errno.EACCES: (StoreDenied, _RIGHTS),
    errno.EPERM: (StoreDenied, _RIGHTS),
    errno.EROFS: (StoreDenied, _RIGHTS),
    errno.EXDEV: (StoreDenied, "The whole lake must be one file system: unmount what is mounted inside it."),
    errno.EOPNOTSUPP: (StoreDenied, "The lake needs a file system with hard links."),
    errno.ENOENT: (StoreMissing, _MOUNT),
    errno.ENOTDIR: (StoreMissing, _MOUNT),
    errno.ENODEV: (StoreMissing, _MOUNT),
    errno.ENXIO: (StoreMissing, _MOUNT),
    errno.ENOTCONN: (StoreMissing, _MOUNT),
}


def translate(error: OSError, doing: str) -> StreamlakeError:
    """The error with a disposition. What the table does not know is tried again: that never loses a record."""
    kind, next_step = DISPOSITIONS.get(error.errno or 0, (StoreTrouble, _WAIT))
    reason = os.strerror(error.errno) if error.errno else str(error)
    return kind(f"Could not {doing}: {reason}.", next_step=next_step)
