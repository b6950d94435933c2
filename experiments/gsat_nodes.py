"""Trains GSAT on the nodes of one graph and reports how well it predicts, and which edges it keeps.

Examples:
  python experiments/gsat_nodes.py --config=configs/gsat_nodes.py:cora
  python experiments/gsat_nodes.py --config=configs/gsat_nodes.py:cora --config.seeds=0:10
  python experiments/gsat_nodes.py --config=configs/gsat_nodes.py:generated --config.neighbours=10,10

Any value of the configuration file can be overridden as --config.NAME=VALUE. With `neighbours` each step draws the
surroundings of its nodes, so that memory does not grow with the graph. A killed run continues when the same command is
given again; a finished one is shown, not run again.
"""

import functools
import sys
from pathlib import Path

# experiments/ and data_prep/ live in the repository and are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import numpy as np
from absl import flags
from flax import nnx
from ml_collections import ConfigDict

from data_prep import communities
from data_prep.node_data import prepare_node_data
from experiments.command_line import define_config_flag, parse_numbers, parse_seeds, run_main
from experiments.from_config import build_gsat
from experiments.node_runs import node_masks
from experiments.report import print_table
from experiments.seeds import run_seeds, seed_result
from experiments.workers import num_workers, worker_number
from gnnjax import data, explain, models, plot, train
from gnnjax.atomic import atomic_open
from gnnjax.train.progress import ProgressBar
from gnnjax.train.run_folder import write_json
from gnnjax.train.tensorboard import TensorBoard


def load_dataset(config: ConfigDict) -> data.NodeDataset:
    """Prepares the graph unless it is there, and loads it."""
    if config.name == "generated":
        return communities.generate(config.dataset.nodes, config.dataset.edges, undirected=True)
    return data.load_nodes(prepare_node_data(config.name, config.dataset.source, folder=config.dataset.folder))


def run(
    config: ConfigDict, dataset: data.NodeDataset, workdir: Path, *, overwrite: bool = False, workers: int = 1
) -> list[dict]:
    """Trains one model per seed, or picks up what is already there, and returns a result for each."""
    settings = config.to_dict() | {"data": dataset.fingerprint()}
    del settings["seeds"], settings["dataset"]
    masks = node_masks(config, dataset)
    return run_seeds(
        workdir,
        settings,
        parse_seeds(config.seeds),
        functools.partial(run_seed, config, dataset, masks),
        overwrite=overwrite,
        workers=workers,
    )


def run_seed(config: ConfigDict, dataset: data.NodeDataset, masks: dict, seed: int, folder: Path) -> dict:
    """Trains and judges the model of one seed, on the split of that number."""
    splits = data.node_split_indices(masks, seed)
    neighbours = parse_numbers(config.neighbours, "neighbours") if config.neighbours else None
    schedule = train.RSchedule(**config.r)
    model = build_model(config, dataset, seed)
    watchdog = train.CollapseWatchdog(final_r=schedule.final)
    bar = ProgressBar(f"seed {seed}", metric=config.training.metric, position=worker_number())
    fitted = train.fit(
        model,
        dataset,
        splits,
        r=schedule,
        seed=seed,
        folder=folder / "checkpoints",
        neighbours=neighbours,
        callbacks=[bar, TensorBoard(folder / "tensorboard"), watchdog],
        **config.training,
        **config.optimizer,
        **config.loss,
    )
    write_json(folder / "history.json", fitted.history)
    result = seed_result(seed, fitted) | fitted.best["test"] | {"warnings": watchdog.messages}
    if neighbours is None:
        evaluation = train.evaluate(model, dataset, splits["test"], r=schedule.final)
        same_class = dataset.labels[dataset.senders] == dataset.labels[dataset.receivers]
        attention = np.asarray(evaluation.edge_attention)
        result["same_class_roc_auc"] = explain.explanation_roc_auc(attention, same_class.astype(int))
        with atomic_open(folder / "edge_attention.npz") as file:
            np.savez(file, allow_pickle=False, edge_attention=attention)
    curves = plot.training_curves(fitted.history, fitted.best_epoch)
    plot.save_figure(curves, folder / "figures" / "training_curves.png")
    return result


def build_model(config: ConfigDict, dataset: data.NodeDataset, seed: int) -> models.GSAT:
    """The configured model with the initial weights of `seed`."""
    backbone_rngs, attention_rngs = (nnx.Rngs(key) for key in jax.random.split(jax.random.key(seed)))
    options = config.model.to_dict()
    backbone = models.build_backbone(
        options.pop("backbone"),
        in_features=dataset.nodes.shape[1],
        out_features=dataset.num_classes,
        readout="node",
        rngs=backbone_rngs,
        **options,
    )
    return build_gsat(config, backbone, attention_rngs)


def main() -> None:
    config = CONFIG.value
    workdir = Path(WORKDIR.value or f"runs/{config.name}-nodes-{config.model.backbone}")
    results = run(config, load_dataset(config), workdir, overwrite=OVERWRITE.value, workers=num_workers())
    print_table(results, title="test nodes")
    print(f"Results, logs and figures are in {workdir}; tensorboard --logdir {workdir} shows the curves.")


if __name__ == "__main__":
    CONFIG = define_config_flag("configs/gsat_nodes.py")
    WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run (default: runs/<data>-nodes-<backbone>).")
    OVERWRITE = flags.DEFINE_bool("overwrite", False, "Delete an earlier run in the folder first.")
    run_main(main)
