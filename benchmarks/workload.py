"""What is measured, and how: both sides by turns in one process, memory in a fresh process for each."""

import functools
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import jax
from tqdm import tqdm

from benchmarks.machine import HAVE_PYG, limit_threads
from gnnjax.host_memory import keep_freed_memory, peak_memory

__all__ = ["OURS", "Run", "Workload", "measure", "measure_memory", "repeated", "seconds", "sides"]

OURS = "gnnjax"
MEMORY_STEPS = 3  # From the second step on Adam's moments are there too.

Run = Callable[[int], object]
Sides = dict[str, Callable[[], Run]]


class Workload(NamedTuple):
    """One row of the table.

    Attributes:
      name: of the row.
      sides: `gnnjax`, and what it is compared with; what makes a function that takes a number of steps, and returns
        when they are done. Can be pickled.
      target: how many times as fast as the other side it shall be; None states none.
      steps: how many make up a timed block.
      our_steps: of gnnjax's blocks, where a run's start would count too much in as few; None: as many.
      repetitions: blocks of each side; None: as the command line says.
      warm_up: whether an untimed block comes first, so that compilation is not counted.
      measure_memory: whether its memory says anything, as it does not where a step starts a process.
    """

    name: str
    sides: Sides
    target: float | None = None
    steps: int = 1
    our_steps: int | None = None
    repetitions: int | None = None
    warm_up: bool = True
    measure_memory: bool = True


def sides(ours: Callable[..., Run], theirs: Callable[..., Run], *arguments, other: str = "PyG") -> Sides:
    """Both sides of a workload, made from the same arguments; ours alone where PyTorch is not installed."""
    made: Sides = {OURS: functools.partial(ours, *arguments)}
    if HAVE_PYG:
        made[other] = functools.partial(theirs, *arguments)
    return made


def repeated(step: Callable[[], object]) -> Run:
    """Does `step` a number of times; waits for JAX's results."""

    def run(steps: int):
        for _ in range(steps):
            jax.block_until_ready(step())

    return run


def seconds(run: Run, steps: int) -> float:
    """Wall-clock time of `steps` steps."""
    start = time.perf_counter()
    run(steps)
    return time.perf_counter() - start


def measure(workload: Workload, repetitions: int) -> dict[str, list[float]]:
    """Milliseconds per step of each block: side -> `[repetitions]`."""
    runs = {side: make() for side, make in workload.sides.items()}
    steps = {side: workload.our_steps or workload.steps if side == OURS else workload.steps for side in runs}
    blocks: dict[str, list[float]] = {side: [] for side in runs}
    if workload.warm_up:
        for side, run in runs.items():
            run(steps[side])
    for _ in range(workload.repetitions or repetitions):
        for side, run in runs.items():
            blocks[side].append(1000 * seconds(run, steps[side]) / steps[side])
    return blocks


def measure_memory(workloads: Sequence[Workload], threads: int, keep: bool) -> dict[str, dict[str, int]]:
    """Bytes that each side takes at its peak beside its imports and its input: workload -> side -> bytes.

    Call it while this process is small: on Linux a process begins with the peak of the one that started it.
    """
    context = multiprocessing.get_context("spawn")
    memory: dict[str, dict[str, int]] = {}
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        measured = [workload for workload in workloads if workload.measure_memory]
        for workload in tqdm(measured, desc="memory", dynamic_ncols=True):
            memory[workload.name] = {
                side: pool.submit(_peak, make, threads, keep).result() for side, make in workload.sides.items()
            }
    return memory


def _peak(make: Callable[[], Run], threads: int, keep: bool) -> int:
    limit_threads(threads)
    if keep:
        keep_freed_memory()
    before = peak_memory()
    make()(MEMORY_STEPS)
    return peak_memory() - before
