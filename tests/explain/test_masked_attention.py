"""Attention without some of its entries, in both of its forms."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.explain.masked_attention import mask_attention, without_diagonal, without_keys
from gnnjax.ops import sparse_pattern
from tests.explain.copying_model import COLUMNS, ROWS

PATTERN = sparse_pattern(ROWS, COLUMNS, 3)


def as_matrices(attention):
    matrices = np.zeros((*attention.shape[:2], 3, 3), np.float32)
    matrices[..., ROWS, COLUMNS] = attention
    return matrices


@given(seed=st.integers(0, 10_000), renormalize=st.booleans())
def test_both_forms_are_what_numpy_gives(seed, renormalize):
    rng = np.random.default_rng(seed)
    attention = rng.random((2, 2, len(ROWS)), np.float32)
    kept = rng.random(attention.shape) < 0.6
    expected = as_matrices(attention * kept)
    if renormalize:
        totals = expected.sum(-1, keepdims=True)
        expected = np.divide(expected, totals, out=np.zeros_like(expected), where=totals > 0)
    sparse = mask_attention(attention, kept, PATTERN, renormalize)
    dense = mask_attention(as_matrices(attention), as_matrices(kept) > 0, PATTERN, renormalize)
    np.testing.assert_allclose(as_matrices(np.asarray(sparse)), expected, rtol=1e-6)
    np.testing.assert_allclose(dense, expected, rtol=1e-6)


def test_knocked_out_keys_and_diagonal():
    attention = np.array([0.5, 0.25, 0.25, 1, 0.5, 0.5], np.float32)[None, None]
    for renormalize, keys, diagonal in (
        (False, [0.5, 0, 0.25, 0, 0.5, 0.5], [0, 0.25, 0.25, 0, 0.5, 0]),
        (True, [2 / 3, 0, 1 / 3, 0, 0.5, 0.5], [0, 0.5, 0.5, 0, 1, 0]),
    ):
        for each, form in ((attention, lambda a: a), (as_matrices(attention), lambda a: a[..., ROWS, COLUMNS])):
            without = form(without_keys(each, PATTERN, np.array([1]), renormalize=renormalize))
            np.testing.assert_allclose(without[0, 0], keys, rtol=1e-6)
            without = form(without_diagonal(each, PATTERN, renormalize=renormalize))
            np.testing.assert_allclose(without[0, 0], diagonal, rtol=1e-6)


@pytest.mark.parametrize("left", [0.0, 1e-40, 1e-30])
def test_a_row_with_next_to_nothing_left_is_finite(left):
    attention = np.array([left, 0, 0, 1, 0.5, 0.5], np.float32)[None, None]
    masked = jax.jit(mask_attention)(attention, True, PATTERN, True)
    np.testing.assert_allclose(masked[0, 0, 0], left if left < 1e-38 else 1, atol=1e-38)
    np.testing.assert_allclose(masked[0, 0, 1:], [0, 0, 1, 0.5, 0.5])
