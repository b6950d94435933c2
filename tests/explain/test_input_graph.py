"""Correlation and overlap with the input graph against numpy and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gnnjax.explain.input_graph import edge_correlation, edge_overlap
from tests.explain.attention_graphs import INVALID, attention_graphs, graphs

EDGES = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]])


class TestEdgeCorrelation:
    @given(case=attention_graphs(2).flatmap(lambda matrix: st.tuples(st.just(matrix), graphs(len(matrix)))))
    def test_equals_numpy_off_the_diagonal(self, case):
        attention, edges = case
        counted = ~np.eye(len(edges), dtype=bool)
        weights, present = attention[counted].astype(float), edges[counted].astype(float)
        constant = np.ptp(weights) == 0 or np.ptp(present) == 0
        expected = math.nan if constant else np.corrcoef(weights, present)[0, 1]
        for make in (np.asarray, sparse.csr_array):
            correlation = edge_correlation(make(attention), make(edges))
            assert correlation == pytest.approx(expected, abs=1e-6, nan_ok=True)

    def test_by_hand(self):
        """Equal attention on both edges and nowhere else correlates fully, whatever the diagonal holds."""
        attention = np.array([[0.75, 0.25, 0], [0, 0.75, 0.25], [0, 0, 1]])
        assert edge_correlation(attention, EDGES) == pytest.approx(1)
        assert edge_correlation(attention.T, EDGES) == pytest.approx(-0.5)

    @pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
    def test_is_nan_where_undefined(self, make):
        for attention, edges in [
            (np.eye(3), EDGES),
            (np.full((3, 3), 0.1), EDGES),
            (np.zeros((3, 3)), EDGES),
            (EDGES / 2, np.eye(3)),
            (EDGES / 2, np.ones((3, 3))),
            (np.ones((1, 1)), np.ones((1, 1))),
        ]:
            assert math.isnan(edge_correlation(make(attention), edges))

    @pytest.mark.parametrize(("matrix", "message"), INVALID)
    def test_refuses(self, matrix, message):
        with pytest.raises(ValueError, match=message):
            edge_correlation(matrix, np.eye(2))


class TestEdgeOverlap:
    def test_by_hand(self):
        """Self loops aside one edge is common, of three in all."""
        assert edge_overlap(np.array([[1, 1, 1], [0, 1, 0], [0, 0, 0]]), EDGES) == pytest.approx(1 / 3)
        assert edge_overlap(sparse.csr_array(EDGES), EDGES) == 1
        assert edge_overlap(np.zeros((3, 3)), EDGES) == 0

    def test_is_nan_of_two_graphs_without_edges(self):
        assert math.isnan(edge_overlap(np.eye(3), np.zeros((3, 3))))

    def test_refuses_other_sizes(self):
        with pytest.raises(ValueError, match="2 nodes"):
            edge_overlap(np.eye(2), EDGES)
