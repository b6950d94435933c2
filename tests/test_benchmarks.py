"""The benchmarks run, on small sizes, with or without PyTorch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.growth import exponent
from benchmarks.step_profile import kind_of, operations

ROOT = Path(__file__).parents[1]


def run(script, *arguments):
    command = [sys.executable, f"benchmarks/{script}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_workloads_of_a_small_graph_are_timed_and_stored(tmp_path):
    sizes = ("--nodes", "60", "--edges", "300", "--repetitions", "2", "--no-memory", "--match", "a")
    done = run("run.py", "large-graph", *sizes, "--json", str(tmp_path / "times.json"))
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "times.json").read_text())
    assert list(record["targets"].values()) == [3.0, None, 1.5]  # The sum has no a in its name.
    assert all(
        len(times["gnnjax"]) == 2 and min(times["gnnjax"]) > 0 for times in record["milliseconds_per_step"].values()
    )
    assert record["limits"]["matmul_gflops"] > 0
    assert "sparse attention layer, 60 nodes, 300 edges" in done.stdout


@pytest.mark.slow
def test_a_group_that_there_is_not():
    done = run("run.py", "gsatt")
    assert done.returncode == 2
    assert "'gsatt' is no group; there are gsat, node-classifiers" in done.stderr


@pytest.mark.slow
def test_a_profile_says_where_the_time_goes():
    done = run(
        "step_profile.py", "large-graph", "--nodes", "60", "--edges", "300", "--match", "maximum", "--operations", "99"
    )
    assert done.returncode == 0, done.stderr
    assert "sums, minima and maxima over edges" in done.stdout
    assert "scatter" in done.stdout


def test_the_exponent_of_a_power():
    sizes = np.array([1, 10, 100])
    assert exponent(sizes, 3 * sizes**1.5) == pytest.approx(1.5)


def test_instructions_are_of_the_kind_of_their_operation():
    hlo = """
      %fusion.1 = f32[4,2]{1,0} fusion(%a), calls=%b, metadata={op_name="jit(step)/transpose(jvp())/dot_general" x=1}
      ROOT %wrapped_scatter.3 = f32[4]{0} scatter(%c)
      %multiply.2 = f32[4]{0} multiply(%c, %c), metadata={op_name="jit(step)/mul"}
      %while.5 = (s32[]) while(%t), metadata={op_name="jit(step)/jvp()/while"}
      %wrapped_copy.1 = f32[4]{0} fusion(%d), metadata={op_name="jit(step)/jvp()/while"}
    """
    kinds = [kind_of(operation, name) for name, operation in operations(hlo).items()]
    expected = ["products of matrices", "sums, minima and maxima over edges", "element by element", "loops", "copies"]
    assert kinds == expected
