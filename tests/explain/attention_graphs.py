"""Small attention graphs with every corner case, for the tests of their analyses."""

import numpy as np
from hypothesis import strategies as st
from scipy import sparse

__all__ = ["INVALID", "attention_graphs", "graphs"]

INVALID = [
    (np.ones((2, 3)), "shape"),
    (np.ones(4), "shape"),
    (np.ones((2, 2, 2)), "shape"),
    (np.zeros((0, 0)), "at least one node"),
    (np.array([[0.5, np.nan], [0, 1]]), "NaN"),
    (np.array([[0.5, np.inf], [0, 1]]), "infinite"),
    (np.array([[0.5, -0.5], [0, 1]]), "never negative"),
    (sparse.csr_array(np.array([[0.5, np.nan], [0, 1]])), "NaN"),
    (sparse.coo_array(np.ones((2, 3))), "shape"),
]


@st.composite
def attention_graphs(draw, min_nodes=1, max_nodes=9):
    """Rows that sum to one or are all zero, with many zeros and many equal entries; float32 or float64."""
    nodes = draw(st.integers(min_nodes, max_nodes))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    weights = rng.integers(0, draw(st.sampled_from([2, 4, 1000])), (nodes, nodes)).astype(float)
    weights[rng.random(nodes) < 0.2] = 0
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1)
    return weights.astype(draw(st.sampled_from([np.float32, np.float64])))


@st.composite
def graphs(draw, nodes):
    """A directed graph as a bool matrix: from no edge to all of them, self loops and isolated nodes among them."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    return rng.random((nodes, nodes)) < draw(st.sampled_from([0, 0.1, 0.4, 1]))
