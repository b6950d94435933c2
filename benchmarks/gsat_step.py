"""Times the training and evaluation step of GSAT (GIN, BA-2Motifs) in gnnjax and in PyTorch Geometric.

    pip install -e .[benchmarks]
    python benchmarks/gsat_step.py --threads 2

Both sides take the same graphs in one process, by turns: a block of gnnjax steps, a block of PyTorch
Geometric steps, and so on. Batches are in memory beforehand and each block begins with an untimed step.
Absolute times move with the machine and its load; the ratios, taken between neighbouring blocks, move less.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
from flax import nnx
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from data_prep import ba2motifs
from gnnjax.data import GraphBatch, GraphDataset, batch_shape, make_batch
from gnnjax.errors import DataError
from gnnjax.host_memory import keep_freed_memory
from gnnjax.models import GIN, GSAT
from gnnjax.train import GSATObjective, adam_l2, create_state, make_eval_step, make_train_step

HAVE_PYG = all(importlib.util.find_spec(name) for name in ("torch", "torch_geometric"))
if HAVE_PYG:
    import torch

    from benchmarks import pyg_gsat

TRAIN_GRAPHS, EVAL_GRAPHS = 128, 100
R = 0.7
# On a quiet machine blocks of the same steps differ by less; beside other work torch can be ten times slower.
QUIET_SPREAD = 1.3

Run = Callable[[int], None]


def gnnjax_runs(dataset: GraphDataset, train: GraphBatch, evaluation: GraphBatch) -> dict[str, Run]:
    """Functions that take a number of steps and return when those are done."""
    backbone = GIN(
        dataset.in_features,
        dataset.out_features,
        hidden_size=64,
        num_layers=2,
        dropout_rate=0.3,
        rngs=nnx.Rngs(0),
    )
    optimizer, objective = adam_l2(1e-3), GSATObjective(dataset.task)
    graphdef, state = create_state(GSAT(backbone, rngs=nnx.Rngs(1)), optimizer)
    train_step = make_train_step(graphdef, optimizer, objective)
    eval_step = make_eval_step(graphdef, objective)
    train, evaluation = jax.block_until_ready(jax.device_put((train, evaluation)))
    key = jax.random.key(0)

    def run_train(steps: int):
        nonlocal state
        report = []
        for step in range(steps):
            step_key = jax.random.fold_in(key, step)
            state, *report = train_step(state, train, R, 1.0, step_key)
        jax.block_until_ready((state, report))

    def run_eval(steps: int):
        output = None
        for _ in range(steps):
            output = eval_step(state[:2], evaluation, R)
        jax.block_until_ready(output)

    return {"training": run_train, "evaluation": run_eval}


def pyg_runs(dataset: GraphDataset, train: GraphBatch, evaluation: GraphBatch) -> dict[str, Run]:
    """As `gnnjax_runs`, for PyTorch Geometric on the same graphs."""
    model = pyg_gsat.GSATStep(dataset.nodes.shape[1])
    train_batch, eval_batch = pyg_gsat.batch_from_gnnjax(train), pyg_gsat.batch_from_gnnjax(evaluation)

    def run_train(steps: int):
        for _ in range(steps):
            model.train_step(train_batch, R)

    def run_eval(steps: int):
        for _ in range(steps):
            model.eval_step(eval_batch, R)

    return {"training": run_train, "evaluation": run_eval}


def seconds(run: Run, steps: int) -> float:
    """Wall-clock time of `steps` steps."""
    start = time.perf_counter()
    run(steps)
    return time.perf_counter() - start


def measure(sides: dict[str, dict[str, Run]], *, repetitions: int, steps: int) -> dict[str, dict[str, list]]:
    """Milliseconds per step of each block: phase -> side -> `[repetitions]`."""
    times = {phase: {side: [] for side in sides} for phase in ("training", "evaluation")}
    for _ in range(repetitions):
        for phase, by_side in times.items():
            for side, blocks in by_side.items():
                sides[side][phase](1)
                blocks.append(1000 * seconds(sides[side][phase], steps) / steps)
    return times


def limit_threads(threads: int) -> None:
    """Gives both sides `threads` threads; must come before JAX starts its backend.

    XLA sizes its thread pool by the cores that the process may use, so these are cut down to `threads`.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    if HAVE_PYG:
        torch.set_num_threads(threads)


def available_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment(threads: int) -> dict[str, str | int | bool]:
    """What a time depends on beside the code."""
    packages = ["jax", "jaxlib", "flax", "numpy", *(["torch", "torch_geometric"] if HAVE_PYG else [])]
    return {
        "python": platform.python_version(),
        **{package: importlib.metadata.version(package) for package in packages},
        "device": str(jax.devices()[0]),
        "cores of the machine": os.cpu_count() or 1,
        "threads": threads,
    }


def print_times(console: Console, times: dict[str, dict[str, list]]) -> None:
    """One row per phase: median and range of each side's milliseconds and of their ratio."""
    table = Table(
        title="milliseconds per step: median (min - max) of the blocks",
        caption=f"training: {TRAIN_GRAPHS} graphs a batch, evaluation: {EVAL_GRAPHS}",
    )
    table.add_column("step")
    for side in times["training"]:
        table.add_column(side, justify="right")
    if HAVE_PYG:
        table.add_column("PyG / gnnjax", justify="right")
    for phase, by_side in times.items():
        row = ["{:.1f} ({:.1f} - {:.1f})".format(*_summary(blocks)) for blocks in by_side.values()]
        if HAVE_PYG:
            ratios = np.divide(by_side["PyG"], by_side["gnnjax"])
            row.append("{:.2f} ({:.2f} - {:.2f})".format(*_summary(ratios)))
        table.add_row(phase, *row)
    console.print(table)


def _summary(values) -> tuple[float, float, float]:
    return statistics.median(values), min(values), max(values)


def main():
    """Parses the command line, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=5, help="blocks per side (default: 5)")
    parser.add_argument("--steps", type=int, default=20, help="steps per block (default: 20)")
    parser.add_argument("--threads", type=int, default=min(2, available_cores()), help="of each side (default: 2)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all timings and versions to this file")
    parser.add_argument(
        "--official", type=Path, metavar="PATH", help="take this copy of the published data, do not generate"
    )
    parser.add_argument(
        "--keep-freed-memory",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="gnnjax.host_memory.keep_freed_memory for both sides, as the experiments do (default: yes)",
    )
    arguments = parser.parse_args()
    if min(arguments.repetitions, arguments.steps) < 1:
        parser.error("--repetitions and --steps must be at least 1")
    if not 1 <= arguments.threads <= available_cores():
        parser.error(f"--threads must be between 1 and the {available_cores()} cores available")
    try:
        dataset = ba2motifs.read_official(arguments.official) if arguments.official else ba2motifs.generate(seed=0)
    except DataError as error:
        parser.error(str(error))
    limit_threads(arguments.threads)
    kept = arguments.keep_freed_memory and keep_freed_memory()

    console = Console()
    facts = environment(arguments.threads) | {"data": dataset.name, "freed memory kept": kept}
    console.print(", ".join(f"{name} {value}" for name, value in facts.items()), highlight=False, soft_wrap=True)
    load_before = os.getloadavg()[0]

    order = np.random.default_rng(0).permutation(len(dataset))
    orders = [order[:size] for size in (TRAIN_GRAPHS, EVAL_GRAPHS)]
    batches = [make_batch(dataset, part, batch_shape(dataset, [part], len(part))) for part in orders]
    sides = {"gnnjax": gnnjax_runs(dataset, *batches)}
    if HAVE_PYG:
        sides["PyG"] = pyg_runs(dataset, *batches)
    first = {side: {phase: seconds(run, 1) for phase, run in runs.items()} for side, runs in sides.items()}
    times = measure(sides, repetitions=arguments.repetitions, steps=arguments.steps)

    print_times(console, times)
    compiled = first["gnnjax"]
    console.print(
        f"gnnjax compiles once: first training step {compiled['training']:.1f} s, first evaluation step "
        f"{compiled['evaluation']:.1f} s. Load of the machine (1 min): {load_before:.1f} before, "
        f"{os.getloadavg()[0]:.1f} after.",
        highlight=False,
        soft_wrap=True,
    )
    spread = max(max(blocks) / min(blocks) for by_side in times.values() for blocks in by_side.values())
    if spread > QUIET_SPREAD:
        console.print(
            f"Blocks of the same steps differ by {spread:.1f}x: the machine was busy, so do not quote this.",
            highlight=False,
            soft_wrap=True,
        )
    if not HAVE_PYG:
        console.print(
            "No comparison: torch or torch_geometric is not installed (pip install -e .[benchmarks]).",
            markup=False,
            soft_wrap=True,
        )
    if arguments.json:
        record = {
            "environment": facts,
            "load": [load_before, os.getloadavg()[0]],
            "repetitions": arguments.repetitions,
            "steps": arguments.steps,
            "first_step_seconds": first,
            "milliseconds_per_step": times,
        }
        arguments.json.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
