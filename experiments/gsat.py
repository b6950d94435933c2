"""Trains GSAT on a dataset and reports how well it predicts and explains.

Examples:
  python experiments/gsat.py --config=configs/ba2motifs.py
  python experiments/gsat.py --config=configs/ba2motifs.py --config.seeds=0:10 --workdir=runs/ten-seeds
  python experiments/gsat.py --config=configs/ba2motifs.py --config.dataset.source=official --workdir=runs/official
  python experiments/gsat.py --config=configs/ba2motifs.py --config.training.epochs=20 --workdir=runs/short

Any value of the configuration file can be overridden as --config.NAME=VALUE. The run's folder receives `results.json`,
and for each seed checkpoints, metrics of every epoch, TensorBoard logs and figures. A killed run continues when the
same command is given again; a finished one is shown, not run again.
"""

import importlib
import sys
from pathlib import Path

# experiments/ and data_prep/ live in the repository and are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import numpy as np
from absl import flags
from flax import nnx
from ml_collections import ConfigDict

from experiments.command_line import define_config_flag, parse_seeds, run_main
from experiments.report import print_table, summarize
from gnnjax import data, models, plot, train
from gnnjax.train.progress import ProgressBar
from gnnjax.train.run_folder import open_run_folder, read_json, write_json
from gnnjax.train.tensorboard import TensorBoard

_CONFIG = define_config_flag("configs/ba2motifs.py")
_WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run (default: runs/<dataset>-<backbone>).")
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Delete an earlier run in the folder first.")


def run(config: ConfigDict, workdir: Path, *, overwrite: bool = False) -> list[dict]:
    """Trains one model per seed, or picks up what is already there, and returns a result for each.

    `results.json` holds all seeds that the folder has, also those of earlier calls.
    """
    seeds = parse_seeds(config.seeds)
    preparation = importlib.import_module(f"data_prep.{config.dataset.name}")
    path = preparation.prepare(config.dataset.source, folder=config.dataset.folder, seed=config.dataset.seed)
    dataset = data.load(path)
    settings = config.to_dict() | {"data": dataset.fingerprint()}
    del settings["seeds"], settings["dataset"]["folder"]
    open_run_folder(workdir, settings, overwrite=overwrite)
    results = [run_seed(config, dataset, seed, workdir / f"seed-{seed}") for seed in seeds]
    finished = sorted((read_json(path) for path in workdir.glob("seed-*/result.json")), key=lambda each: each["seed"])
    write_json(workdir / "results.json", {"settings": settings, "seeds": finished, "summary": summarize(finished)})
    return results


def run_seed(config: ConfigDict, dataset: data.GraphDataset, seed: int, folder: Path) -> dict:
    """Trains and judges the model of one seed, unless its result is already in `folder`."""
    if (folder / "result.json").exists():
        return read_json(folder / "result.json")
    splits = data.random_split(len(dataset), seed=seed)
    model = build_model(config, dataset, seed)
    schedule = train.RSchedule(**config.r)
    fitted = train.fit(
        model,
        dataset,
        splits,
        r=schedule,
        seed=seed,
        folder=folder / "checkpoints",
        callbacks=[ProgressBar(f"seed {seed}", part="valid"), TensorBoard(folder / "tensorboard")],
        **config.training,
        **config.optimizer,
        **config.loss,
    )
    batch_size = config.training.batch_size
    evaluation = train.evaluate(model, dataset, splits["test"], r=schedule.final, batch_size=batch_size)
    write_figures(dataset, splits["test"], evaluation, fitted, folder / "figures")
    write_json(folder / "history.json", fitted.history)
    result = {"seed": seed, "best_epoch": fitted.best_epoch, "wall_seconds": fitted.seconds} | fitted.best["test"]
    write_json(folder / "result.json", result)
    return result


def build_model(config: ConfigDict, dataset: data.GraphDataset, seed: int) -> models.GSAT:
    """The configured model with the initial weights of `seed`."""
    backbone_rngs, attention_rngs = (nnx.Rngs(key) for key in jax.random.split(jax.random.key(seed)))
    backbone = models.GIN(
        dataset.in_features,
        dataset.out_features,
        hidden_size=config.model.hidden_size,
        num_layers=config.model.num_layers,
        dropout_rate=config.model.dropout_rate,
        edge_features=dataset.edge_features,
        num_statistics=2 if config.model.separate_batch_statistics else 1,
        rngs=backbone_rngs,
    )
    return models.GSAT(
        backbone,
        learn_edge_attention=config.attention.learn_on_edges,
        dropout_rate=config.attention.dropout_rate,
        temperature=config.attention.temperature,
        rngs=attention_rngs,
    )


def write_figures(dataset, indices, evaluation, fitted, folder: Path) -> None:
    """Attention on two test graphs of each class, its histogram, and the training curves."""
    folder.mkdir(parents=True, exist_ok=True)
    classes = evaluation.labels.reshape(len(indices), -1)[:, 0]
    shown = [position for label in np.unique(classes) for position in np.flatnonzero(classes == label)[:2]]
    titles = [f"test graph {indices[position]}, class {classes[position]:.0f}" for position in shown]
    figures = {
        "attention_on_graphs": plot.explained_graphs(dataset, indices, evaluation, positions=shown, titles=titles),
        "attention_histogram": plot.attention_histogram(evaluation),
        "training_curves": plot.training_curves(fitted.history, fitted.best_epoch),
    }
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=150)


def main() -> None:
    config = _CONFIG.value
    workdir = Path(_WORKDIR.value or f"runs/{config.dataset.name}-{config.model.backbone}")
    print_table(run(config, workdir, overwrite=_OVERWRITE.value))
    print(f"Results, logs and figures are in {workdir}; tensorboard --logdir {workdir} shows the curves.")


if __name__ == "__main__":
    run_main(main)
