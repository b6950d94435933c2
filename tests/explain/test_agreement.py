"""Correlation of attention matrices against scipy, and the sample of their entries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gnnjax.explain.agreement import attention_agreement, sample_paired_entries


def random_heads(heads, nodes, seed=0):
    weights = np.random.default_rng(seed).integers(0, 6, (heads, nodes, nodes)) + 0.5
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


class TestAttentionAgreement:
    def test_by_hand(self):
        """The second head is the opposite of the first; the third goes along with the first in part."""
        first = np.array([[0.75, 0.25], [0.25, 0.75]])
        expected = [[1, -1, 0.5**0.5], [-1, 1, -(0.5**0.5)], [0.5**0.5, -(0.5**0.5), 1]]
        third = np.array([[1, 0], [0.5, 0.5]])
        np.testing.assert_allclose(attention_agreement(np.stack([first, 1 - first, third])), expected, rtol=1e-12)

    @given(heads=st.integers(1, 4), nodes=st.integers(3, 8), seed=st.integers(0, 1000), diagonal=st.booleans())
    def test_equals_scipy(self, heads, nodes, seed, diagonal):
        attention = random_heads(heads, nodes, seed)
        counted = np.ones((nodes, nodes), bool) if diagonal else ~np.eye(nodes, dtype=bool)
        pearson = attention_agreement(attention, diagonal=diagonal)
        spearman = attention_agreement(attention, diagonal=diagonal, ranks=True)
        for one in range(heads):
            for other in range(heads):
                pair = attention[one][counted].astype(float), attention[other][counted].astype(float)
                assert pearson[one, other] == pytest.approx(stats.pearsonr(*pair).statistic)
                assert spearman[one, other] == pytest.approx(stats.spearmanr(*pair).statistic)

    def test_over_several_blocks_of_rows(self):
        attention = random_heads(2, 600)
        expected = np.corrcoef(attention.reshape(2, -1).astype(float))
        np.testing.assert_allclose(attention_agreement(attention), expected, rtol=1e-9)

    @pytest.mark.parametrize("ranks", [False, True])
    def test_constant_attention_agrees_with_nothing(self, ranks):
        attention = np.stack([np.full((3, 3), 1 / 3), random_heads(1, 3)[0]])
        np.testing.assert_allclose(attention_agreement(attention, ranks=ranks), [[np.nan, np.nan], [np.nan, 1]])

    def test_a_single_node(self):
        assert np.isnan(attention_agreement(np.ones((2, 1, 1)))).all()
        assert np.isnan(attention_agreement(np.ones((2, 1, 1)), diagonal=False)).all()

    @pytest.mark.parametrize(
        ("attention", "message"),
        [(np.ones((2, 2)), "shape"), (np.ones((2, 2, 3)), "shape"), (np.full((1, 2, 2), np.nan), "NaN")],
    )
    def test_refuses(self, attention, message):
        with pytest.raises(ValueError, match=message):
            attention_agreement(attention)


class TestSamplePairedEntries:
    @given(nodes=st.integers(1, 8), count=st.integers(0, 70), seed=st.integers(0, 100), diagonal=st.booleans())
    def test_draws_different_entries_of_both(self, nodes, count, seed, diagonal):
        first, second = random_heads(2, nodes)
        sample = sample_paired_entries(first, second, count, seed=seed, diagonal=diagonal)
        assert len(sample.queries) == min(count, nodes * (nodes if diagonal else nodes - 1))
        position = sample.queries * nodes + sample.keys
        assert np.all(np.diff(position) > 0)
        assert diagonal or not np.any(sample.queries == sample.keys)
        np.testing.assert_array_equal(sample.first, first.ravel()[position])
        np.testing.assert_array_equal(sample.second, second.ravel()[position])

    def test_depends_on_the_seed_alone(self):
        first, second = random_heads(2, 30)
        once, again, other = (sample_paired_entries(first, second, 50, seed=seed) for seed in (3, 3, 4))
        np.testing.assert_array_equal(once.keys, again.keys)
        assert not np.array_equal(once.keys, other.keys)

    def test_every_entry_is_drawn_about_as_often(self):
        head = random_heads(1, 4)[0]
        drawn = np.zeros((4, 4))
        for seed in range(400):
            sample = sample_paired_entries(head, head, 3, seed=seed, diagonal=False)
            drawn[sample.queries, sample.keys] += 1
        assert np.all(np.abs(drawn[~np.eye(4, dtype=bool)] - 100) < 40)
        assert not drawn.diagonal().any()

    def test_refuses_other_shapes(self):
        with pytest.raises(ValueError, match="cannot pair"):
            sample_paired_entries(np.eye(2), np.eye(3), 1)
        with pytest.raises(ValueError, match="cannot pair -1"):
            sample_paired_entries(np.eye(2), np.eye(2), -1)
