"""Runs over seeds, one after the other and in processes, with made-up results."""

import functools
import json
import os
import signal

import pytest

from experiments.seeds import run_seeds
from experiments.workers import run_in_processes, worker_number
from gnnjax.errors import NonFiniteLossError, RunError


def result(seed, **values):
    return {"seed": seed, "accuracy": 0.5 + 0.25 * seed, "best_epoch": 12, "wall_seconds": 90.0} | values


def test_only_missing_seeds_run_and_all_are_in_the_results(tmp_path):
    ran = []

    def run_seed(seed, folder):
        ran.append((seed, folder.name))
        return result(seed)

    run_seeds(tmp_path / "run", {"a": 1}, [2, 0], run_seed)
    again = run_seeds(tmp_path / "run", {"a": 1}, [0, 1], run_seed)
    assert ran == [(2, "seed-2"), (0, "seed-0"), (1, "seed-1")]
    assert [each["seed"] for each in again] == [0, 1]
    stored = json.loads((tmp_path / "run" / "results.json").read_text())
    assert stored["settings"] == {"a": 1}
    assert [each["seed"] for each in stored["seeds"]] == [0, 1, 2]
    assert stored["summary"]["accuracy"]["mean"] == pytest.approx(0.75)


def test_a_seed_that_fails_leaves_no_result_and_is_run_again(tmp_path):
    def fail(seed, folder):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_seeds(tmp_path / "run", {}, [0], fail)
    assert not (tmp_path / "run" / "results.json").exists()
    assert run_seeds(tmp_path / "run", {}, [0], lambda seed, folder: result(seed)) == [result(0)]


def test_overwriting_begins_again(tmp_path):
    run_seeds(tmp_path / "run", {"a": 1}, [0, 1], lambda seed, folder: result(seed))
    run_seeds(tmp_path / "run", {"a": 2}, [0], lambda seed, folder: result(seed), overwrite=True)
    stored = json.loads((tmp_path / "run" / "results.json").read_text())
    assert stored["settings"] == {"a": 2}
    assert [each["seed"] for each in stored["seeds"]] == [0]


def test_a_result_that_was_not_counted_is_counted(tmp_path):
    run_seeds(tmp_path / "run", {"a": 1}, [0], lambda seed, folder: result(seed))
    (tmp_path / "run" / "results.json").unlink()
    run_seeds(tmp_path / "run", {"a": 1}, [0], lambda seed, folder: result(seed))
    assert [each["seed"] for each in json.loads((tmp_path / "run" / "results.json").read_text())["seeds"]] == [0]


def where(failing, seed, folder):
    """Which process ran a seed, on which cores; seed 7 fails as it is told to."""
    if seed == 7 and failing == "error":
        raise NonFiniteLossError("the loss is nan", epoch=3, step=4)
    if seed == 7 and failing == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return result(seed, worker=worker_number(), cores=sorted(os.sched_getaffinity(0)), folder=folder.name)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cores can be dealt out on Linux alone")
def test_workers_share_the_seeds_and_the_cores(tmp_path):
    results = run_seeds(tmp_path / "run", {}, range(4), functools.partial(where, ""), workers=2)
    assert [(each["seed"], each["folder"]) for each in results] == [(seed, f"seed-{seed}") for seed in range(4)]
    cores = sorted(os.sched_getaffinity(0))
    for each in results:
        assert each["cores"] == (cores[each["worker"] :: 2] or cores)
    assert worker_number() is None


@pytest.mark.slow
def test_an_error_of_a_worker_is_the_callers_and_the_rest_is_kept(tmp_path):
    with pytest.raises(NonFiniteLossError, match="the loss is nan"):
        run_seeds(tmp_path / "run", {}, [0, 7], functools.partial(where, "error"))
    with pytest.raises(NonFiniteLossError, match="the loss is nan") as caught:
        run_seeds(tmp_path / "other", {}, [7, 8], functools.partial(where, "error"), workers=2)
    assert (caught.value.epoch, caught.value.step) == (3, 4)
    assert (tmp_path / "run" / "seed-0" / "result.json").exists()


@pytest.mark.slow
def test_a_process_that_dies(tmp_path):
    with pytest.raises(RunError, match="the same command with fewer --workers continues"):
        list(run_in_processes(functools.partial(where, "killed"), [(7, tmp_path)], 1))
