"""One run for each seed: what is missing is run, all results are kept."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.report import summarize
from experiments.workers import run_in_processes
from gnnjax.host_memory import peak_memory
from gnnjax.parallel import is_first_process, wait_for_processes
from gnnjax.train import FitResult
from gnnjax.train.run_folder import open_run_folder, read_json, write_json

__all__ = ["run_seeds", "seed_result"]


def run_seeds(
    workdir: Path,
    settings: Mapping[str, Any],
    seeds: Sequence[int],
    run_seed: Callable[[int, Path], dict],
    *,
    overwrite: bool = False,
    workers: int = 1,
) -> list[dict]:
    """Runs `run_seed(seed, folder)` for each seed whose result is not in `workdir` yet, and returns all results.

    `results.json` there holds all seeds that the folder has, also those of earlier calls.

    Args:
      workdir: the folder of the run; that of a seed lies in it.
      settings: all that decides the results, JSON-able.
      seeds: which ones.
      run_seed: returns a JSON-able result. For several workers it must be possible to pickle it. Of several processes
        that train together (`jax.distributed`), all call it and the first one's result counts.
      overwrite: delete an earlier run in the folder first.
      workers: seeds at a time, each in a process of its own.

    Raises:
      RunError: the folder holds something else, or a process died.
    """
    if is_first_process():
        open_run_folder(workdir, settings, overwrite=overwrite)
    wait_for_processes(f"{workdir} is open")
    folders = {seed: workdir / f"seed-{seed}" for seed in seeds}
    missing = [(seed, folder) for seed, folder in folders.items() if not _file(folder).exists()]
    if min(workers, len(missing)) > 1:
        results = run_in_processes(run_seed, missing, min(workers, len(missing)))
    else:
        results = (((seed, folder), run_seed(seed, folder)) for seed, folder in missing)
    for (_, folder), result in results:
        if is_first_process():
            write_json(_file(folder), result)
            _write_all(workdir, settings)
        wait_for_processes(f"{folder} is written")
    if is_first_process() and not missing:
        # A process that was killed after the last seed's result has not counted it.
        _write_all(workdir, settings)
    return [read_json(_file(folder)) for folder in folders.values()]


def seed_result(seed: int, fitted: FitResult) -> dict:
    """What every seed's result begins with, whatever was trained."""
    return {
        "seed": seed,
        "best_epoch": fitted.best_epoch,
        "wall_seconds": fitted.seconds,
        "peak_bytes": peak_memory(),
    }


def _file(folder):
    return folder / "result.json"


def _write_all(workdir, settings):
    finished = sorted((read_json(path) for path in workdir.glob("seed-*/result.json")), key=lambda each: each["seed"])
    write_json(workdir / "results.json", {"settings": settings, "seeds": finished, "summary": summarize(finished)})
