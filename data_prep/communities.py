"""A random graph of any size whose classes are communities."""

import numpy as np

from gnnjax.data import NodeDataset, sorted_unique_edges
from gnnjax.errors import DataError

__all__ = ["generate"]

_CLASSES, _FEATURES = 8, 32


def generate(num_nodes: int, num_edges: int, *, seed: int = 0, undirected: bool = False) -> NodeDataset:
    """Draws nodes of eight classes; four in five edges stay within a class, features are the class plus noise.

    Args:
      num_nodes, num_edges: sizes; edges that are drawn twice count once.
      seed: of everything that is drawn.
      undirected: add the opposite of each edge, of which half as many are drawn then.

    Raises:
      DataError: the sizes make no graph.
    """
    if num_nodes < 10 * _CLASSES or num_edges < 2:
        raise DataError(f"{num_nodes} nodes and {num_edges} edges make no graph; at least {10 * _CLASSES} and 2")
    rng = np.random.default_rng(seed)
    drawn = num_edges // 2 if undirected else num_edges
    labels = rng.integers(0, _CLASSES, num_nodes).astype(np.int32)
    by_class = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[by_class], np.arange(_CLASSES + 1))
    senders = rng.integers(0, num_nodes, drawn)
    within = first[labels[senders]] + rng.integers(0, 2**31, drawn) % np.diff(first)[labels[senders]]
    receivers = np.where(rng.random(drawn) < 0.8, by_class[within], rng.integers(0, num_nodes, drawn))
    if undirected:
        senders, receivers = np.concatenate([senders, receivers]), np.concatenate([receivers, senders])
    senders, receivers = sorted_unique_edges(senders, receivers)
    nodes = rng.normal(size=(num_nodes, _FEATURES)).astype(np.float32)
    nodes[np.arange(num_nodes), labels] += 1
    return NodeDataset("generated", nodes, senders, receivers, labels, _CLASSES)
