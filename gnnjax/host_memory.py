"""The host's memory: its allocator, for programs that compute on the CPU, the peak of its use, and what is left."""

import ctypes
import os
import platform
import resource
import sys
from pathlib import Path

from gnnjax.errors import MemoryLimitError

__all__ = ["available_memory", "keep_freed_memory", "peak_memory", "require_memory"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def keep_freed_memory() -> bool:
    """Makes this process keep freed memory for its next allocation instead of giving it back to the system.

    By default glibc returns every freed block of more than 32 MB, and XLA allocates such a block for each training
    step: fetching its pages again costs about a third of GSAT's step on BA-2Motifs. Nor can threads other than the
    first, on which XLA computes, keep a block of more than 64 MB, unless all share one heap. The price is that the
    process's memory stays at its peak. Call it first thing in a program, before arrays are made and threads begin;
    libraries should leave it alone.

    Returns:
      Whether it took effect: False where the C library is not glibc.

    >>> from gnnjax import host_memory
    >>> host_memory.keep_freed_memory()  # doctest: +SKIP
    True
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = {_M_MMAP_THRESHOLD: 2**30, _M_TRIM_THRESHOLD: 2**31 - 1, _M_ARENA_MAX: 1}
    return all([mallopt(parameter, value) for parameter, value in settings.items()])


def peak_memory() -> int:
    """The most memory that this process has held at any time so far, in bytes (resident set size).

    >>> import numpy as np
    >>> from gnnjax import host_memory
    >>> table = np.ones(10**7)
    >>> host_memory.peak_memory() > table.nbytes
    True
    """
    # What getrusage says on Linux begins with the peak of the process that started this one.
    peak = _kibibytes("/proc/self/status", "VmHWM")
    if peak is not None:
        return peak * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, others KiB.
    return peak if sys.platform == "darwin" else peak * 1024


def available_memory() -> int | None:
    """How many bytes programs can take before the system swaps, or None where the system does not tell.

    Linux says it outright; elsewhere all of the physical memory stands for it.

    >>> from gnnjax import host_memory
    >>> available = host_memory.available_memory()
    >>> available is None or available > 0
    True
    """
    available = _kibibytes("/proc/meminfo", "MemAvailable")
    if available is not None:
        return available * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def require_memory(num_bytes: int, what: str, instead: str) -> None:
    """Refuses what will not fit in memory before any of it is allocated.

    Args:
      num_bytes: how much it needs at its peak.
      what: what is to be made, as the error names it.
      instead: what to do instead, as the error ends.

    Raises:
      MemoryLimitError: fewer bytes are available; says how many GB are needed and available.

    >>> from gnnjax import host_memory
    >>> host_memory.require_memory(8 * 10**3, "a table of 1000 numbers", "take fewer")
    >>> host_memory.require_memory(8 * 10**15, "a table of 10^15 numbers", "take fewer")
    Traceback (most recent call last):
    ...
    gnnjax.errors.MemoryLimitError: a table of 10^15 numbers needs 8000000.0 GB of memory and ... GB are available; ...
    """
    available = available_memory()
    if available is not None and num_bytes > available:
        raise MemoryLimitError(
            f"{what} needs {num_bytes / 1e9:.1f} GB of memory and {available / 1e9:.1f} GB are available; {instead}"
        )


def _kibibytes(path: str, name: str) -> int | None:
    """A number from one of Linux's tables of memory, or None where it is not there."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)
