"""Trains GSAT on graphs, and stores the model with its results."""

import argparse
import contextlib
from pathlib import Path

from flax import nnx

from gnnjax.cli.inputs import add_input_arguments, read_graphs, split_or_random
from gnnjax.cli.results import metric_lines
from gnnjax.data import degree_histogram
from gnnjax.errors import RunError
from gnnjax.models import BACKBONES, GSAT, build_backbone
from gnnjax.nn import mean_log_degree
from gnnjax.train import Callback, CollapseWatchdog, RSchedule, fit, save_model
from gnnjax.train.run_folder import open_run_folder, write_json

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
examples:
  gnnjax train molecules.npz --output model
  gnnjax train molecules.csv --labels toxic --output model --backbone pna --epochs 50
  gnnjax train esol.npz --output model --attention nodes --final-r 0.7

A killed run continues when the same command is given again.
"""

_SETTINGS = (
    "backbone",
    "hidden_size",
    "layers",
    "attention",
    "epochs",
    "batch_size",
    "learning_rate",
    "final_r",
    "metric",
    "seed",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_input_arguments(parser)
    parser.add_argument("--output", "-o", type=Path, required=True, help="folder of the model")
    parser.add_argument("--backbone", choices=BACKBONES, default="gin", help="(default: %(default)s)")
    parser.add_argument("--hidden-size", type=int, default=64, help="(default: %(default)s)")
    parser.add_argument("--layers", type=int, default=2, help="(default: %(default)s)")
    parser.add_argument("--attention", choices=["edges", "nodes"], default="edges", help="what attention is learned on")
    parser.add_argument("--epochs", type=int, default=100, help="(default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=128, help="graphs per step (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="(default: %(default)s)")
    parser.add_argument(
        "--final-r", type=float, default=0.7, help="share of edges to keep, after a start at 0.9 (default: %(default)s)"
    )
    parser.add_argument("--metric", help="what selects the epoch: accuracy, roc_auc, rmse or mae (default: by task)")
    parser.add_argument("--seed", type=int, default=0, help="of split, weights and training (default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="delete what the folder holds")


def run(arguments: argparse.Namespace) -> None:
    """Trains, prints the metrics, stores the model."""
    if min(arguments.epochs, arguments.batch_size, arguments.hidden_size, arguments.layers) < 1:
        raise RunError("--epochs, --batch-size, --hidden-size and --layers must be at least 1")
    if not 0 < arguments.final_r <= 1:
        raise RunError(f"--final-r is {arguments.final_r}, must be above 0 and at most 1")
    dataset = read_graphs(arguments)
    splits = split_or_random(dataset, arguments.seed)
    settings = {name: getattr(arguments, name) for name in _SETTINGS} | {"data": dataset.fingerprint()}
    open_run_folder(arguments.output, settings, overwrite=arguments.overwrite)

    options: dict = {"in_features": dataset.in_features, "out_features": dataset.out_features}
    options |= {"hidden_size": arguments.hidden_size, "num_layers": arguments.layers}
    if arguments.backbone != "spmotifnet":
        options["edge_features"] = dataset.edge_features
    if arguments.backbone == "pna":
        options["degree_scaler"] = mean_log_degree(degree_histogram(dataset, splits["train"])) or None
    backbone = build_backbone(arguments.backbone, rngs=nnx.Rngs(2 * arguments.seed), **options)
    model = GSAT(backbone, learn_edge_attention=arguments.attention == "edges", rngs=nnx.Rngs(2 * arguments.seed + 1))
    initial = max(0.9, arguments.final_r)
    # Down to its last value in the first fifth of the run.
    steps = max(round((initial - arguments.final_r) / 0.1), 1)
    schedule = RSchedule(initial, arguments.final_r, interval=max(arguments.epochs // (5 * steps), 1))
    fitted = fit(
        model,
        dataset,
        splits,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        r=schedule,
        metric=arguments.metric,
        seed=arguments.seed,
        folder=arguments.output / "checkpoints",
        callbacks=[*_progress_bar(), CollapseWatchdog(final_r=schedule.final)],
    )
    save_model(
        arguments.output,
        model,
        backbone=arguments.backbone,
        arguments=options,
        data={"name": dataset.name, "task": dataset.task, "r": schedule.final} | settings,
    )
    best = {part: fitted.best[part] for part in ("train", "valid", "test")}
    write_json(arguments.output / "metrics.json", best | {"epoch": fitted.best_epoch})
    for part, metrics in best.items():
        print(f"{part}: {metric_lines(metrics)}")
    print(f"the model of epoch {fitted.best_epoch + 1} is in {arguments.output}")


def _progress_bar() -> list[Callback]:
    """A progress bar where tqdm is installed."""
    with contextlib.suppress(ImportError):
        from gnnjax.train.progress import ProgressBar  # noqa: PLC0415

        return [ProgressBar("training")]
    return []
