"""Runs over seeds, and the tables of their results."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from gnnjax.host_memory import peak_memory
from gnnjax.parallel import is_first_process, wait_for_processes
from gnnjax.train import FitResult
from gnnjax.train.run_folder import open_run_folder, read_json, write_json

__all__ = ["print_table", "print_wide", "run_seeds", "seed_result", "summarize"]

_PERCENTAGES = {
    "accuracy": "accuracy %",
    "roc_auc": "ROC-AUC %",
    "explanation_roc_auc": "explanation ROC-AUC %",
    "precision_at_5": "precision@5 %",
}
_PLAIN = {"best_epoch": "best epoch", "wall_seconds": "time s"}
# In results.json, but not in the table on the screen.
_STORED = ("peak_bytes",)


def run_seeds(
    workdir: Path,
    settings: Mapping[str, Any],
    seeds: Sequence[int],
    run_seed: Callable[[int, Path], dict],
    *,
    overwrite: bool = False,
) -> list[dict]:
    """Runs `run_seed(seed, folder)` for each seed whose result is not in `workdir` yet, and returns all results.

    `results.json` there holds all seeds that the folder has, also those of earlier calls. Of several processes, all
    call this and the first alone writes.
    """
    writes = is_first_process()
    if writes:
        open_run_folder(workdir, settings, overwrite=overwrite)
    wait_for_processes(f"{workdir} is open")
    results = []
    for seed in seeds:
        folder = workdir / f"seed-{seed}"
        if not (folder / "result.json").exists():
            result = run_seed(seed, folder)
            if writes:
                write_json(folder / "result.json", result)
            wait_for_processes(f"{folder} is written")
        results.append(read_json(folder / "result.json"))
        finished = [read_json(path) for path in workdir.glob("seed-*/result.json")]
        finished.sort(key=lambda each: each["seed"])
        if writes:
            record = {"settings": settings, "seeds": finished, "summary": summarize(finished)}
            write_json(workdir / "results.json", record)
    return results


def seed_result(seed: int, fitted: FitResult) -> dict:
    """What every seed's result begins with, whatever was trained."""
    return {
        "seed": seed,
        "best_epoch": fitted.best_epoch,
        "wall_seconds": fitted.seconds,
        "peak_bytes": peak_memory(),
    }


def summarize(results: list[dict]) -> dict[str, dict[str, float]]:
    """Mean and (population) standard deviation over the seeds of each figure of the table, and of the peak memory."""
    stored = [name for name in _STORED if all(name in result for result in results)]
    values = {name: [result[name] for result in results] for name in [*_columns(results), *stored]}
    return {name: {"mean": float(np.mean(v)), "std": float(np.std(v))} for name, v in values.items()}


def print_table(results: list[dict], *, title: str) -> None:
    """Shows a row per seed and, for several seeds, mean and standard deviation."""
    columns = _columns(results)
    scale = {name: 100 if name in _PERCENTAGES else 1 for name in columns}
    table = Table("seed", *columns.values(), title=title)
    for result in results:
        cells = [f"{scale[name] * result[name]:.{0 if name == 'best_epoch' else 2}f}" for name in columns]
        table.add_row(str(result["seed"]), *cells)
    if len(results) > 1:
        table.add_section()
        summary = {name: summarize(results)[name] for name in columns}
        statistics = {name: {k: scale[name] * v for k, v in s.items()} for name, s in summary.items()}
        table.add_row("mean ± std", *(f"{s['mean']:.2f} ± {s['std']:.2f}" for s in statistics.values()))
    print_wide(table)


def print_wide(*tables: Table) -> None:
    """Prints tables, each as wide as it needs to be unless a terminal is narrower."""
    console = Console()
    if not console.is_terminal:
        # Nobody's log has to be cut to 80 columns.
        console.width = 250
    for table in tables:
        console.print(table)


def _columns(results: list[dict]) -> dict[str, str]:
    """Name and title of each column that every result has a value for."""
    return {
        name: title
        for name, title in (_PERCENTAGES | _PLAIN).items()
        if all(not math.isnan(result.get(name, math.nan)) for result in results)
    }
