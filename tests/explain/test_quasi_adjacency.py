"""The largest entries against a full sort, the grid against a thousand scans."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gnnjax.explain.quasi_adjacency import grid_threshold, prune, top_entries
from tests.explain.attention_graphs import INVALID, attention_graphs

ATTENTION = np.array([[0.5, 0.25, 0.25], [0.25, 0.75, 0], [0, 0.1, 0.9]])


@st.composite
def cases(draw):
    attention = draw(attention_graphs())
    return attention, draw(st.integers(0, attention.size)), draw(st.booleans())


class TestTopEntries:
    def test_by_hand(self):
        """Of three entries of 0.25 for two places, the first two by row and column."""
        np.testing.assert_array_equal(top_entries(ATTENTION, 5).toarray(), [[1, 1, 1], [0, 1, 0], [0, 0, 1]])
        off_diagonal = top_entries(ATTENTION, 3, diagonal=False)
        np.testing.assert_array_equal(off_diagonal.toarray(), [[0, 1, 1], [1, 0, 0], [0, 0, 0]])

    @given(case=cases())
    def test_equals_a_stable_sort(self, case):
        attention, count, diagonal = case
        ranked = attention if diagonal else attention * ~np.eye(len(attention), dtype=bool)
        first = np.argsort(-ranked, axis=None, kind="stable")[:count]
        expected = np.zeros(attention.size, bool)
        expected[first] = ranked.ravel()[first] > 0
        for make in (np.asarray, sparse.csr_array, sparse.csc_array):
            entries = top_entries(make(attention), count, diagonal=diagonal)
            assert entries.dtype == bool
            np.testing.assert_array_equal(entries.toarray().ravel(), expected)

    def test_never_takes_entries_without_attention(self):
        assert top_entries(np.eye(3), 9).nnz == 3
        assert top_entries(np.zeros((3, 3)), 9).nnz == 0
        assert top_entries(sparse.csr_array((3, 3)), 9).nnz == 0


class TestGridThreshold:
    @given(case=cases())
    def test_equals_the_scan(self, case):
        attention, count, diagonal = case
        counted = np.ones(attention.shape, bool) if diagonal else ~np.eye(len(attention), dtype=bool)
        found = [(attention[counted] >= step / 1000).sum() for step in range(1000)]
        best = min(range(1000), key=lambda step: abs(found[step] - count))
        for make in (np.asarray, sparse.csr_array):
            threshold, entries = grid_threshold(make(attention), count, diagonal=diagonal)
            assert threshold == best / 1000
            np.testing.assert_array_equal(entries.toarray(), (attention >= best / 1000) & counted)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_entries_on_the_grid_and_beside_it_equal_the_scan(self, dtype):
        grid = (np.arange(1000) / 1000).astype(dtype)
        values = np.concatenate([grid, np.nextafter(grid, dtype(0)), np.nextafter(grid, dtype(1)), [1] * 25])
        attention = np.random.default_rng(0).permutation(values).reshape(55, 55).astype(dtype)
        found = np.array([(attention >= step / 1000).sum() for step in range(1000)])
        for count in range(0, attention.size, 97):
            threshold, entries = grid_threshold(attention, count)
            best = np.argmin(np.abs(found - count))
            assert threshold == best / 1000
            assert entries.nnz == found[best]

    def test_by_hand(self):
        """Three entries lie above 0.25, and six above 0.1: of the thresholds that find six, the first is taken."""
        threshold, entries = grid_threshold(ATTENTION, 5)
        assert threshold == 0.101
        assert entries.nnz == 6


class TestPrune:
    @given(case=cases())
    def test_keeps_the_weights(self, case):
        attention, count, diagonal = case
        expected = attention if diagonal else attention * ~np.eye(len(attention), dtype=bool)
        for make in (np.asarray, sparse.csr_array):
            kept = prune(make(attention), diagonal=diagonal)
            np.testing.assert_array_equal(kept.toarray(), expected)
            assert kept.nnz == np.count_nonzero(expected)
            assert kept.dtype == attention.dtype
            kept = prune(make(attention), threshold=0.25, diagonal=diagonal)
            np.testing.assert_array_equal(kept.toarray(), expected * (expected >= 0.25))
            kept = prune(make(attention), count=count, diagonal=diagonal)
            chosen = top_entries(attention, count, diagonal=diagonal)
            assert kept.nnz == chosen.nnz
            np.testing.assert_array_equal(kept.toarray(), expected * chosen.toarray())

    def test_refuses_two_rules(self):
        with pytest.raises(ValueError, match="give one"):
            prune(ATTENTION, threshold=0.1, count=3)

    @pytest.mark.parametrize("threshold", [-0.1, np.nan])
    def test_refuses_a_threshold(self, threshold):
        with pytest.raises(ValueError, match=f"threshold is {threshold}"):
            prune(ATTENTION, threshold=threshold)


@pytest.mark.parametrize("function", [top_entries, grid_threshold, lambda matrix, count: prune(matrix, count=count)])
class TestErrors:
    @pytest.mark.parametrize("count", [-1, 10])
    def test_count(self, function, count):
        with pytest.raises(ValueError, match=f"count is {count}"):
            function(ATTENTION, count)

    @pytest.mark.parametrize(("matrix", "message"), INVALID)
    def test_attention(self, function, matrix, message):
        with pytest.raises(ValueError, match=message):
            function(matrix, 1)
