"""Times gnnjax beside PyTorch Geometric and PyTorch, workload by workload.

    pip install -e ".[benchmarks]"
    python benchmarks/run.py --raw-data PATH
    python benchmarks/run.py gsat --repetitions 9
    python benchmarks/run.py large-graph attention-graph --no-memory --json large.json --figure large.png

Both sides take the same inputs in one process, by turns, with the same number of threads: a block of gnnjax's steps, a
block of the other's, and so on. Absolute times move with the machine and its
load; the ratios, taken between neighbouring blocks, move less. Memory is the peak of a fresh process per side, less
what that held after its imports, which for gnnjax counts the compilation.
"""

import argparse
import functools
import json
import os
import sys
import tempfile
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from tqdm import tqdm

from benchmarks.choice import add_choice, check_choice, chosen_workloads
from benchmarks.machine import HAVE_PYG, environment, limit_threads, limits
from benchmarks.report import draw_ratios, time_table
from benchmarks.workload import measure, measure_memory
from experiments.report import print_wide
from gnnjax.atomic import atomic_open
from gnnjax.host_memory import keep_freed_memory
from gnnjax.plot import save_figure

# On a quiet machine blocks of the same steps differ by less; beside other work torch can be ten times slower.
QUIET_SPREAD = 1.3


def parse_arguments() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_choice(parser)
    parser.add_argument("--repetitions", type=int, default=5, help="blocks per side (default: 5)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all timings and versions to this file")
    parser.add_argument("--figure", type=Path, metavar="PATH", help="draw the ratios into this file")
    parser.add_argument(
        "--memory", action=argparse.BooleanOptionalAction, default=True, help="measure memory too (default: yes)"
    )
    parser.add_argument(
        "--keep-freed-memory",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="gnnjax.host_memory.keep_freed_memory for both sides, as the experiments do (default: yes)",
    )
    arguments = parser.parse_args()
    check_choice(parser, arguments)
    if arguments.repetitions < 1:
        parser.error("--repetitions must be at least 1")
    return parser, arguments


def main() -> None:
    parser, arguments = parse_arguments()
    limit_threads(arguments.threads)
    kept = arguments.keep_freed_memory and keep_freed_memory()
    say = functools.partial(Console().print, highlight=False, soft_wrap=True, markup=False)
    load_before = os.getloadavg()[0]

    with tempfile.TemporaryDirectory() as scratch:
        workloads = chosen_workloads(parser, arguments, Path(scratch))
        memory = measure_memory(workloads, arguments.threads, kept) if arguments.memory else {}
        facts = environment(arguments.threads) | {"freed memory kept": kept}
        say(", ".join(f"{name} {value}" for name, value in facts.items()))
        bounds = limits()
        say(f"This machine: {bounds['matmul_gflops']:.0f} GFLOP/s (matmul), {bounds['copy_gb_per_s']:.1f} GB/s (copy).")
        times = {
            workload.name: measure(workload, arguments.repetitions)
            for workload in tqdm(workloads, desc="time", dynamic_ncols=True)
        }

    print_wide(time_table(workloads, times, memory))
    say(f"Load of the machine (1 min): {load_before:.1f} before, {os.getloadavg()[0]:.1f} after.")
    spreads = {name: max(max(blocks) / min(blocks) for blocks in sides.values()) for name, sides in times.items()}
    busy = [name for name, spread in spreads.items() if spread > QUIET_SPREAD]
    if busy:
        say(
            f"The machine was busy: blocks of the same steps differ by more than {QUIET_SPREAD}x in: {'; '.join(busy)}."
        )
    if not HAVE_PYG:
        say("No comparison: torch or torch_geometric is not installed (pip install -e .[benchmarks]).")
    if arguments.figure and HAVE_PYG:
        save_figure(draw_ratios(workloads, times), arguments.figure)
    if arguments.json:
        record = {
            "environment": facts,
            "limits": bounds,
            "load": [load_before, os.getloadavg()[0]],
            "milliseconds_per_step": times,
            "targets": {workload.name: workload.target for workload in workloads},
            "peak_bytes": memory,
        }
        with atomic_open(arguments.json, "t") as file:
            file.write(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
