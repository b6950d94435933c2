"""Trains a classifier alone, without attention: the first stage of GSAT*.

Examples:
  python experiments/pretrain.py --config=configs/ba2motifs.py
  python experiments/pretrain.py --config=configs/mutag.py:pna --config.seeds=0:5 --workdir=runs/mutag-pna-classifier

`experiments/gsat.py --config=... --config.pretrained=WORKDIR` then starts from the classifier of each seed as it was
after the last epoch, as published; `--config.pretrained=auto` runs this first stage itself where it is missing. From
Python, `gnnjax.train.load_classifier("WORKDIR/seed-0/classifier")` builds the model with its weights.

The same rules as for experiments/gsat.py hold: any value of the configuration can be overridden, a killed run continues
when the same command is given again, a finished one is shown.
"""

import functools
import sys
from pathlib import Path

# experiments/ and data_prep/ live in the repository and are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from absl import flags
from flax import nnx
from jax.sharding import Mesh
from ml_collections import ConfigDict

from experiments.command_line import define_config_flag, parse_seeds, run_main
from experiments.devices import device_mesh
from experiments.from_config import (
    backbone_arguments,
    build_backbone,
    load_dataset,
    pretraining_options,
    run_settings,
    split_dataset,
)
from experiments.report import print_table
from experiments.seeds import run_seeds, seed_result
from experiments.workers import num_workers, worker_number
from gnnjax import data, train
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
    """Trains one classifier per seed, or picks up what is already there, and returns a result for each.

    The devices of a mesh share each batch.
    """
    asked = run_settings(config, dataset)
    settings = {name: asked[name] for name in ("name", "dataset", "data", "split", "model", "pretraining", "training")}
    del settings["training"]["epochs"]
    return run_seeds(
        workdir,
        settings,
        parse_seeds(config.seeds),
        functools.partial(run_seed, config, dataset, mesh),
        overwrite=overwrite,
        workers=workers,
    )


def run_seed(config: ConfigDict, dataset: data.GraphDataset, mesh: Mesh | None, seed: int, folder: Path) -> dict:
    """Trains, judges and stores the classifier of one seed; processes other than the first only train."""
    splits = split_dataset(config, dataset, seed)
    model = build_backbone(config, dataset, splits, nnx.Rngs(seed))
    bar = ProgressBar(f"classifier, seed {seed}", metric=config.training.metric, position=worker_number())
    fitted = train.fit(
        model,
        dataset,
        splits,
        seed=seed,
        folder=folder / "checkpoints",
        callbacks=[bar, TensorBoard(folder / "tensorboard")] if is_first_process() else [],
        mesh=mesh,
        **pretraining_options(config),
    )
    if not is_first_process():
        return {}
    train.save_classifier(folder / "classifier", model, **description(config, dataset, splits, seed))
    write_json(folder / "history.json", fitted.history)
    last = train.evaluate(model, dataset, splits["test"], batch_size=config.training.batch_size)
    best = {
        f"best_{name}": fitted.best["test"][name] for name in ("accuracy", "roc_auc") if name in fitted.best["test"]
    }
    result = seed_result(seed, fitted)
    return result | last.metrics(dataset.task) | best


def description(config: ConfigDict, dataset: data.GraphDataset, splits: dict, seed: int) -> dict:
    """What is stored with a classifier, and what GSAT* compares before it starts from one."""
    arguments = backbone_arguments(config, dataset, splits)
    return {
        "backbone": arguments.pop("name"),
        "arguments": arguments,
        "data": {
            "name": dataset.name,
            "sha256": dataset.fingerprint(),
            "split": config.split.to_dict(),
            "seed": seed,
            "pretraining": config.pretraining.to_dict(),
        },
    }


def default_workdir(config: ConfigDict) -> Path:
    """The folder of the classifiers of a configuration."""
    return Path(f"runs/{config.name}-{config.model.backbone}-classifier")


def main() -> None:
    config = CONFIG.value
    workdir = Path(WORKDIR.value or default_workdir(config))
    mesh, workers = device_mesh(), num_workers()
    results = run(config, load_dataset(config), workdir, overwrite=OVERWRITE.value, mesh=mesh, workers=workers)
    if is_first_process():
        print_table(results, title="test graphs, last epoch")
        print(f"Classifiers, logs and results are in {workdir}; tensorboard --logdir {workdir} shows the curves.")


if __name__ == "__main__":
    CONFIG = define_config_flag("configs/ba2motifs.py")
    WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run (default: runs/<data>-<backbone>-classifier).")
    OVERWRITE = flags.DEFINE_bool("overwrite", False, "Delete an earlier run in the folder first.")
    run_main(main)
