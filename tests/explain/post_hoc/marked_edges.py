"""Graphs of which some edges alone decide what a hand-made classifier says."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from gnnjax.data import GraphDataset
from gnnjax.graphs import node_graph_ids

__all__ = ["classify", "marked_dataset", "one_class"]


def marked_dataset(num_graphs: int = 12, seed: int = 0) -> GraphDataset:
    """Undirected graphs with four coloured nodes each, all joined; edges between these are marked.

    Feature 0 of a node says whether it is coloured, feature 0 of an edge and its label whether it is marked; all other
    features are noise.
    """
    rng = np.random.default_rng(seed)
    n_node, colors, pairs, marks = [], [], [], []
    for _ in range(num_graphs):
        size = int(rng.integers(6, 10))
        colored = rng.permutation(size) < 4
        chosen = np.argwhere(np.triu((rng.random((size, size)) < 0.6) | (colored & colored[:, None]), 1))
        marked = colored[chosen].all(axis=1)
        both = np.concatenate([chosen, chosen[:, ::-1]])
        order = rng.permutation(len(both))
        n_node.append(size)
        colors.append(colored)
        pairs.append(both[order])
        marks.append(np.concatenate([marked, marked])[order])
    n_edge = np.array([len(each) for each in pairs], np.int32)
    senders, receivers = np.concatenate(pairs).T.astype(np.int32)
    marked = np.concatenate(marks)
    nodes = rng.normal(size=(sum(n_node), 3)).astype(np.float32)
    nodes[:, 0] = np.concatenate(colors)
    return GraphDataset(
        name="marked",
        task="binary",
        n_node=np.array(n_node, np.int32),
        n_edge=n_edge,
        nodes=nodes,
        senders=senders,
        receivers=receivers,
        labels=np.arange(num_graphs, dtype=np.float32)[:, None] % 2,
        edges=np.stack([marked, rng.random(len(marked))], axis=1).astype(np.float32),
        edge_labels=marked.astype(np.uint8),
    )


@jax.tree_util.Partial
def classify(graphs, edge_mask):
    """`[graphs, 1]`, a smooth function of the messages that marked edges carry."""
    mask = jnp.ones(len(graphs.senders)) if edge_mask is None else edge_mask
    received = jax.ops.segment_sum(mask * graphs.edges[:, 0], graphs.receivers, len(graphs.nodes))
    return 3 * jax.ops.segment_sum(jnp.tanh(received), node_graph_ids(graphs), len(graphs.n_node))[:, None] - 6.0


def one_class(dataset: GraphDataset, label: float) -> GraphDataset:
    """The same graphs with one label for all."""
    return dataclasses.replace(dataset, labels=np.full_like(dataset.labels, label))
