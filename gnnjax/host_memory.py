"""This process's memory: the C library's allocator, for programs that compute on the CPU, and the peak of its use."""

import ctypes
import platform
import resource
import sys

__all__ = ["keep_freed_memory", "peak_memory"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> bool:
    """Makes this process keep freed memory for its next allocation instead of giving it back to the system.

    By default glibc returns every freed block of more than 32 MB, and XLA allocates such a block for each training
    step: fetching its pages again costs about a third of GSAT's step on BA-2Motifs. The price is that the process's
    memory stays at its peak. Call it first thing in a program, before arrays are made; libraries should leave it alone.

    Returns:
      Whether it took effect: False where the C library is not glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_M_MMAP_THRESHOLD, 2**30) and mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))


def peak_memory() -> int:
    """The most memory that this process has held at any time so far, in bytes (resident set size)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux KiB.
    return peak if sys.platform == "darwin" else peak * 1024
