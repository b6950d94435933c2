"""Attention by distance against sums written out and a naive loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gnnjax.explain.hops import attention_by_hops, class_means, expected_hops
from tests.explain.attention_graphs import INVALID, attention_graphs

# A path 0 -> 1 -> 2, against whose direction nothing is reached.
DISTANCES = np.array([[0, 1, 2], [-1, 0, 1], [-1, -1, 0]], np.int16)
ATTENTION = np.array([[0.5, 0.25, 0.25], [0.5, 0.5, 0], [0.75, 0.25, 0]])


@st.composite
def cases(draw):
    attention = draw(attention_graphs())
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    distances = rng.integers(-1, 5, attention.shape).astype(draw(st.sampled_from([np.int16, np.int64])))
    np.fill_diagonal(distances, 0)
    return attention, distances


class TestAttentionByHops:
    def test_by_hand(self):
        hops = attention_by_hops(ATTENTION, DISTANCES)
        np.testing.assert_array_equal(hops.total, [1, 0.25, 0.25])
        np.testing.assert_array_equal(hops.count, [3, 2, 1])
        np.testing.assert_allclose(hops.mean, [1 / 3, 0.125, 0.25])
        np.testing.assert_allclose(hops.share, [1 / 3, 0.25 / 3, 0.25 / 3])
        assert (hops.unreachable_total, hops.unreachable_count) == (1.5, 3)
        assert (hops.unreachable_mean, hops.unreachable_share) == (0.5, 0.5)

    @given(case=cases())
    def test_equals_a_mask_for_each_distance(self, case):
        attention, distances = case
        hops = attention_by_hops(attention, distances)
        assert len(hops.total) == distances.max() + 1
        for distance in range(distances.max() + 1):
            assert hops.count[distance] == (distances == distance).sum()
            assert hops.total[distance] == pytest.approx(attention[distances == distance].sum(), abs=1e-5)
        assert hops.unreachable_total == pytest.approx(attention[distances == -1].sum(), abs=1e-5)
        assert hops.count.sum() + hops.unreachable_count == distances.size
        if attention.any():
            assert hops.share.sum() + hops.unreachable_share == pytest.approx(1)

    def test_of_isolated_nodes(self):
        hops = attention_by_hops(np.full((2, 2), 0.5), np.array([[0, -1], [-1, 0]]))
        assert (hops.total.tolist(), hops.unreachable_total) == ([1], 1)

    def test_distances_that_do_not_occur_and_no_attention_at_all(self):
        hops = attention_by_hops(np.zeros((2, 2)), np.array([[0, 2], [2, 0]]))
        assert hops.mean[[0, 2]].tolist() == [0, 0]
        assert np.isnan(hops.mean[1])
        assert np.isnan(hops.share).all()
        assert np.isnan(hops.unreachable_mean)


class TestExpectedHops:
    def test_by_hand(self):
        """Node 2 pays all attention to nodes it cannot reach."""
        np.testing.assert_allclose(expected_hops(ATTENTION, DISTANCES), [0.75, 0, np.nan])

    @given(case=cases())
    def test_equals_a_loop(self, case):
        attention, distances = case
        for node, expected in enumerate(expected_hops(attention, distances)):
            weights = attention[node].astype(float) * (distances[node] >= 0)
            if weights.sum():
                assert expected == pytest.approx((weights * distances[node]).sum() / weights.sum())
            else:
                assert np.isnan(expected)


class TestClassMeans:
    def test_by_hand(self):
        means = class_means(np.array([1, 3, np.nan, 5, np.nan]), np.array([0, 0, 0, 2, 3]), 5)
        np.testing.assert_array_equal(means, [2, np.nan, 5, np.nan, np.nan])

    def test_counts_classes_by_itself(self):
        np.testing.assert_array_equal(class_means(np.array([1.0, 2.0]), np.array([1, 0])), [2, 1])

    def test_refuses_a_class_out_of_range(self):
        with pytest.raises(ValueError, match="not below num_classes = 2"):
            class_means(np.array([1.0]), np.array([2]), 2)

    def test_refuses_other_labels(self):
        with pytest.raises(ValueError, match="labels must be 2 integers"):
            class_means(np.array([1.0, 2.0]), np.array([0]))


@pytest.mark.parametrize("function", [attention_by_hops, expected_hops])
class TestErrors:
    @pytest.mark.parametrize(("matrix", "message"), INVALID)
    def test_attention(self, function, matrix, message):
        with pytest.raises(ValueError, match=message):
            function(matrix, np.zeros(matrix.shape, int))

    def test_sparse(self, function):
        with pytest.raises(ValueError, match="toarray"):
            function(sparse.eye_array(3), DISTANCES)

    @pytest.mark.parametrize(
        ("distances", "message"),
        [(DISTANCES[:2], "shape"), (DISTANCES.astype(float), "float64"), (DISTANCES - 1, "-2")],
    )
    def test_distances(self, function, distances, message):
        with pytest.raises(ValueError, match=message):
            function(ATTENTION, distances)
