"""Keep a long-running process's freed memory in one piece, or give it back: it must not grow with the backlog (I12)."""

import ctypes
from typing import Final

SEGMENT_BYTES: Final = 1 << 20
"""What is held for long stands in pieces of this size, which the C library maps one by one and unmaps when freed."""

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8


def settle_allocator() -> None:
    """Call it before threads begin. Measured in front of a backlog: a third of the memory less, at the same speed.

    - Two arenas for all threads: by default glibc opens eight a core, and each keeps its own leavings.
    - Segments are mapped, whatever was freed before: by default the limit rises with the first large block that is
      freed, and parts that wait to be stored then stand scattered between what lives for a moment.

    A C library without arenas has no `mallopt` either, and needs none.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_ARENA_MAX, 2)
        library.mallopt(_M_MMAP_THRESHOLD, SEGMENT_BYTES)
