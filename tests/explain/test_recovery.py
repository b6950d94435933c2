"""Precision, recall and F1 against scikit-learn, and against the recordings of the original."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import precision_recall_fscore_support

from gnnjax.explain.edge_attention import attention_on_edges
from gnnjax.explain.quasi_adjacency import grid_threshold, top_entries
from gnnjax.explain.recovery import adjacency_recovery, recovery
from tests.explain.attention_graphs import attention_graphs, graphs

EDGES = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
PREDICTED = np.array([[1, 1, 1], [0, 0, 0], [0, 1, 1]])


class TestRecovery:
    def test_by_hand(self):
        """A + I has five entries; of the five predicted, (0, 0), (0, 1) and (2, 2) are among them."""
        assert recovery(PREDICTED, EDGES) == pytest.approx((0.6, 0.6, 0.6))
        assert recovery(PREDICTED, EDGES, diagonal=False) == pytest.approx((1 / 3, 1 / 2, 2 / 5))

    @given(
        case=st.integers(2, 7).flatmap(lambda nodes: st.tuples(graphs(nodes), graphs(nodes))),
        diagonal=st.booleans(),
    )
    def test_equals_scikit_learn(self, case, diagonal):
        predicted, edges = case
        loops = np.eye(len(edges), dtype=bool)
        counted = np.full(edges.shape, True) if diagonal else ~loops
        *expected, _ = precision_recall_fscore_support(
            (edges | loops)[counted], predicted[counted], average="binary", zero_division=0
        )
        assert recovery(predicted, edges, diagonal=diagonal) == pytest.approx(expected)
        assert recovery(sparse.csr_array(predicted), sparse.coo_array(edges), diagonal=diagonal) == pytest.approx(
            expected
        )

    def test_refuses_other_sizes(self):
        with pytest.raises(ValueError, match="4 nodes"):
            recovery(np.eye(4), EDGES)


class TestAdjacencyRecovery:
    @given(case=attention_graphs(2).flatmap(lambda matrix: st.tuples(st.just(matrix), graphs(len(matrix)))))
    def test_is_its_parts(self, case):
        attention, edges = case
        loops = np.eye(len(edges), dtype=bool)
        result = adjacency_recovery(attention, edges)
        count = int((edges | loops).sum())
        grid = grid_threshold(attention, count)
        assert result.top == recovery(top_entries(attention, count), edges)
        assert (result.grid, result.threshold) == (recovery(grid.entries, edges), grid.threshold)
        count, hidden = int((edges & ~loops).sum()), attention * ~loops
        assert result.top_off_diagonal == recovery(top_entries(hidden, count), edges, diagonal=False)
        grid = grid_threshold(attention, count, diagonal=False)
        assert result.grid_off_diagonal == recovery(grid.entries, edges, diagonal=False)
        assert result.threshold_off_diagonal == grid.threshold
        assert adjacency_recovery(sparse.csr_array(attention), sparse.csr_array(edges)) == result

    def test_the_graph_itself_is_recovered(self):
        attention = (EDGES + np.eye(3)) / (EDGES + np.eye(3)).sum(axis=1, keepdims=True)
        result = adjacency_recovery(attention, EDGES)
        perfect = (1, 1, 1)
        assert [result.top, result.grid, result.top_off_diagonal, result.grid_off_diagonal] == [perfect] * 4


@pytest.mark.parametrize("name", ["dl_texas_2l2h", "dlb_cornell_1l1h", "dlb_texas_2l2h", "sl_texas_2l2h"])
def test_equals_the_original(name):
    with np.load(Path(__file__).parents[1] / "fixtures" / f"ag_{name}.npz", allow_pickle=False) as golden:
        attention, edges = golden["eval.attention_graph"], golden["in.adjacency_with_self_loops"]
        result, ratio = adjacency_recovery(attention, edges), attention_on_edges(attention, edges).ratio
        np.testing.assert_allclose(result.grid, golden["eval.precision_recall_f1"], rtol=1e-6)
        assert result.threshold == pytest.approx(golden["eval.threshold"])
        assert ratio == pytest.approx(golden["eval.nonneighbour_to_neighbour_ratio"], rel=1e-4, abs=1e-7)
