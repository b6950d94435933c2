"""Says what is in a file of graphs, or in the folder of a model."""

import argparse
import json
from pathlib import Path

import numpy as np

from gnnjax.data import GraphDataset, NodeDataset, load, load_nodes
from gnnjax.errors import DataError
from gnnjax.train.run_folder import read_json

__all__ = ["EXAMPLES", "add_arguments", "describe", "run"]

EXAMPLES = """\
examples:
  gnnjax show molecules.npz
  gnnjax show model
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, help="a file of graphs (.npz), or the folder of a model")


def run(arguments: argparse.Namespace) -> None:
    """Prints the facts."""
    path: Path = arguments.path
    if (path / "model.json").is_file():
        print(json.dumps(read_json(path / "model.json"), indent=2))
        return
    if path.is_dir():
        raise DataError(f"{path}: holds no model (no model.json)")
    try:
        print(describe(load(path)))
    except DataError as error:
        if "use load_nodes" not in str(error):
            raise
        print(describe_nodes(load_nodes(path)))


def describe(dataset: GraphDataset) -> str:
    """A few lines on the graphs, their features, labels and splits."""
    lines = [
        f"{dataset.name}: {len(dataset)} graphs, {_range(dataset.n_node)} nodes, {_range(dataset.n_edge)} edges",
        f"task: {dataset.task}, {dataset.out_features} output{'s' if dataset.out_features > 1 else ''}; "
        + _labels(dataset),
        f"node features: {_features(dataset.in_features)}; edge features: {_features(dataset.edge_features)}",
    ]
    if dataset.edge_labels is not None:
        lines.append(f"true explanations: {int(dataset.edge_labels.sum())} edges")
    if dataset.splits:
        lines.append("split: " + ", ".join(f"{part} {len(indices)}" for part, indices in dataset.splits.items()))
    return "\n".join(lines)


def describe_nodes(dataset: NodeDataset) -> str:
    """As `describe`, for one graph whose nodes have labels."""
    counts = np.bincount(dataset.labels, minlength=dataset.num_classes)
    return (
        f"{dataset.name}: one graph, {dataset.num_nodes} nodes, {dataset.num_edges} edges\n"
        f"nodes of the classes: {', '.join(map(str, counts))}; node features: {dataset.nodes.shape[1]} numbers"
    )


def _range(sizes: np.ndarray) -> str:
    return f"{int(sizes.sum())} ({int(sizes.min())} .. {int(sizes.max())})"


def _features(features: int | tuple[int, ...] | None) -> str:
    if features is None:
        return "none"
    return f"{features} numbers" if isinstance(features, int) else f"{len(features)} categories"


def _labels(dataset: GraphDataset) -> str:
    labels = dataset.labels
    if dataset.task == "multiclass":
        return "graphs of the classes: " + ", ".join(map(str, np.bincount(labels, minlength=dataset.num_classes)))
    missing = f", {int(np.isnan(labels).sum())} labels missing" if np.isnan(labels).any() else ""
    if np.isnan(labels).all():
        return "no labels"
    if dataset.task == "regression":
        return f"from {np.nanmin(labels):g} to {np.nanmax(labels):g}, mean {np.nanmean(labels):g}{missing}"
    return f"{100 * np.nanmean(labels):.1f} % positive{missing}"
