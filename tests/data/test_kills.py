"""A kill at any moment of saving, preparing and downloading leaves a whole file or none."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_fifty_kills_of_each(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.data.kill_checks", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert {"data.npz", "raw"} <= set(done.stdout.split())
