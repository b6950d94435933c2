"""Judges a model's predictions and explanations on labelled graphs."""

import argparse
from pathlib import Path

import numpy as np

from gnnjax.cli.inputs import add_input_arguments, read_graphs, split_or_random
from gnnjax.cli.results import metric_lines
from gnnjax.errors import DataError
from gnnjax.explain import Explanations, judge, masked_classifier
from gnnjax.train import check_same_features, evaluate, load_model
from gnnjax.train.run_folder import write_json

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
examples:
  gnnjax evaluate model molecules.npz                   the test part
  gnnjax evaluate model molecules.npz --part all --json scores.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="folder of a model that `gnnjax train` made")
    add_input_arguments(parser)
    parser.add_argument("--part", default="test", help="of the split, or all (default: %(default)s)")
    parser.add_argument("--top-fraction", type=float, default=0.25, help="of edges that count as selected")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")


def run(arguments: argparse.Namespace) -> None:
    """Prints what the model gets right, and what its explanations are worth."""
    model, description = load_model(arguments.model)
    dataset = read_graphs(arguments)
    check_same_features(description, dataset)
    indices = np.arange(len(dataset))
    if arguments.part != "all":
        # The split that the model was trained with.
        splits = split_or_random(dataset, description["data"]["seed"])
        if arguments.part not in splits:
            raise DataError(f"{dataset.name}: there is no part '{arguments.part}'; there are {', '.join(splits)}, all")
        indices = splits[arguments.part]
    evaluation = evaluate(model, dataset, indices, r=description["data"]["r"])
    metrics = evaluation.metrics(dataset.task)
    explanations = Explanations.of_evaluation(dataset, indices, evaluation)
    scores = judge(explanations, masked_classifier(model), top_fraction=arguments.top_fraction)
    print(f"{len(indices)} graphs: {metric_lines(metrics)}")
    for name, value in scores.items():
        print(f"  {name:42} {value:8.4f}")
    if arguments.json:
        write_json(arguments.json, {"metrics": metrics, "explanations": scores, "graphs": len(indices)})
