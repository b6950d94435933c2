"""Which workloads a command line asks for."""

import argparse
from pathlib import Path

from benchmarks.attention_matrices import attention_graph_workloads
from benchmarks.gsat_steps import gsat_workloads
from benchmarks.large_graph import large_graph_workloads
from benchmarks.machine import available_cores
from benchmarks.node_classifiers import classifier_workloads
from benchmarks.whole_runs import run_workloads
from benchmarks.workload import Workload
from gnnjax.errors import DataError

__all__ = ["add_choice", "check_choice", "chosen_workloads"]

GROUPS = ("gsat", "node-classifiers", "large-graph", "attention-graph", "whole-runs")


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Arguments for groups, names, sizes, data and threads."""
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
    parser.add_argument("--threads", type=int, default=min(2, available_cores()), help="of each side (default: 2)")


def check_choice(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Ends the program where an argument of `add_choice` makes no sense."""
    unknown = set(arguments.groups) - set(GROUPS)
    if unknown:
        parser.error(f"{unknown.pop()!r} is no group; there are {', '.join(GROUPS)}")
    if min(arguments.nodes, arguments.edges, arguments.attention_nodes) < 1:
        parser.error("sizes must be at least 1")
    if not 1 <= arguments.splits <= 10:
        parser.error("--splits must be between 1 and 10")
    if not 1 <= arguments.threads <= available_cores():
        parser.error(f"--threads must be between 1 and the {available_cores()} cores available")


def chosen_workloads(parser: argparse.ArgumentParser, arguments: argparse.Namespace, scratch: Path) -> list[Workload]:
    """The workloads that are asked for; ends the program where there are none or their data are missing."""
    places = arguments.data, arguments.raw_data
    made = {
        "gsat": lambda: gsat_workloads(*places),
        "node-classifiers": lambda: classifier_workloads(*places, scratch, arguments.splits),
        "large-graph": lambda: large_graph_workloads(arguments.nodes, arguments.edges),
        "attention-graph": lambda: attention_graph_workloads(arguments.attention_nodes),
        "whole-runs": lambda: run_workloads(*places, scratch, arguments.threads),
    }
    try:
        workloads = [
            workload for group in GROUPS if group in (arguments.groups or GROUPS) for workload in made[group]()
        ]
    except DataError as error:
        parser.error(str(error))
    workloads = [workload for workload in workloads if arguments.match in workload.name]
    if not workloads:
        parser.error(f"no workload has {arguments.match!r} in its name")
    return workloads
