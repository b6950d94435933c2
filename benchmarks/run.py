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

from benchmarks.attention_matrices import attention_graph_workloads
from benchmarks.gsat_steps import gsat_workloads
from benchmarks.large_graph import large_graph_workloads
from benchmarks.machine import HAVE_PYG, available_cores, environment, limit_threads, limits
from benchmarks.node_classifiers import classifier_workloads
from benchmarks.report import draw_ratios, time_table
from benchmarks.whole_runs import run_workloads
from benchmarks.workload import Workload, measure, measure_memory
from experiments.report import print_wide
from gnnjax.atomic import atomic_open
from gnnjax.errors import DataError
from gnnjax.host_memory import keep_freed_memory
from gnnjax.plot import save_figure

GROUPS = ("gsat", "node-classifiers", "large-graph", "attention-graph", "whole-runs")
# On a quiet machine blocks of the same steps differ by less; beside other work torch can be ten times slower.
QUIET_SPREAD = 1.3


def collect(arguments: argparse.Namespace, scratch: Path) -> list[Workload]:
    """The workloads of the groups that are asked for."""
    places = arguments.data, arguments.raw_data
    made = {
        "gsat": lambda: gsat_workloads(*places),
        "node-classifiers": lambda: classifier_workloads(*places, scratch, arguments.splits),
        "large-graph": lambda: large_graph_workloads(arguments.nodes, arguments.edges),
        "attention-graph": lambda: attention_graph_workloads(arguments.attention_nodes),
        "whole-runs": lambda: run_workloads(*places, scratch, arguments.threads),
    }
    return [workload for group in GROUPS if group in (arguments.groups or GROUPS) for workload in made[group]()]


def parse_arguments() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--match", default="", metavar="TEXT", help="only workloads whose name has this text in it")
    parser.add_argument("--data", default="data", help="folder of the processed data (default: data)")
    parser.add_argument("--raw-data", default="", help="folder with local copies of the raw data (default: download)")
    parser.add_argument("--nodes", type=int, default=170_000, help="of the large graph (default: 170000)")
    parser.add_argument("--edges", type=int, default=1_200_000, help="of the large graph (default: 1200000)")
    parser.add_argument(
        "--attention-nodes", type=int, default=5201, help="of the attention graph (default: 5201, as Squirrel)"
    )
    parser.add_argument("--splits", type=int, default=10, help="1 .. 10, of the runs on Texas (default: 10)")
    parser.add_argument("--repetitions", type=int, default=5, help="blocks per side (default: 5)")
    parser.add_argument("--threads", type=int, default=min(2, available_cores()), help="of each side (default: 2)")
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
    unknown = set(arguments.groups) - set(GROUPS)
    if unknown:
        parser.error(f"{unknown.pop()!r} is no group; there are {', '.join(GROUPS)}")
    if min(arguments.nodes, arguments.edges, arguments.attention_nodes, arguments.repetitions) < 1:
        parser.error("sizes and counts must be at least 1")
    if not 1 <= arguments.splits <= 10:
        parser.error("--splits must be between 1 and 10")
    if not 1 <= arguments.threads <= available_cores():
        parser.error(f"--threads must be between 1 and the {available_cores()} cores available")
    return parser, arguments


def main() -> None:
    parser, arguments = parse_arguments()
    limit_threads(arguments.threads)
    kept = arguments.keep_freed_memory and keep_freed_memory()
    say = functools.partial(Console().print, highlight=False, soft_wrap=True, markup=False)
    load_before = os.getloadavg()[0]

    with tempfile.TemporaryDirectory() as scratch:
        try:
            workloads = collect(arguments, Path(scratch))
        except DataError as error:
            parser.error(str(error))
        workloads = [workload for workload in workloads if arguments.match in workload.name]
        if not workloads:
            parser.error(f"no workload has {arguments.match!r} in its name")
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
