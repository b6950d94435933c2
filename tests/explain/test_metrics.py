"""Explanation metrics against their definitions, counted out."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gnnjax.explain import explanation_roc_auc, mean_attention, precision_at_k


@st.composite
def edges(draw):
    """Attention with many ties, and labels as stored in datasets."""
    size = draw(st.integers(1, 20))
    attention = draw(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=size, max_size=size))
    labels = draw(st.lists(st.integers(0, 1), min_size=size, max_size=size))
    return np.array(attention, np.float32), np.array(labels, np.uint8)


class TestExplanationRocAuc:
    @given(edges=edges())
    def test_is_the_share_of_ordered_pairs(self, edges):
        attention, labels = edges
        assume(0 < labels.sum() < len(labels))
        signal, background = attention[labels == 1], attention[labels == 0]
        pairs = [(s > b) + 0.5 * (s == b) for s in signal for b in background]
        assert explanation_roc_auc(attention, labels) == pytest.approx(np.mean(pairs))

    @pytest.mark.parametrize(("attention", "expected"), [((0.1, 0.2, 0.9), 1), ((0.5, 0.5, 0.5), 0.5), ((1, 1, 0), 0)])
    def test_by_hand(self, attention, expected):
        assert explanation_roc_auc(np.array(attention, np.float32), np.array([0, 0, 1])) == expected

    @pytest.mark.parametrize("labels", [[0, 0], [1, 1], []])
    def test_is_nan_with_one_class(self, labels):
        assert math.isnan(explanation_roc_auc(np.zeros(len(labels), np.float32), np.array(labels, np.uint8)))


class TestPrecisionAtK:
    @given(
        n_edge=st.lists(st.integers(0, 8), min_size=1, max_size=5),
        k=st.integers(1, 6),
        seed=st.integers(0, 1000),
    )
    def test_equals_a_loop(self, n_edge, k, seed):
        rng = np.random.default_rng(seed)
        attention = rng.permutation(sum(n_edge)).astype(np.float32)
        labels = rng.integers(0, 2, sum(n_edge)).astype(np.uint8)
        shares, start = [], 0
        for size in n_edge:
            own = range(start, start + size)
            top = sorted(own, key=lambda edge: attention[edge], reverse=True)[:k]
            shares.append(sum(int(labels[edge]) for edge in top) / k)
            start += size
        assert precision_at_k(attention, labels, np.array(n_edge), k) == pytest.approx(np.mean(shares))

    def test_by_hand(self):
        """A graph of three edges, one without edges, one of two edges."""
        attention = np.array([0.9, 0.1, 0.8, 0.3, 0.2], np.float32)
        labels = np.array([1, 1, 0, 0, 1])
        n_edge = np.array([3, 0, 2])
        assert precision_at_k(attention, labels, n_edge, 1) == pytest.approx((1 + 0 + 0) / 3)
        assert precision_at_k(attention, labels, n_edge, 2) == pytest.approx((1 / 2 + 0 + 1 / 2) / 3)
        assert precision_at_k(attention, labels, n_edge) == pytest.approx((2 / 5 + 0 + 1 / 5) / 3)

    def test_without_any_edges(self):
        assert precision_at_k(np.zeros(0, np.float32), np.zeros(0, np.uint8), np.array([0, 0])) == 0


class TestMeanAttention:
    def test_by_hand(self):
        attention = np.array([0.5, 0.25, 1, 0], np.float32)
        assert mean_attention(attention, np.array([1, 0, 1, 0], np.uint8)) == (0.75, 0.125)

    def test_is_nan_where_there_are_no_such_edges(self):
        signal, background = mean_attention(np.array([0.5, 1], np.float32), np.array([0, 0]))
        assert math.isnan(signal)
        assert background == 0.75
        assert all(math.isnan(mean) for mean in mean_attention(np.zeros(0, np.float32), np.zeros(0, int)))
