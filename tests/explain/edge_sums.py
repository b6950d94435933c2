"""A model small enough to be computed by hand: logits are sums over the edges of a graph."""

import jax
import numpy as np

from gnnjax.explain import Explanations, masked_classifier
from gnnjax.graphs import edge_graph_ids
from tests.random_graphs import random_dataset

__all__ = ["edge_sums", "explanations_of", "logits_of"]

TASKS = {"binary": 1, "multiclass": 3, "multilabel": 2, "regression": 2}


def _apply(weights, graphs, edge_mask):
    messages = graphs.nodes[graphs.senders] @ weights
    if edge_mask is not None:
        messages = messages * edge_mask[:, None]
    return jax.ops.segment_sum(messages, edge_graph_ids(graphs), len(graphs.n_node)) + 0.1


def edge_sums(task, seed=0):
    """The classifier and its weights."""
    weights = np.random.default_rng(seed).normal(size=(3, TASKS[task])).astype(np.float32)
    return masked_classifier(_apply, weights), weights


def logits_of(explanation, weights, mask):
    """`[outputs]`, of one graph, in numpy."""
    return (explanation.graph.nodes[explanation.graph.senders] @ weights * mask[:, None]).sum(axis=0) + 0.1


def explanations_of(task, seed=0, num_graphs=12):
    rng = np.random.default_rng(seed)
    dataset = random_dataset(seed, num_graphs, task=task, out_features=TASKS[task])
    indices = rng.permutation(num_graphs)[: num_graphs - 2]
    return Explanations(dataset, indices, rng.uniform(size=dataset.n_edge[indices].sum()).astype(np.float32))
