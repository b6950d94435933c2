"""Turns graphs of any supported kind into one checked file."""

import argparse
from pathlib import Path

from gnnjax.cli.inputs import add_input_arguments, read_graphs
from gnnjax.cli.show import describe
from gnnjax.data import save
from gnnjax.errors import DataError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
examples:
  gnnjax prepare molecules.csv --labels toxic --output molecules.npz        a table with a column of SMILES
  gnnjax prepare edges.csv --nodes nodes.csv --undirected --output mine.npz tables with columns graph,source,target
  gnnjax prepare PROTEINS/ --output proteins.npz                            a folder or zip of the TU collection
  gnnjax prepare ogbg_molesol/ --regression --output esol.npz               a folder in OGB's layout
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_input_arguments(parser)
    parser.add_argument("--output", "-o", type=Path, required=True, help="the file to write, .npz")


def run(arguments: argparse.Namespace) -> None:
    """Reads, checks and writes."""
    if arguments.output.suffix != ".npz":
        raise DataError(f"{arguments.output}: the output must be named .npz")
    dataset = read_graphs(arguments)
    save(dataset, arguments.output)
    print(describe(dataset))
    print(f"written to {arguments.output}")
