"""The main job on several devices, of one process and of two that talk over loopback."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = ["--config.training.epochs=4", "--config.training.checkpoint_every=1", "--config.model.hidden_size=8"]
SMALL += ["--config.training.batch_size=400", "--config.model.num_layers=1"]


def start(workdir, data_folder, num_devices, *arguments):
    """Starts the main job in a process that has so many devices."""
    environment = os.environ | {"XLA_FLAGS": f"--xla_force_host_platform_device_count={num_devices}"}
    command = [sys.executable, "experiments/gsat.py", "--config=configs/ba2motifs.py", f"--workdir={workdir}"]
    command += [f"--config.dataset.folder={data_folder}", *SMALL, *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def start_two(workdir, data_folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    together = ["--devices=all", f"--coordinator={address}", "--num_processes=2"]
    return [start(workdir, data_folder, 2, *together, f"--process_id={number}") for number in range(2)]


def finish(process):
    output, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return output


def history(workdir):
    return json.loads((workdir / "seed-0" / "history.json").read_text())


def assert_alike(history, other):
    """In training up to rounding, which evaluation enlarges: its running statistics hardly fit after a few steps."""
    for entry, expected in zip(history, other, strict=True):
        for part, tolerance in (("train", 1e-5), ("valid", 5e-3), ("test", 5e-3)):
            assert entry[part]["loss"] == pytest.approx(expected[part]["loss"], rel=tolerance), (entry["epoch"], part)


@pytest.mark.slow
def test_two_processes_train_as_one_does_and_resume(tmp_path):
    data_folder, one, two = tmp_path / "data", tmp_path / "one", tmp_path / "two"
    finish(start(one, data_folder, 4, "--devices=all"))

    processes = start_two(two, data_folder)
    checkpoint = two / "seed-0" / "checkpoints" / "last" / "1"
    deadline = time.monotonic() + 300
    while not checkpoint.exists():
        assert time.monotonic() < deadline, "no checkpoint within five minutes"
        assert all(process.poll() is None for process in processes), processes[0].communicate()
        time.sleep(0.05)
    for process in processes:
        process.kill()
        process.communicate()

    first, second = (finish(process) for process in start_two(two, data_folder))
    assert "explanation ROC-AUC" in first
    assert "ROC-AUC" not in second
    assert_alike(history(two), history(one))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--devices=none"], "--devices is 'none', must be a number or all"),
        (["--devices=3"], "--devices=3: num_devices is 3, must be between 1 and 2"),
        (["--process_id=1"], "go with --coordinator=HOST:PORT, all three together"),
        (["--coordinator=localhost:1"], "go with --coordinator=HOST:PORT, all three together"),
    ],
)
def test_flags_that_cannot_be_used(tmp_path, arguments, message):
    process = start(tmp_path / "run", tmp_path / "data", 2, *arguments)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 1
    assert message in errors.splitlines()[-1]
