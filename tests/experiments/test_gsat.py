"""The main job as its users run it: one command, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.models import GIN, GSAT
from gnnjax.train import Checkpoints
from gnnjax.train.steps import split

ROOT = Path(__file__).parents[2]
SMALL = ["--config.training.epochs=14", "--config.training.checkpoint_every=2", "--config.r.interval=2"]
SMALL += ["--config.model.hidden_size=8", "--config.training.batch_size=400"]


def command(*arguments):
    return [sys.executable, "experiments/gsat.py", "--config=configs/ba2motifs.py", *map(str, arguments)]


def run(*arguments, **options):
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, data_folder):
    """A whole small run, its folder and what it printed."""
    workdir = tmp_path_factory.mktemp("run") / "uninterrupted"
    result = run(f"--workdir={workdir}", f"--config.dataset.folder={data_folder}", *SMALL)
    assert result.returncode == 0, result.stderr
    return workdir, result


def read(path):
    return json.loads(path.read_text())


def stored_weights(workdir):
    """All arrays of the best and of the last checkpoint."""
    model = GSAT(GIN(10, 1, hidden_size=8, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
    weights = split(model)[1:]
    with Checkpoints(workdir / "seed-0" / "checkpoints") as checkpoints:
        best_epoch = read(workdir / "seed-0" / "result.json")["best_epoch"]
        return jax.tree.leaves(checkpoints.restore_best(weights, best_epoch))


@pytest.mark.slow
def test_a_run_leaves_table_results_logs_and_figures(finished):
    workdir, result = finished
    assert "explanation" in result.stdout
    assert "seed 0" in result.stderr
    assert "loss=" in result.stderr
    assert "acc=" in result.stderr
    assert "explanation=" in result.stderr
    results = read(workdir / "results.json")
    assert [entry["seed"] for entry in results["seeds"]] == [0]
    assert 11 <= results["seeds"][0]["best_epoch"] < 14
    assert 0 <= results["seeds"][0]["explanation_roc_auc"] <= 1
    record = read(workdir / "run.json")
    assert record["settings"]["training"]["epochs"] == 14
    assert record["versions"]["jax"] == jax.__version__
    seed_folder = workdir / "seed-0"
    assert len(read(seed_folder / "history.json")) == 14
    assert list((seed_folder / "tensorboard").glob("events.*"))
    figures = {file.name for file in (seed_folder / "figures").iterdir()}
    assert figures == {"attention_on_graphs.png", "attention_histogram.png", "training_curves.png"}


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bits(finished, data_folder, tmp_path):
    """SIGKILL soon after each of several checkpoints begins to be written, then the same command to the end."""
    arguments = command(f"--workdir={tmp_path / 'run'}", f"--config.dataset.folder={data_folder}", *SMALL)
    checkpoints = tmp_path / "run" / "seed-0" / "checkpoints" / "last"
    kills = 0
    for epoch, delay in ((1, 0.0), (5, 0.03), (11, 0.2)):
        process = subprocess.Popen(
            arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None and not list(checkpoints.glob(f"{epoch}*")):
            time.sleep(0.002)
        time.sleep(delay)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills >= 2
    result = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr

    workdir = finished[0]
    assert read(tmp_path / "run" / "seed-0" / "history.json") == read(workdir / "seed-0" / "history.json")
    first, second = (read(folder / "seed-0" / "result.json") for folder in (workdir, tmp_path / "run"))
    measured = {"wall_seconds": 0, "peak_bytes": 0}
    assert first | measured == second | measured
    for expected, found in zip(stored_weights(workdir), stored_weights(tmp_path / "run"), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
def test_a_finished_run_is_shown_and_never_overwritten(finished, data_folder):
    workdir, _ = finished
    before = {file: file.stat().st_mtime_ns for file in (workdir / "seed-0").rglob("*") if file.is_file()}
    folder = f"--config.dataset.folder={data_folder}"
    again = run(f"--workdir={workdir}", folder, *SMALL)
    assert again.returncode == 0, again.stderr
    assert "explanation" in again.stdout
    other = run(f"--workdir={workdir}", folder, *SMALL, "--config.optimizer.learning_rate=0.1")
    assert other.returncode == 1
    assert "optimizer.learning_rate: 0.001 there, 0.1 asked for" in other.stderr
    assert "Traceback" not in other.stderr
    assert before == {file: file.stat().st_mtime_ns for file in (workdir / "seed-0").rglob("*") if file.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config=configs/absent.py"], "No such file or directory: 'configs/absent.py'"),
        (["--config=configs/ba2motifs.py:gcn"], "backbone 'gcn' is not known"),
        (["--config.optimizer.leaning_rate=1"], 'Did you mean "learning_rate"'),
        (["--config.training.epochs=many"], "invalid literal for int() with base 10: 'many'"),
        (["--config.seeds=1-3"], "seeds is '1-3', must be like 3, 0:10 or 1,4,5"),
        (["--config.dataset.source=absent.npz"], "absent.npz"),
        (["extra"], "unexpected argument 'extra'"),
    ],
)
def test_input_that_cannot_be_used(tmp_path, arguments, message):
    result = run(f"--workdir={tmp_path / 'run'}", f"--config.dataset.folder={tmp_path}", *arguments)
    assert result.returncode != 0
    assert message in result.stderr
    assert "Traceback (most recent call last)" not in result.stderr or "FATAL Flags parsing error" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_help_shows_examples():
    result = run("--help")
    assert "python experiments/gsat.py --config=configs/ba2motifs.py" in result.stdout
    assert "--workdir" in result.stdout
