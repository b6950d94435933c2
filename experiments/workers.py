"""Several runs at a time on CPU, each in a process of its own with its share of the cores."""

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from absl import flags

from gnnjax.errors import RunError
from gnnjax.host_memory import keep_freed_memory

__all__ = ["num_workers", "run_in_processes", "worker_number"]

_WORKERS = flags.DEFINE_integer(
    "workers", 1, "Runs at a time on CPU, each in a process with its share of the cores.", lower_bound=1
)

_number = None


def num_workers() -> int:
    """How many runs the command line asks for at a time."""
    return _WORKERS.value


def worker_number() -> int | None:
    """The number of this process among those of `run_in_processes`, from 0; None in any other."""
    return _number


def run_in_processes(
    function: Callable[..., Any], arguments: Sequence[tuple], num_workers: int
) -> Iterator[tuple[tuple, Any]]:
    """Calls `function(*each)` for each of the arguments; yields these with their results, as they are done.

    The cores of this process are dealt out to the workers, so that each computes as if it had a smaller machine.

    Args:
      function: of a module, so that it can be pickled; likewise its arguments and results.
      arguments: one tuple per call.
      num_workers: calls at a time, at least 1.

    Raises:
      RunError: a process died. Errors of a call are raised when no other call is running; none is begun any more.
    """
    context = multiprocessing.get_context("spawn")
    places = context.SimpleQueue()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    for number in range(num_workers):
        places.put((number, cores[number::num_workers]))
    with ProcessPoolExecutor(num_workers, context, _begin, (places,)) as pool:
        calls = {pool.submit(function, *each): each for each in arguments}
        try:
            for call in as_completed(calls):
                yield calls[call], call.result()
        except BrokenProcessPool as error:
            raise RunError(
                "a process died, as it does when memory runs out; the same command with fewer --workers continues"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(places) -> None:
    """Before JAX looks how many cores there are."""
    global _number
    _number, cores = places.get()
    if cores:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, cores)
    keep_freed_memory()
