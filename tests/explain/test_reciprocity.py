"""Returned attention, by hand and against networkx."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from scipy import sparse

from gnnjax.explain.reciprocity import reciprocity
from tests.explain.attention_graphs import INVALID, attention_graphs


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_by_hand(make):
    """Of 1.5 between different nodes, 0.25 is returned by 0.5 and the other way round."""
    attention = np.array([[0.75, 0.25, 0], [0.5, 0, 0.5], [0, 0.25, 0.75]])
    assert reciprocity(make(attention)) == pytest.approx(1 / 1.5)
    assert math.isnan(reciprocity(make(np.eye(3))))
    assert reciprocity(make(np.ones((3, 3)) / 3)) == pytest.approx(1)


@given(attention=attention_graphs(2))
def test_without_weights_is_networkxs(attention):
    edges = (attention > 0) & ~np.eye(len(attention), dtype=bool)
    if edges.any():
        expected = nx.overall_reciprocity(nx.from_numpy_array(edges, create_using=nx.DiGraph))
        assert reciprocity(edges.astype(float)) == pytest.approx(expected)
        assert reciprocity(sparse.csr_array(edges.astype(float))) == pytest.approx(expected)


@pytest.mark.parametrize(("matrix", "message"), INVALID)
def test_refuses(matrix, message):
    with pytest.raises(ValueError, match=message):
        reciprocity(matrix)
