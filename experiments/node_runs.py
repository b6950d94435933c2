"""Node classifiers over splits and a grid of models: trained, each run stored as soon as it is done, and read back."""

import dataclasses
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx
from ml_collections import ConfigDict
from tqdm import tqdm

from data_prep.node_data import prepare_node_data
from experiments.command_line import parse_numbers
from experiments.workers import run_in_processes
from gnnjax import data, explain, models, train
from gnnjax.atomic import atomic_open
from gnnjax.data.format import read_archive
from gnnjax.errors import RunError
from gnnjax.host_memory import peak_memory
from gnnjax.train.run_folder import read_json, write_json

__all__ = ["NodeExperiment", "Variant", "node_masks", "variants"]

NodeModel = models.GraphConvolution | models.GraphTransformer


@dataclasses.dataclass(frozen=True)
class Variant:
    """One cell of the grid of models."""

    family: models.Family
    num_layers: int
    num_heads: int

    def __str__(self) -> str:
        return f"{self.num_layers}L{self.num_heads}H {self.family.upper()}"

    @property
    def folder(self) -> str:
        return f"{self.num_layers}l{self.num_heads}h-{self.family}"


def variants(config: ConfigDict) -> list[Variant]:
    """The grid that the configuration asks for; convolutions have one head, whatever it says of heads.

    Raises:
      RunError: a family is not known, or a number is not one.
    """
    families = [family.strip() for family in config.families.split(",")]
    unknown = [family for family in families if family not in models.FAMILY_FLOWS]
    if unknown:
        raise RunError(f"families holds {unknown[0]!r}; there are {', '.join(models.FAMILY_FLOWS)}")
    heads = parse_numbers(config.heads, "heads")
    return [
        Variant(family, num_layers, num_heads)
        for num_layers in parse_numbers(config.layers, "layers")
        for num_heads in sorted({1, *heads})
        for family in families
        if num_heads in ([1] if family == "sc" else heads)
    ]


class NodeExperiment:
    """A dataset, its splits, and where its runs are."""

    def __init__(self, config: ConfigDict, workdir: Path):
        self.config, self.workdir = config, workdir
        path = prepare_node_data(config.name, config.dataset.source, folder=config.dataset.folder)
        self.dataset = data.load_nodes(path)
        self.masks = node_masks(config, self.dataset)

    @property
    def num_splits(self) -> int:
        return len(self.masks["train"])

    @property
    def cache(self) -> Path:
        return Path(self.config.dataset.folder) / "cache"

    @functools.cached_property
    def distances(self) -> np.ndarray:
        """`[nodes, nodes]` hops, -1 where there is no path."""
        return data.shortest_path_distances(self.dataset, cache=self.cache)

    @functools.cached_property
    def distance_bias(self) -> np.ndarray:
        """`[nodes, nodes]`."""
        return data.distance_bias(self.distances)

    def inputs(self, family: models.Family) -> models.NodeInputs:
        """What models of a family read."""
        encoding = None
        if family == "dl":
            encoding = data.laplacian_encoding(self.dataset, self.config.positional_features, cache=self.cache)
        return models.node_inputs(
            self.dataset.graph,
            flow=models.FAMILY_FLOWS[family],
            distance_bias=self.distance_bias if family == "dlb" else None,
            positional_encoding=encoding,
        )

    def build(self, variant: Variant, split: int) -> NodeModel:
        """A model with the initial weights of a split."""
        arguments = dict(self.config.model)
        if variant.family == "dl":
            arguments["positional_features"] = self.config.positional_features
        return models.build_node_classifier(
            variant.family,
            self.dataset.nodes.shape[1],
            self.dataset.num_classes,
            num_layers=variant.num_layers,
            num_heads=variant.num_heads,
            rngs=nnx.Rngs(self.config.seed + split),
            **arguments,
        )

    def train(self, grid: list[Variant], *, workers: int = 1) -> None:
        """Trains what is not there yet. A run is stored whole, so that a killed one begins again, with the same result.

        On CPU the splits are trained one after the other, which is faster there; elsewhere as one program. Several
        workers are processes, among which the splits of each model are dealt out.
        """
        num_splits = self.num_splits
        missing = {variant: [n for n in range(num_splits) if not self._has(variant, n)] for variant in grid}
        if workers > 1:
            self._train_in_processes(missing, workers)
        else:
            self._train_here(missing)

    def _train_in_processes(self, missing: dict[Variant, list[int]], workers: int) -> None:
        shares = [(variant, splits[first::workers]) for variant, splits in missing.items() for first in range(workers)]
        calls = [(self, variant, share) for variant, share in shares if share]
        total = sum(len(splits) for splits in missing.values())
        with tqdm(total=total, unit="run", dynamic_ncols=True, disable=not total) as bar:
            for (_, variant, share), _ in run_in_processes(_train_share, calls, workers):
                bar.set_description(f"{variant}", refresh=False)
                bar.update(len(share))

    def _train_here(self, missing: dict[Variant, list[int]]) -> None:
        num_splits = self.num_splits
        total = sum(len(splits) for splits in missing.values()) * self.config.training.epochs
        at_once = 1 if jax.default_backend() == "cpu" else num_splits
        with tqdm(
            total=total,
            unit="epoch",
            dynamic_ncols=True,
            disable=not total,
            mininterval=0.1 if sys.stderr.isatty() else 10.0,
        ) as bar:
            for variant, splits in missing.items():
                if not splits:
                    continue
                inputs = self.inputs(variant.family)
                for first in range(0, len(splits), at_once):
                    together = splits[first : first + at_once]
                    bar.set_description(f"{variant}, split {together[0]}", refresh=False)
                    done = bar.n

                    def show(epochs: int, done: int = done, runs: int = len(together)) -> None:
                        bar.update(done + epochs * runs - bar.n)

                    self.train_splits(variant, together, inputs, show)

    def results(self, variant: Variant) -> list[dict]:
        """The stored result of each split."""
        return [read_json(self._folder(variant, split) / "result.json") for split in range(self.num_splits)]

    def trained(self, variant: Variant, split: int) -> Any:
        """The model of a split, with the weights of its last epoch."""
        model = self.build(variant, split)
        models.import_torch_weights(model, read_archive(self._folder(variant, split) / "weights.npz"))
        return model

    def attention(self, variant: Variant, split: int) -> np.ndarray:
        """The attention of a split's model, `[layers, heads, ...]` as `GraphTransformer.attend` gives it."""
        return np.asarray(explain.own_attention(self.trained(variant, split), self.inputs(variant.family)))

    def train_splits(
        self,
        variant: Variant,
        splits: list[int],
        inputs: models.NodeInputs,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        """Trains some splits as one program and stores each."""
        built = [self.build(variant, split) for split in splits]
        fits = train.fit_nodes(
            built,
            inputs,
            self.dataset.labels,
            {name: mask[splits] for name, mask in self.masks.items()},
            seeds=[self.config.seed + split for split in splits],
            on_progress=on_progress,
            **self.config.training,
        )
        for split, model, fit in zip(splits, built, fits, strict=True):
            folder = self._folder(variant, split)
            with atomic_open(folder / "weights.npz") as file:
                np.savez(file, allow_pickle=False, **models.export_torch_weights(model))
            result = {"split": split, "best_epoch": fit.best_epoch, "test_accuracy": fit.test_accuracy}
            result |= {"wall_seconds": fit.seconds, "peak_bytes": peak_memory()}
            # Written last: a run with a result is complete.
            write_json(
                folder / "result.json",
                result | {"history": {name: values.tolist() for name, values in fit.history.items()}},
            )

    def _has(self, variant: Variant, split: int) -> bool:
        return (self._folder(variant, split) / "result.json").exists()

    def _folder(self, variant: Variant, split: int) -> Path:
        return self.workdir / variant.folder / f"split-{split}"


def _train_share(experiment: NodeExperiment, variant: Variant, splits: list[int]) -> None:
    """In a process of `workers.run_in_processes`."""
    inputs = experiment.inputs(variant.family)
    for split in splits:
        experiment.train_splits(variant, [split], inputs)


def node_masks(config: ConfigDict, dataset: data.NodeDataset) -> dict[str, np.ndarray]:
    """The masks that `config.split` describes, each `[splits, nodes]`.

    Raises:
      RunError: the protocol is not known, or has not so many splits.
    """
    protocol, num_splits = config.split.protocol, config.split.num_splits
    if protocol == "random":
        masks = data.random_node_splits(dataset.num_nodes, num_splits=num_splits, seed=config.split.seed)
    elif protocol == "paper":
        masks = data.paper_node_splits(dataset.name)
    elif protocol == "published":
        if dataset.splits is None:
            raise RunError(f"{dataset.name} has no published masks; take --config.split.protocol=random")
        masks = dataset.splits
    else:
        raise RunError(f"split.protocol is {protocol!r}, must be paper, published or random")
    there = len(masks["train"])
    if not 1 <= num_splits <= there:
        raise RunError(
            f"split.num_splits is {num_splits}; the protocol {protocol} has {there} splits of {dataset.name}"
        )
    return {name: mask[:num_splits] for name, mask in masks.items()}
