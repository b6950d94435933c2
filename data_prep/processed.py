"""What the scripts share: one processed file, made once, and a command line for it."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from gnnjax.data import GraphDataset, NodeDataset, load, save
from gnnjax.data.node_splits import PARTS
from gnnjax.errors import DataError

__all__ = ["argument_parser", "load_if_readable", "make_processed", "run_command_line"]

Dataset = TypeVar("Dataset", GraphDataset, NodeDataset)


def make_processed(
    target: Path, make: Callable[[], Dataset], *, force: bool = False, read: Callable[[Path], Dataset] = load
) -> Path:
    """Makes the processed file unless a readable one is there, and says on stdout which was the case.

    Args:
      target: the file; missing folders are made, and a file that cannot be read, such as one of another schema
        version, is replaced.
      make: gives the dataset; called only if there is need.
      force: make the file even though it is there.
      read: of `gnnjax.data`, reads such a dataset: `load` or `load_nodes`.

    Returns:
      `target`.
    """
    if not force and load_if_readable(target, read) is not None:
        print(f"{target}: already there")
        return target
    save(make(), target)
    print(f"{target}: written")
    return target


def load_if_readable(path: Path, read: Callable[[Path], Dataset] = load) -> Dataset | None:
    """The dataset of a processed file, or None if the file is absent, damaged or of another schema version."""
    try:
        return read(path)
    except DataError:
        return None


def argument_parser(description: str, examples: str) -> argparse.ArgumentParser:
    """A parser with what every script takes: `--folder` and `--force`; `examples` end its help."""
    parser = argparse.ArgumentParser(
        description=description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", default="data", help="holds raw/ and processed/ (default: %(default)s)")
    parser.add_argument("--force", action="store_true", help="make the file again even though it is there")
    return parser


def run_command_line(prepare: Callable[[], Path], read: Callable[[Path], GraphDataset | NodeDataset] = load) -> None:
    """Calls `prepare` and prints what the processed file holds; what goes wrong with data or files is one line.

    Args:
      prepare: returns the path of the file.
      read: as for `make_processed`.
    """
    try:
        dataset = read(prepare())
    except (DataError, ImportError, OSError) as error:
        sys.exit(f"error: {error}")
    print(_node_summary(dataset) if isinstance(dataset, NodeDataset) else _summary(dataset))


def _node_summary(dataset: NodeDataset) -> str:
    summary = (
        f"{dataset.num_nodes} nodes with {dataset.nodes.shape[1]} features, {dataset.num_edges} directed edges, "
        f"{dataset.num_classes} classes"
    )
    if dataset.splits:
        parts = ", ".join(f"{part} {dataset.splits[part][0].sum()}" for part in PARTS)
        summary += f"; {len(dataset.splits['train'])} published splits, the first: {parts}"
    return summary


def _summary(dataset: GraphDataset) -> str:
    summary = f"{len(dataset)} graphs, {len(dataset.nodes)} nodes, {len(dataset.senders)} directed edges"
    if dataset.edge_labels is not None:
        summary += f", {np.sum(dataset.edge_labels)} of them signal"
    if dataset.splits:
        summary += "; split " + ", ".join(f"{name} {len(indices)}" for name, indices in dataset.splits.items())
    return summary
