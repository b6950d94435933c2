"""Degrees over a dataset."""

import numpy as np

from gnnjax.data.dataset import GraphDataset

__all__ = ["degree_histogram"]


def degree_histogram(dataset: GraphDataset, indices: np.ndarray) -> np.ndarray:
    """`[degrees]`, how many nodes of the graphs `indices` receive 0, 1, 2, ... edges; at least 10 entries long.

    Examples:
      >>> import networkx as nx, numpy as np
      >>> from gnnjax import data
      >>> star = data.from_networkx([nx.star_graph(3)], [1])
      >>> data.degree_histogram(star, np.array([0])).tolist()
      [0, 3, 0, 1, 0, 0, 0, 0, 0, 0]
    """
    receivers = dataset.receivers + np.repeat(dataset.node_offsets[:-1], dataset.n_edge)
    degrees = np.bincount(receivers, minlength=len(dataset.nodes))
    return np.bincount(degrees[dataset.node_rows(indices)], minlength=10)
