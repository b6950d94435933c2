"""Where the nodes of one large graph are drawn."""

import numpy as np
from jaxtyping import Float, Integer
from scipy import sparse

__all__ = ["lay_out_graph"]

_NUM_SMOOTHINGS, _NUM_STEPS, _SAMPLE = 30, 200, 300
# Of the forces: found by eye on the seven graphs of the paper on attention graphs.
_REPULSION, _ATTRACTION, _GRAVITY = 0.5, 2.0, 0.05


def lay_out_graph(
    num_nodes: int,
    senders: Integer[np.ndarray, " edges"],
    receivers: Integer[np.ndarray, " edges"],
) -> Float[np.ndarray, "nodes 2"]:
    """Places nodes by forces: edges pull, all nodes push each other apart, the middle holds separate parts together.

    Each edge pulls by the inverse root of both degrees, so that hubs do not draw everything into one clump. In a large
    graph the push comes from 300 nodes drawn anew in each of the 200 steps, which takes seconds for 5,000 nodes where
    `networkx.spring_layout` takes minutes. It starts from smoothed random numbers, near the leading eigenvectors of the
    graph. The same graph is laid out in the same way each time.

    Args:
      num_nodes: of the graph.
      senders, receivers: node ids; directions, parallel edges and self loops do not matter.

    Returns:
      float32 (x, y), around the origin, the furthest 1 away from it in x or y.

    Source: Fruchterman and Reingold, Software: Practice and Experience 1991, for the moves and their cooling.
    """
    if num_nodes == 1:
        return np.zeros((1, 2), np.float32)
    rng = np.random.default_rng(0)
    joined = senders != receivers
    ones = np.ones(joined.sum(), np.float32)
    adjacency = sparse.csr_array((ones, (senders[joined], receivers[joined])), shape=(num_nodes, num_nodes))
    adjacency = adjacency.maximum(adjacency.T).astype(bool).astype(np.float32)
    degrees = adjacency.sum(axis=1).astype(np.float32)
    places = _smooth_start(adjacency, degrees, rng)

    scaling = sparse.diags_array(1 / np.sqrt(np.maximum(degrees, 1)))
    pull = (scaling @ adjacency @ scaling).tocsr()
    total_pull = pull.sum(axis=1)[:, None]
    for step in range(_NUM_STEPS):
        others = rng.choice(num_nodes, min(num_nodes, _SAMPLE), replace=False)
        force = (
            _REPULSION * num_nodes / len(others) * _push(places, others)
            + _ATTRACTION * (pull @ places - total_pull * places)
            - _GRAVITY * places
        )
        length = np.linalg.norm(force, axis=1, keepdims=True)
        longest_move = 0.1 * np.sqrt(num_nodes) * (1 - step / _NUM_STEPS)
        places = (places + force * np.minimum(1, longest_move / np.maximum(length, 1e-9))).astype(np.float32)
    places -= (places.min(axis=0) + places.max(axis=0)) / 2
    return places / max(float(np.abs(places).max()), 1e-9)


def _smooth_start(adjacency: sparse.csr_array, degrees: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`[nodes, 2]`, random numbers averaged over neighbours again and again, which brings close what is connected."""
    num_nodes = len(degrees)
    values = rng.normal(size=(num_nodes, 2)).astype(np.float32)
    weights = (degrees + 1)[:, None]
    for _ in range(_NUM_SMOOTHINGS):
        values = (adjacency @ values + values) / weights
        # All equal is what averaging tends to; this leaves what tends there slowest.
        values -= (values * weights).sum(axis=0) / weights.sum()
        values, _ = np.linalg.qr(values)
    # A few far outliers would leave all others in one place.
    return np.sqrt(num_nodes) * np.tanh(0.7 * np.sqrt(num_nodes) * values) / 1.4


def _push(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """`[nodes, 2]`, from each of `others` by the inverse of the distance."""
    centers = places[others]
    ones = np.ones((len(places), 1), np.float32)
    # |a|^2 + |b|^2 - 2 a.b, as one product of matrices.
    left = np.hstack([places, (places**2).sum(axis=1, keepdims=True), ones])
    right = np.hstack([-2 * centers, ones[others], (centers**2).sum(axis=1, keepdims=True)])
    push = left @ right.T
    np.maximum(push, 0.01, out=push)
    np.divide(1, push, out=push)
    push[others, np.arange(len(others))] = 0
    return places * push.sum(axis=1, keepdims=True) - push @ centers
