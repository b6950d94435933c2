"""Random numbers of some rows: those that drawing the whole array gives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnjax.ops import dropout, row_bits, row_uniform

NUM_ROWS = 300


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**31 - 1),
    rows=st.lists(st.integers(0, NUM_ROWS - 1), min_size=4, max_size=4),
    words=st.sampled_from([1, 3]),
)
def test_the_bits_of_the_whole(seed, rows, words):
    key = jax.random.key(seed)
    rows = np.array(rows, np.int32)
    whole = jax.random.bits(key, (NUM_ROWS, words), jnp.uint32)
    np.testing.assert_array_equal(row_bits(key, rows, words), whole[rows])
    uniform = jax.random.uniform(key, (NUM_ROWS,), minval=1e-10)
    np.testing.assert_array_equal(row_uniform(key, rows, minval=1e-10), uniform[rows])


@pytest.mark.parametrize("rate", [0.5, 0.3])
def test_dropout_of_some_rows_is_that_of_the_whole(rate):
    x = np.random.default_rng(0).normal(size=(NUM_ROWS, 37)).astype(np.float32)
    rows = np.array([7, 0, 299, 8])
    key = jax.random.key(3)
    np.testing.assert_array_equal(dropout(x[rows], rate, key, rows), dropout(x, rate, key)[rows])


def test_another_generator_is_refused():
    with pytest.raises(ValueError, match="threefry2x32; it is rbg"):
        row_bits(jax.random.key(0, impl="rbg"), np.arange(3), 1)
