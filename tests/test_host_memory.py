import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gnnjax import host_memory
from gnnjax.errors import MemoryLimitError
from gnnjax.host_memory import available_memory, keep_freed_memory, peak_memory, require_memory

MEASURE = """
import resource, sys, threading
import numpy as np
from gnnjax.host_memory import keep_freed_memory
mode, thread = sys.argv[1:]
if mode == "keep":
    assert keep_freed_memory()

def allocate():
    np.ones(10_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.ones(10_000_000)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

if thread == "first":
    allocate()
else:
    other = threading.Thread(target=allocate)
    other.start()
    other.join()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
@pytest.mark.parametrize("thread", ["first", "other"])
def test_freed_memory_is_used_again_without_page_faults(thread):
    faults = {
        mode: int(subprocess.run([sys.executable, "-c", MEASURE, mode, thread], capture_output=True, check=True).stdout)
        for mode in ("default", "keep")
    }
    assert faults["keep"] < faults["default"] / 10


def test_elsewhere_it_says_so(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert keep_freed_memory() is False


def test_peak_memory_holds_what_was_allocated():
    before = peak_memory()
    size = before + 50_000_000
    assert np.ones(size, np.uint8).sum() == size
    assert size < peak_memory() < 3 * size


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's own peak")
def test_peak_memory_is_not_that_of_the_parent():
    assert np.ones(400_000_000, np.uint8).all()
    script = "from gnnjax.host_memory import peak_memory; print(peak_memory())"
    peak = int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    assert 0 < peak < 400_000_000


class TestRequireMemory:
    def test_says_how_much_is_needed_and_what_to_use_instead(self, monkeypatch):
        monkeypatch.setattr(host_memory, "available_memory", lambda: 8_000_000_000)
        require_memory(8_000_000_000, "the matrix", "use less")
        message = r"^the matrix needs 40\.0 GB of memory and 8\.0 GB are available; use a sparse model$"
        with pytest.raises(MemoryLimitError, match=message) as error:
            require_memory(40_000_000_000, "the matrix", "use a sparse model")
        assert isinstance(error.value, MemoryError)

    def test_refuses_nothing_where_the_system_does_not_tell(self, monkeypatch):
        monkeypatch.setattr(host_memory, "available_memory", lambda: None)
        require_memory(10**30, "the matrix", "use less")

    def test_available_memory_is_what_linux_says(self, monkeypatch):
        text = "MemTotal:  16000 kB\nMemFree:  2000 kB\nMemAvailable:  3000 kB\n"
        monkeypatch.setattr(Path, "read_text", lambda path: text if str(path) == "/proc/meminfo" else "")
        assert available_memory() == 3000 * 1024

    def test_elsewhere_it_is_the_physical_memory_or_unknown(self, monkeypatch):
        def absent(path):
            raise FileNotFoundError(path)

        monkeypatch.setattr(Path, "read_text", absent)
        monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 10, "SC_PAGE_SIZE": 4096}.__getitem__)
        assert available_memory() == 40960

        def unknown(name):
            raise ValueError(name)

        monkeypatch.setattr(os, "sysconf", unknown)
        assert available_memory() is None

    @pytest.mark.skipif(sys.platform != "linux", reason="needs a system that tells")
    def test_what_this_machine_has(self):
        require_memory(1, "a byte", "")
        with pytest.raises(MemoryLimitError, match=r"everything needs 1000000000\.0 GB"):
            require_memory(10**18, "everything", "")
