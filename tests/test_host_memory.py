import platform
import subprocess
import sys

import numpy as np
import pytest

from gnnjax.host_memory import keep_freed_memory, peak_memory

MEASURE = """
import resource, sys
import numpy as np
from gnnjax.host_memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
np.ones(8_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    np.ones(8_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_freed_memory_is_used_again_without_page_faults():
    faults = {
        mode: int(subprocess.run([sys.executable, "-c", MEASURE, mode], capture_output=True, check=True).stdout)
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
