"""Explains a model's predictions: one page to look at, and files for other programs."""

import argparse
from pathlib import Path

import numpy as np

from gnnjax.atomic import atomic_open
from gnnjax.cli.inputs import add_input_arguments, read_graphs
from gnnjax.errors import DataError
from gnnjax.explain import (
    Explanations,
    save_explanations,
    to_json,
    write_explanation_graphml,
    write_explanation_html,
)
from gnnjax.train import check_same_features, evaluate, load_model

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
examples:
  gnnjax explain model molecules.npz --output explanations
  gnnjax explain model new_molecules.csv --output explanations --first 20     labels are not needed
  gnnjax explain model edges.csv --output explanations --graphml --top-k 5
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="folder of a model that `gnnjax train` made")
    add_input_arguments(parser)
    parser.add_argument("--output", "-o", type=Path, required=True, help="folder for the explanations")
    parser.add_argument("--first", type=int, metavar="N", help="only so many graphs")
    parser.add_argument("--top-k", type=int, default=6, help="edges that are marked at first (default: %(default)s)")
    parser.add_argument("--graphml", action="store_true", help="also a GraphML file per graph, for Gephi or Cytoscape")


def run(arguments: argparse.Namespace) -> None:
    """Writes `explanations.html`, `.jsonl` (one graph a line), `.npz` and, if asked, GraphML."""
    model, description = load_model(arguments.model)
    outputs = description["arguments"]["out_features"]
    arguments.regression |= description["data"]["task"] == "regression"
    dataset = read_graphs(arguments, unlabelled=outputs)
    check_same_features(description, dataset)
    if dataset.out_features != outputs or dataset.task != description["data"]["task"]:
        raise DataError(
            f"{dataset.name}: the model predicts {outputs} outputs ({description['data']['task']}), the data have "
            f"{dataset.out_features} ({dataset.task}); name the columns of its labels with --labels"
        )
    count = len(dataset) if arguments.first is None else min(arguments.first, len(dataset))
    if count < 1:
        raise DataError("--first must be at least 1")
    indices = np.arange(count)
    evaluation = evaluate(model, dataset, indices, r=description["data"]["r"])
    explanations = Explanations.of_evaluation(dataset, indices, evaluation)
    folder: Path = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    write_explanation_html(folder / "explanations.html", explanations, top_k=arguments.top_k, title=dataset.name)
    save_explanations(folder / "explanations.npz", explanations)
    with atomic_open(folder / "explanations.jsonl", "t") as file:
        file.writelines(to_json(explanation) + "\n" for explanation in explanations)
    if arguments.graphml:
        for index, explanation in zip(indices, explanations, strict=True):
            write_explanation_graphml(folder / f"graph-{index}.graphml", explanation)
    print(f"{count} graphs explained; open {folder / 'explanations.html'}")
