"""What a configuration describes: the data, its split, the backbone, the options of training."""

import importlib
from typing import Any

from flax import nnx
from ml_collections import ConfigDict

from gnnjax import data, models, nn, train
from gnnjax.errors import RunError
from gnnjax.parallel import is_first_process, wait_for_processes

__all__ = [
    "backbone_arguments",
    "build_backbone",
    "build_gsat",
    "load_dataset",
    "pretraining_options",
    "run_settings",
    "split_dataset",
]


def load_dataset(config: ConfigDict) -> data.GraphDataset:
    """Prepares the data unless it is there, and loads it. Of several processes, the first prepares for all."""
    options = config.dataset.to_dict()
    prepare = importlib.import_module(f"data_prep.{options.pop('name')}").prepare
    path = prepare(**options) if is_first_process() else None
    wait_for_processes("the data are there")
    return data.load(path or prepare(**options))


def run_settings(config: ConfigDict, dataset: data.GraphDataset) -> dict[str, Any]:
    """What decides a run's results: the configuration without seeds and places, and a digest of the data itself."""
    settings = config.to_dict() | {"data": dataset.fingerprint()}
    del settings["seeds"], settings["dataset"]["folder"]
    settings["dataset"].pop("source", None)
    return settings


def split_dataset(config: ConfigDict, dataset: data.GraphDataset, seed: int) -> dict:
    """The split of a seed by the protocol `config.split.protocol`.

    Raises:
      RunError: the protocol is not known, or needs a published split that the data lacks.
    """
    protocol = config.split.protocol
    match protocol:
        case "random":
            return data.random_split(len(dataset), seed=seed)
        case "mutag_x":
            return data.mutag_x_split(dataset, seed=seed)
        case "leak_free":
            return data.with_explained_part(dataset, data.random_split(len(dataset), seed=seed))
    if protocol not in ("published", "subsampled"):
        raise RunError(f"split.protocol is {protocol!r}, must be random, mutag_x, leak_free, published or subsampled")
    if dataset.splits is None:
        raise RunError(f"{dataset.name} has no published split; take --config.split.protocol=random")
    if protocol == "published":
        return dataset.splits
    sizes = {"num_train": config.split.num_train, "num_valid": config.split.num_valid}
    return data.subsampled_split(dataset.splits, seed=seed, **sizes)


def backbone_arguments(config: ConfigDict, dataset: data.GraphDataset, splits: dict) -> dict[str, Any]:
    """All arguments of `models.build_backbone` but the keys."""
    options = config.model.to_dict()
    arguments = {"name": options.pop("backbone"), "in_features": dataset.in_features}
    arguments["out_features"] = dataset.out_features
    if options.pop("use_edge_features", False):
        arguments["edge_features"] = dataset.edge_features
    if options.pop("separate_batch_statistics", False):
        arguments["num_statistics"] = 2
    if options.pop("degree_scalers", False):
        arguments["degree_scaler"] = nn.mean_log_degree(data.degree_histogram(dataset, splits["train"]))
    return arguments | options


def build_backbone(config: ConfigDict, dataset: data.GraphDataset, splits: dict, rngs: nnx.Rngs) -> Any:
    """The configured backbone with fresh weights."""
    return models.build_backbone(**backbone_arguments(config, dataset, splits), rngs=rngs)


def build_gsat(config: ConfigDict, backbone: models.Backbone, rngs: nnx.Rngs) -> models.GSAT:
    """The configured attention, with fresh weights, around a backbone."""
    return models.GSAT(
        backbone,
        learn_edge_attention=config.attention.learn_on_edges,
        dropout_rate=config.attention.dropout_rate,
        temperature=config.attention.temperature,
        rngs=rngs,
    )


def pretraining_options(config: ConfigDict) -> dict[str, Any]:
    """Arguments of `train.fit` that train the classifier alone, up to its last epoch."""
    options = config.pretraining.to_dict()
    plateau = {name: options.pop(f"plateau_{name}") for name in ("patience", "factor", "threshold")}
    return options | {
        "batch_size": config.training.batch_size,
        "metric": config.training.metric,
        "lazy_parts": config.training.lazy_parts,
        "checkpoint_every": config.training.checkpoint_every,
        "plateau": train.Plateau(**plateau) if plateau["patience"] else None,
        "keep": "last",
    }
