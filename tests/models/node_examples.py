"""A small directed graph with an isolated node, and models on it."""

import jraph
import numpy as np
from flax import nnx

from gnnjax.data import distance_bias, shortest_path_distances
from gnnjax.data.node_dataset import NodeDataset
from gnnjax.models import FAMILY_FLOWS, build_node_classifier, node_inputs

SENDERS, RECEIVERS = np.array([0, 0, 1, 3, 4]), np.array([1, 2, 2, 4, 4])
NUM_NODES = 6  # Node 5 is isolated; node 4 has a self loop.


def example_graph(seed=0, features=4):
    nodes = np.random.default_rng(seed).normal(size=(NUM_NODES, features)).astype(np.float32)
    sizes = np.array([NUM_NODES]), np.array([len(SENDERS)])
    return jraph.GraphsTuple(nodes, None, RECEIVERS, SENDERS, None, *sizes)


def example_dataset(seed=0):
    ends = SENDERS.astype(np.int32), RECEIVERS.astype(np.int32)
    labels = np.array([0, 1, 2, 0, 1, 2], np.int32)
    return NodeDataset("example", example_graph(seed).nodes, *ends, labels, 3)


def example_inputs(family, seed=0):
    bias = distance_bias(shortest_path_distances(example_dataset(seed)))
    encoding = np.random.default_rng(1).normal(size=(NUM_NODES, 16)).astype(np.float32)
    return node_inputs(example_graph(seed), flow=FAMILY_FLOWS[family], distance_bias=bias, positional_encoding=encoding)


def example_model(family, seed=0, **arguments):
    return build_node_classifier(family, 4, 3, hidden_size=8, rngs=nnx.Rngs(seed), **arguments)
