"""Whole runs as a user starts them, from the start of the process to its end, beside PyTorch Geometric."""

import functools
import subprocess
import sys
from pathlib import Path

from benchmarks.machine import HAVE_PYG
from benchmarks.workload import OURS, Run, Workload, repeated
from experiments.from_config import load_dataset
from experiments.reproduce import configure

__all__ = ["run_workloads"]

ROOT = Path(__file__).resolve().parents[1]


def run_workloads(data: str, raw_data: str, scratch: Path, threads: int) -> list[Workload]:
    """GSAT on BA-2Motifs with both backbones: compilation, metrics, logs and figures included on our side.

    Args:
      data, raw_data: as of `experiments/reproduce.py`.
      scratch: for the runs' folders.
      threads: of PyTorch; ours has the cores of this process.
    """
    data, raw_data = (str(Path(place).resolve()) if place else "" for place in (data, raw_data))
    workloads = []
    for backbone, (epochs, target) in {"gin": (100, 5.0), "pna": (50, 4.0)}.items():
        name = f"ba2motifs-{backbone}"
        # Processed before anything is timed.
        load_dataset(configure(name, raw_data=raw_data, data_folder=data, epochs=0, interval=0))
        ours = ["experiments/reproduce.py", f"--runs={name}", "--seeds=0", f"--folder={scratch}", f"--data={data}"]
        ours += [f"--report={scratch}", f"--raw_data={raw_data}"]
        theirs = ["benchmarks/pyg_run.py", name, f"--data={data}", f"--raw-data={raw_data}", f"--threads={threads}"]
        workloads.append(
            Workload(
                f"whole run, {backbone.upper()}, BA-2Motifs, {epochs} epochs",
                {OURS: functools.partial(command, ours)}
                | ({"PyG": functools.partial(command, theirs)} if HAVE_PYG else {}),
                target=target,
                repetitions=1,
                warm_up=False,
                measure_memory=False,
            )
        )
    return workloads


def command(arguments: list[str]) -> Run:
    """A step is a process of its own, which shares this one's cores."""

    def step():
        subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    return repeated(step)
