"""GSAT's training and evaluation steps with the published settings, beside PyTorch Geometric."""

import functools
from typing import Any

import jax
from flax import nnx

from benchmarks.machine import HAVE_PYG
from benchmarks.workload import Run, Workload, repeated, sides
from experiments.from_config import backbone_arguments, load_dataset, split_dataset
from experiments.reproduce import configure
from gnnjax.data import GraphBatch, batch_shape, epoch_order, make_batch
from gnnjax.models import GSAT, build_backbone
from gnnjax.train import GSATObjective, adam_l2, create_state, make_eval_step, make_train_step

if HAVE_PYG:
    from benchmarks import pyg_gsat

__all__ = ["R", "gsat_workloads", "load_problem", "training_state"]

TITLES = {"ba2motifs": "BA-2Motifs", "spmotif_0.5": "SPMotif 0.5", "molhiv": "molhiv"}
TRAIN_TARGETS = {"gin": 3.0, "pna": 3.5}
EVALUATION_TARGET = 3.0
STEPS = {"gin": 10, "pna": 3}
R = 0.7


def gsat_workloads(data: str, raw_data: str, names: tuple[str, ...] = tuple(TITLES)) -> list[Workload]:
    """A training step and the evaluation of a batch, for both backbones on each of the datasets.

    Args:
      data: folder of the processed data, which are made where they are missing.
      raw_data: folder with local copies of the raw data, or "" to download them.
      names: of `experiments/reproduce.py`.
    """
    return [
        workload
        for name in names
        for backbone in TRAIN_TARGETS
        for workload in _of_backbone(name, backbone, data, raw_data)
    ]


def _of_backbone(name: str, backbone: str, data: str, raw_data: str) -> list[Workload]:
    problem, train, evaluation = load_problem(f"{name}-{backbone}", data, raw_data)
    makes = {"training": (train_ours, train_pyg, train), "evaluation": (evaluate_ours, evaluate_pyg, evaluation)}
    return [
        Workload(
            f"{phase}, {backbone.upper()}, {TITLES[name]}, {int(batch.graph_mask.sum())} graphs",
            sides(ours, theirs, problem, batch),
            target=TRAIN_TARGETS[backbone] if phase == "training" else EVALUATION_TARGET,
            steps=STEPS[backbone],
        )
        for phase, (ours, theirs, batch) in makes.items()
    ]


def load_problem(run: str, data: str, raw_data: str) -> tuple[dict[str, Any], GraphBatch, GraphBatch]:
    """Of a run of `experiments/reproduce.py` what a model is made of, and the first batches of training and validation.

    The batch of training has the shape that a run of ten epochs takes, so that its padding is counted.
    """
    config = configure(run, raw_data=raw_data, data_folder=data, epochs=0, interval=0)
    dataset = load_dataset(config)
    splits, size = split_dataset(config, dataset, seed=0), config.training.batch_size
    problem = {
        "backbone": backbone_arguments(config, dataset, splits),
        "task": dataset.task,
        "learn_on_edges": config.attention.learn_on_edges,
        **config.optimizer.to_dict(),
    }
    orders = [epoch_order(splits["train"], seed=0, epoch=epoch) for epoch in range(10)]
    train = make_batch(dataset, orders[0][:size], batch_shape(dataset, orders, size))
    evaluation = make_batch(dataset, splits["valid"][:size], batch_shape(dataset, [splits["valid"]], size))
    return problem, train, evaluation


def training_state(problem: dict[str, Any]):
    """Optimiser, objective, static part of the model and state in which training starts."""
    backbone = build_backbone(**problem["backbone"], rngs=nnx.Rngs(0))
    model = GSAT(backbone, learn_edge_attention=problem["learn_on_edges"], rngs=nnx.Rngs(1))
    optimizer = adam_l2(problem["learning_rate"], problem["weight_decay"])
    return optimizer, GSATObjective(problem["task"]), *create_state(model, optimizer)


def train_ours(problem: dict[str, Any], batch: GraphBatch) -> Run:
    """A step is one of training."""
    optimizer, objective, graphdef, state = training_state(problem)
    step, batch, key = make_train_step(graphdef, optimizer, objective), jax.device_put(batch), jax.random.key(0)
    count = 0

    def run(steps: int):
        nonlocal state, count
        report = []
        for _ in range(steps):
            count += 1
            state, *report = step(state, batch, R, 1.0, jax.random.fold_in(key, count))
        jax.block_until_ready((state, report))

    return run


def evaluate_ours(problem: dict[str, Any], batch: GraphBatch) -> Run:
    """A step is the evaluation of a batch."""
    _, objective, graphdef, state = training_state(problem)
    step = make_eval_step(graphdef, objective)
    return repeated(functools.partial(step, state[:2], jax.device_put(batch), R))


def _pyg_training(problem: dict[str, Any]) -> "pyg_gsat.GSATTraining":
    arguments = dict(problem["backbone"])
    classifier = pyg_gsat.BACKBONES[arguments.pop("name")](**arguments)
    return pyg_gsat.GSATTraining(
        classifier,
        problem["task"],
        learn_edge_attention=problem["learn_on_edges"],
        learning_rate=problem["learning_rate"],
        weight_decay=problem["weight_decay"],
    )


def train_pyg(problem: dict[str, Any], batch: GraphBatch) -> Run:
    """As `train_ours`."""
    return repeated(functools.partial(_pyg_training(problem).train_step, pyg_gsat.batch_from_gnnjax(batch), R))


def evaluate_pyg(problem: dict[str, Any], batch: GraphBatch) -> Run:
    """As `evaluate_ours`."""
    return repeated(functools.partial(_pyg_training(problem).eval_step, pyg_gsat.batch_from_gnnjax(batch), R))
