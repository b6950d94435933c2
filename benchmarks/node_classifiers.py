"""Node classifiers with attention, beside the original's form in PyTorch: an epoch, and whole runs.

The models have 2 layers of 2 heads and width 128. An epoch is a step of training with dropout and an evaluation.
"""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import jraph
import numpy as np
from flax import nnx

from benchmarks.machine import HAVE_PYG
from benchmarks.workload import Run, Workload, repeated, sides
from data_prep.node_data import prepare_node_data
from gnnjax import data
from gnnjax.models import FAMILY_FLOWS, Family, NodeInputs, build_node_classifier, node_inputs
from gnnjax.train import fit_nodes

if HAVE_PYG:
    from benchmarks.torch_attention import NodeClassifier, NodeTraining, inputs_from_gnnjax

__all__ = ["classifier_workloads"]

SIZE = {"hidden_size": 128, "num_layers": 2, "num_heads": 2}
EPOCHS = 99  # of a whole run, and of a block where models are so fast that what begins a run would show
FAMILIES: tuple[Family, ...] = ("sc", "sl", "dlb", "dl")
RAW = {"cora": "planetoid", "texas": "geom_gcn"}
TARGETS = {"sl": 30.0, "dlb": 1.5, "dl": 1.5}


def classifier_workloads(folder: str, raw_data: str, scratch: Path, splits: int) -> list[Workload]:
    """An epoch of each family on Cora and on Texas, and all families' whole runs on some splits of Texas.

    Args:
      folder: of the processed data, which are made where they are missing.
      raw_data: folder with local copies of the raw data, or "" to download them.
      scratch: where the problems are written, for the processes that measure memory.
      splits: of the whole runs, 1 to 10.
    """
    paths = {}
    for name, raw in RAW.items():
        source = str(Path(raw_data) / raw) if raw_data else "download"
        paths[name] = scratch / f"{name}.npz"
        write_problem(data.load_nodes(prepare_node_data(name, source, folder=folder)), paths[name])
    workloads = [
        Workload(
            f"{family.upper()}, {name.title()}, one epoch",
            sides(gnnjax_epochs, torch_epochs, paths[name], family, other="torch"),
            target=TARGETS[family] if name == "cora" else None,
            steps=9 if name == "texas" else 1,
            our_steps=EPOCHS if name == "texas" or family == "sl" else 3,
        )
        for name in paths
        for family in TARGETS
    ]
    whole = Workload(
        f"four models, Texas, {splits} runs of {EPOCHS} epochs each, compilation included",
        sides(gnnjax_splits, torch_splits, paths["texas"], splits, other="torch"),
        target=5.0,
        repetitions=1,
        warm_up=False,
        measure_memory=False,
    )
    return [*workloads, whole]


def write_problem(dataset: data.NodeDataset, path: Path) -> None:
    """Writes the graph, ten splits and the structure that the models read."""
    np.savez(
        path,
        allow_pickle=False,
        nodes=dataset.nodes,
        senders=dataset.senders,
        receivers=dataset.receivers,
        labels=dataset.labels,
        num_classes=dataset.num_classes,
        distance_bias=data.distance_bias(data.shortest_path_distances(dataset)),
        positional_encoding=data.laplacian_encoding(dataset),
        **data.random_node_splits(dataset.num_nodes),
    )


class Problem:
    """What a family's models are trained on; reads no more than this of the file."""

    def __init__(self, path: Path, family: Family):
        self.family = family
        with np.load(path) as arrays:
            nodes, senders, receivers = (arrays[name] for name in ("nodes", "senders", "receivers"))
            self.labels, self.num_classes = arrays["labels"], int(arrays["num_classes"])
            self.masks = {part: arrays[part] for part in ("train", "valid", "test")}
            extra = {"dlb": "distance_bias", "dl": "positional_encoding"}.get(family)
            structure = {extra: arrays[extra]} if extra else {}
        sizes = np.array([len(nodes)]), np.array([len(senders)])
        graph = jraph.GraphsTuple(nodes, None, receivers, senders, None, *sizes)
        self.inputs: NodeInputs = node_inputs(graph, flow=FAMILY_FLOWS[family], **structure)

    def fit(self, split: int, epochs: int) -> None:
        """Trains a new model of gnnjax's."""
        model = build_node_classifier(
            self.family, self.inputs.nodes.shape[1], self.num_classes, **SIZE, rngs=nnx.Rngs(0)
        )
        masks = {part: mask[[split]] for part, mask in self.masks.items()}
        inputs = jax.tree.map(jnp.asarray, self.inputs)
        fit_nodes([model], inputs, self.labels, masks, seeds=[split], epochs=epochs)

    def torch_training(self, split: int) -> "NodeTraining":
        """A new model of PyTorch's, with its optimiser."""
        model = NodeClassifier(self.family, self.inputs.nodes.shape[1], self.num_classes, **SIZE)
        masks = {part: mask[split] for part, mask in self.masks.items()}
        return NodeTraining(model, inputs_from_gnnjax(self.family, self.inputs), self.labels, masks)


def gnnjax_epochs(path: Path, family: Family) -> Run:
    """A step is an epoch."""
    return functools.partial(Problem(path, family).fit, 0)


def torch_epochs(path: Path, family: Family) -> Run:
    """As `gnnjax_epochs`."""
    return repeated(Problem(path, family).torch_training(0).epoch)


def gnnjax_splits(path: Path, splits: int) -> Run:
    """A step is the whole runs of all families, from an empty cache of programs."""

    def step():
        jax.clear_caches()
        for family in FAMILIES:
            problem = Problem(path, family)
            for split in range(splits):
                problem.fit(split, EPOCHS)

    return repeated(step)


def torch_splits(path: Path, splits: int) -> Run:
    """As `gnnjax_splits`."""

    def step():
        for family in FAMILIES:
            problem = Problem(path, family)
            for split in range(splits):
                training = problem.torch_training(split)
                for _ in range(EPOCHS):
                    training.epoch()

    return repeated(step)
