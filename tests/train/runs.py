"""What the tests of whole training runs share."""

import contextlib

import jax.monitoring
import numpy as np

from gnnjax.data import GraphDataset, random_split
from gnnjax.train import Callback
from tests.random_graphs import random_dataset

__all__ = ["SPLITS", "StepCounter", "Stop", "StopAfter", "assert_same_weights", "compilations", "learnable_dataset"]

SPLITS = random_split(40, seed=0, train=0.6, valid=0.2)


def learnable_dataset() -> GraphDataset:
    """40 graphs whose label is the sign of a sum over their nodes: easily learned."""
    graphs = random_dataset(0, num_graphs=40)
    sums = np.add.reduceat(graphs.nodes[:, 0], graphs.node_offsets[:-1])
    graphs.labels[:, 0] = sums > 0
    return graphs


class Stop(Exception):
    """Ends a run from outside."""


class StopAfter(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch(self, entry, evaluations):
        if entry["epoch"] == self.epoch:
            raise Stop


class StepCounter(Callback):
    def __init__(self):
        self.starts, self.steps, self.ends = [], [], 0

    def on_start(self, first_epoch, epochs, steps_per_epoch):
        self.starts.append((first_epoch, epochs, steps_per_epoch))

    def on_step(self, steps_done):
        self.steps.append(steps_done)

    def on_end(self):
        self.ends += 1


def assert_same_weights(first, second):
    assert first.keys() == second.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)


@contextlib.contextmanager
def compilations():
    """The names of the functions that are compiled within the block, one by one."""
    names = []

    def listen(event, duration, fun_name="", **_):
        if event.endswith("backend_compile_duration"):
            names.append(fun_name)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield names
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
