"""Attention on and off edges against masks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gnnjax.explain.edge_attention import attention_on_edges
from tests.explain.attention_graphs import INVALID, attention_graphs, graphs

EDGES = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 1]])


def test_by_hand():
    """A + I has the entries (0, 0), (0, 1), (1, 1), (2, 2)."""
    attention = np.array([[0.5, 0.25, 0.25], [0.5, 0.5, 0], [0.75, 0, 0.25]])
    result = attention_on_edges(attention, EDGES)
    assert (result.mean_on, result.mean_off, result.share_on) == (0.375, 0.3, 0.5)
    assert result.ratio == pytest.approx(0.8)


@given(case=attention_graphs().flatmap(lambda attention: st.tuples(st.just(attention), graphs(len(attention)))))
def test_equals_masks_and_is_the_same_for_sparse(case):
    attention, edges = case
    on = edges | np.eye(len(edges), dtype=bool)
    dense, stored = attention_on_edges(attention, edges), attention_on_edges(sparse.csr_array(attention), edges)
    np.testing.assert_allclose(stored, dense, rtol=1e-6)
    assert dense.mean_on == pytest.approx(attention[on].mean(dtype=float))
    if not on.all():
        assert dense.mean_off == pytest.approx(attention[~on].mean(dtype=float))
    if attention.any():
        assert dense.share_on == pytest.approx(attention[on].sum(dtype=float) / attention.sum(dtype=float))


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_sparse_attention_has_exactly_none_off_edges(make):
    edges = np.random.default_rng(0).random((50, 50)) < 0.1
    attention = (edges | np.eye(50, dtype=bool)) * np.random.default_rng(1).random((50, 50)).astype(np.float32)
    result = attention_on_edges(make(attention), edges)
    assert (result.mean_off, result.ratio, result.share_on) == (0, 0, 1)


def test_undefined_numbers_are_nan():
    complete = attention_on_edges(np.full((2, 2), 0.5), np.ones((2, 2)))
    assert (complete.mean_on, complete.share_on) == (0.5, 1)
    assert math.isnan(complete.mean_off)
    assert math.isnan(complete.ratio)
    none = attention_on_edges(np.zeros((2, 2)), np.zeros((2, 2)))
    assert (none.mean_on, none.mean_off) == (0, 0)
    assert math.isnan(none.share_on)
    assert attention_on_edges(np.array([[0, 1], [0, 0.0]]), np.zeros((2, 2))).ratio == math.inf


@pytest.mark.parametrize(("matrix", "message"), INVALID)
def test_refuses(matrix, message):
    with pytest.raises(ValueError, match=message):
        attention_on_edges(matrix, np.eye(2))


def test_refuses_a_graph_of_another_size():
    with pytest.raises(ValueError, match="3 nodes, the attention graph 2"):
        attention_on_edges(np.eye(2), EDGES)
