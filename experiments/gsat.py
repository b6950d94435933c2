"""Trains GSAT on a dataset and reports how well it predicts and explains.

Examples:
  python experiments/gsat.py --config=configs/ba2motifs.py
  python experiments/gsat.py --config=configs/ba2motifs.py:pna --config.seeds=0:10 --workdir=runs/ten-seeds
  python experiments/gsat.py --config=configs/ba2motifs.py --config.dataset.source=official --workdir=runs/official
  python experiments/gsat.py --config=configs/ba2motifs.py --config.pretrained=auto
  python experiments/gsat.py --config=configs/ba2motifs.py --config.training.epochs=20 --workdir=runs/short
  python experiments/gsat.py --config=configs/ba2motifs.py --config.seeds=0:10 --workers=2
  python experiments/gsat.py --config=configs/ogbg_mol.py:hiv --devices=all

Any value of the configuration file can be overridden as --config.NAME=VALUE. With `pretrained` the run is GSAT*: it
starts from classifiers that experiments/pretrain.py trained. The run's folder receives `results.json`, and for each
seed checkpoints, metrics of every epoch, TensorBoard logs and figures. A killed run continues when the same command is
given again; a finished one is shown, not run again.
"""

import functools
import sys
import warnings
from pathlib import Path

# experiments/ and data_prep/ live in the repository and are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import numpy as np
from absl import flags
from flax import nnx
from jax.sharding import Mesh
from ml_collections import ConfigDict

from experiments import pretrain
from experiments.command_line import define_config_flag, parse_seeds, run_main
from experiments.devices import device_mesh
from experiments.from_config import build_backbone, build_gsat, load_dataset, run_settings, split_dataset
from experiments.report import print_table
from experiments.seeds import run_seeds, seed_result
from experiments.workers import num_workers, worker_number
from gnnjax import data, models, plot, train
from gnnjax.parallel import is_first_process
from gnnjax.train.progress import ProgressBar
from gnnjax.train.run_folder import write_json
from gnnjax.train.tensorboard import TensorBoard


def run(
    config: ConfigDict,
    dataset: data.GraphDataset,
    workdir: Path,
    *,
    overwrite: bool = False,
    mesh: Mesh | None = None,
    workers: int = 1,
) -> list[dict]:
    """Trains one model per seed, or picks up what is already there, and returns a result for each.

    `results.json` holds all seeds that the folder has, also those of earlier calls. The devices of a mesh share each
    batch.
    """
    settings = run_settings(config, dataset) | {"pretrained": bool(config.pretrained)}
    if not config.pretrained:
        del settings["pretraining"]
    elif config.pretrained == "auto":
        pretrain.run(config, dataset, pretrain.default_workdir(config), mesh=mesh, workers=workers)
    return run_seeds(
        workdir,
        settings,
        parse_seeds(config.seeds),
        functools.partial(run_seed, config, dataset, mesh),
        overwrite=overwrite,
        workers=workers,
    )


def run_seed(config: ConfigDict, dataset: data.GraphDataset, mesh: Mesh | None, seed: int, folder: Path) -> dict:
    """Trains and judges the model of one seed; processes other than the first only train."""
    splits = split_dataset(config, dataset, seed)
    model = build_model(config, dataset, splits, seed)
    schedule = train.RSchedule(**config.r)
    writes = is_first_process()
    bar = ProgressBar(f"seed {seed}", metric=config.training.metric, position=worker_number())
    tensorboard = TensorBoard(folder / "tensorboard")
    watchdog = train.CollapseWatchdog(final_r=schedule.final)
    fitted = train.fit(
        model,
        dataset,
        splits,
        r=schedule,
        seed=seed,
        folder=folder / "checkpoints",
        callbacks=[bar, tensorboard, watchdog] if writes else [],
        mesh=mesh,
        **config.training,
        **config.optimizer,
        **config.loss,
    )
    if not writes:
        return {}
    write_json(folder / "history.json", fitted.history)
    explained = "explained" if "explained" in splits else "test"
    indices = splits[explained]
    evaluation = train.evaluate(model, dataset, indices, r=schedule.final, batch_size=config.training.batch_size)
    figures = draw_figures(dataset, indices, evaluation, fitted)
    for name, figure in figures.items():
        plot.save_figure(figure, folder / "figures" / f"{name}.png")
    tensorboard.add_figures(figures, fitted.best_epoch)
    unneeded = train.unneeded_attention(model, dataset, splits["valid"])
    if unneeded:
        warnings.warn(f"seed {seed}: {unneeded}", train.CollapseWarning, stacklevel=2)
    result = seed_result(seed, fitted) | {"warnings": watchdog.messages + ([unneeded] if unneeded else [])}
    # Of another part than the rest, an explanation is judged where there is something to explain.
    explanation = ("explanation_roc_auc", "precision_at_5", "signal_attention", "background_attention")
    best = fitted.best
    return result | best["test"] | {name: best[explained][name] for name in explanation if name in best[explained]}


def build_model(config: ConfigDict, dataset: data.GraphDataset, splits: dict, seed: int) -> models.GSAT:
    """The configured model with the initial weights of `seed`, or around its pre-trained classifier."""
    backbone_rngs, attention_rngs = (nnx.Rngs(key) for key in jax.random.split(jax.random.key(seed)))
    if config.pretrained:
        folder = pretrain.default_workdir(config) if config.pretrained == "auto" else Path(config.pretrained)
        wanted = pretrain.description(config, dataset, splits, seed)
        backbone = train.load_classifier(folder / f"seed-{seed}" / "classifier", **wanted)
    else:
        backbone = build_backbone(config, dataset, splits, backbone_rngs)
    return build_gsat(config, backbone, attention_rngs)


def draw_figures(dataset, indices, evaluation, fitted) -> dict:
    """Attention on test graphs of each class, its histogram, and the training curves."""
    shown, titles = choose_graphs(dataset, indices, evaluation)
    return {
        "attention_on_graphs": plot.explained_graphs(dataset, indices, evaluation, positions=shown, titles=titles),
        "attention_histogram": plot.attention_histogram(evaluation),
        "training_curves": plot.training_curves(fitted.history, fitted.best_epoch),
    }


def choose_graphs(dataset, indices, evaluation, num_graphs: int = 4) -> tuple[list[int], list[str]]:
    """Positions of graphs to draw and a title for each.

    Classes take turns, multi-label graphs with a label come first, of numbers to predict there are all sizes.
    """
    labels = evaluation.labels.reshape(len(indices), -1)
    if dataset.task == "multilabel":
        positive = np.nansum(labels, axis=1)
        chosen = np.argsort(positive == 0, kind="stable")[:num_graphs].tolist()
        names = [f"{positive[position]:.0f} of {labels.shape[1]} labels" for position in chosen]
    elif dataset.task == "regression":
        by_target = np.argsort(labels[:, 0])
        chosen = by_target[np.linspace(0, len(by_target) - 1, min(num_graphs, len(by_target))).astype(int)].tolist()
        names = [f"{labels[p, 0]:.2f}, predicted {evaluation.logits[p, 0]:.2f}" for p in chosen]
    else:
        groups = [np.flatnonzero(labels[:, 0] == label) for label in np.unique(labels[:, 0])]
        by_turns = [group[turn] for turn in range(num_graphs) for group in groups if turn < len(group)]
        chosen = sorted(by_turns[:num_graphs], key=lambda position: (labels[position, 0], position))
        names = [f"class {labels[position, 0]:.0f}" for position in chosen]
    return chosen, [f"graph {indices[position]}, {name}" for position, name in zip(chosen, names, strict=True)]


def default_workdir(config: ConfigDict) -> Path:
    """The folder of the runs of a configuration."""
    return Path(f"runs/{config.name}-{config.model.backbone}" + ("-pretrained" if config.pretrained else ""))


def main() -> None:
    config = CONFIG.value
    workdir = Path(WORKDIR.value or default_workdir(config))
    mesh, workers = device_mesh(), num_workers()
    results = run(config, load_dataset(config), workdir, overwrite=OVERWRITE.value, mesh=mesh, workers=workers)
    if is_first_process():
        print_table(results, title="test graphs")
        print(f"Results, logs and figures are in {workdir}; tensorboard --logdir {workdir} shows the curves.")


if __name__ == "__main__":
    CONFIG = define_config_flag("configs/ba2motifs.py")
    WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run (default: runs/<data>-<backbone>).")
    OVERWRITE = flags.DEFINE_bool("overwrite", False, "Delete an earlier run in the folder first.")
    run_main(main)
