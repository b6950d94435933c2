"""Mean clustering against networkx."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.explain.clustering import mean_clustering
from tests.explain.attention_graphs import graphs


@given(edges=st.integers(1, 12).flatmap(graphs))
def test_equals_networkx(edges):
    expected = nx.average_clustering(nx.from_numpy_array(edges | edges.T))
    assert mean_clustering(edges) == pytest.approx(expected)


def test_over_several_blocks_of_rows():
    edges = np.random.default_rng(0).random((1100, 1100)) < 0.005
    assert mean_clustering(edges) == pytest.approx(nx.average_clustering(nx.from_numpy_array(edges | edges.T)))


def test_by_hand():
    """A triangle with a tail at node 0, whose three neighbours have one edge of three."""
    edges = np.array([[0, 1, 0, 1], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    assert mean_clustering(edges) == pytest.approx((1 / 3 + 1 + 1 + 0) / 4)


def test_refuses():
    with pytest.raises(ValueError, match="shape"):
        mean_clustering(np.ones((2, 3)))
