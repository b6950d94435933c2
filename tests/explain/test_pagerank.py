"""PageRank against networkx."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gnnjax.explain.pagerank import pagerank
from tests.explain.attention_graphs import INVALID, attention_graphs


@given(attention=attention_graphs(), damping=st.sampled_from([0.5, 0.85, 0.95]))
def test_equals_networkx(attention, damping):
    graph = nx.from_numpy_array(attention.astype(float), create_using=nx.DiGraph)
    expected = nx.pagerank(graph, damping, max_iter=2000, tol=1e-10)
    for matrix in (attention, sparse.csr_array(attention), 3 * attention):
        rank = pagerank(matrix, damping)
        np.testing.assert_allclose(rank, [expected[node] for node in range(len(rank))], rtol=1e-5)
        assert rank.sum() == pytest.approx(1)


def test_by_hand():
    """Both nodes attend to the second: it is reached by 0.1 / 2 + 0.9, the first by jumps alone."""
    np.testing.assert_allclose(pagerank(np.array([[0, 1], [0, 1.0]]), 0.9), [0.05, 0.95], rtol=1e-6)


@pytest.mark.parametrize("damping", [0.0, 0.85])
def test_without_attention_all_are_equal(damping):
    np.testing.assert_allclose(pagerank(np.zeros((4, 4)), damping), 0.25)


@pytest.mark.parametrize("damping", [-0.1, 1.0])
def test_refuses_damping(damping):
    with pytest.raises(ValueError, match="damping"):
        pagerank(np.eye(2), damping)


@pytest.mark.parametrize(("matrix", "message"), INVALID)
def test_refuses(matrix, message):
    with pytest.raises(ValueError, match=message):
        pagerank(matrix)
