"""Reductions by segment against loops over the segments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.ops import segment_max, segment_mean, segment_min, segment_softmax, segment_sum

NUM_SEGMENTS = 5
REDUCTIONS = {
    segment_sum: np.sum,
    segment_mean: np.mean,
    segment_max: np.max,
    segment_min: np.min,
}
# Unsorted; segments 0 and 3 are empty, segment 4 has a single row.
IDS = np.array([2, 1, 4, 2, 1, 2], np.int32)


def reduce_by_loop(reduction, data, ids):
    """The definition; 0 for a segment without rows."""
    rows = [data[ids == segment] for segment in range(NUM_SEGMENTS)]
    return np.stack([reduction(r, axis=0) if len(r) else np.zeros(data.shape[1:]) for r in rows])


def by_loop(function, data, ids):
    if function is segment_softmax:
        return softmax_by_loop(data, ids)
    return reduce_by_loop(REDUCTIONS[function], data, ids)


def softmax_by_loop(logits, ids):
    result = np.empty_like(logits)
    for segment in np.unique(ids):
        exponentials = np.exp(logits[ids == segment].astype(np.float64))
        result[ids == segment] = exponentials / exponentials.sum(axis=0)
    return result


@st.composite
def rows_and_ids(draw):
    """Of one shape, so that each function compiles once."""
    ids = np.array(draw(st.lists(st.integers(0, NUM_SEGMENTS - 1), min_size=8, max_size=8)), np.int32)
    rng = np.random.default_rng(draw(st.integers(0, 100)))
    return rng.normal(size=(8, 3)).astype(np.float32) * 5, ids


@pytest.mark.parametrize("function", [*REDUCTIONS, segment_softmax])
@given(case=rows_and_ids())
def test_equals_a_loop(function, case):
    data, ids = case
    expected = by_loop(function, data, ids)
    actual = jax.jit(function, static_argnums=2)(data, ids, NUM_SEGMENTS)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
@pytest.mark.parametrize("function", REDUCTIONS)
def test_features_of_any_rank(function, shape):
    data = np.random.default_rng(0).normal(size=(len(IDS), *shape)).astype(np.float32)
    expected = by_loop(function, data, IDS)
    np.testing.assert_allclose(function(data, IDS, NUM_SEGMENTS), expected, rtol=1e-5, atol=1e-6)


def test_softmax_of_large_logits_does_not_overflow():
    weights = segment_softmax(np.array([1e4, 1e4, -1e4], np.float32), np.array([0, 0, 0]), 1)
    np.testing.assert_allclose(weights, [0.5, 0.5, 0])


@pytest.mark.parametrize("function", [*REDUCTIONS, segment_softmax])
def test_no_rows(function):
    result = function(jnp.zeros((0, 3)), jnp.zeros(0, jnp.int32), 2)
    np.testing.assert_array_equal(result, np.zeros((0 if function is segment_softmax else 2, 3)))


@pytest.mark.parametrize("function", [*REDUCTIONS, segment_softmax])
def test_jit_and_vmap(function):
    data = np.random.default_rng(0).normal(size=(4, len(IDS), 3)).astype(np.float32)
    ids = np.stack([np.roll(IDS, shift) for shift in range(4)])
    mapped = jax.jit(jax.vmap(lambda data, ids: function(data, ids, NUM_SEGMENTS)))(data, ids)
    expected = [by_loop(function, *row) for row in zip(data, ids, strict=True)]
    np.testing.assert_allclose(mapped, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", [*REDUCTIONS, segment_softmax])
def test_gradient_equals_a_difference_quotient(function):
    """Also where a segment is empty or has one row."""
    rng = np.random.default_rng(1)
    data = rng.normal(size=(len(IDS), 2)).astype(np.float32)
    rows = len(IDS) if function is segment_softmax else NUM_SEGMENTS
    weights = rng.normal(size=(rows, 2)).astype(np.float32)

    gradient = jax.jit(jax.grad(lambda x: (weights * function(x, IDS, NUM_SEGMENTS)).sum()))(data)
    step, expected = 1e-4, np.empty(data.shape)
    for index in np.ndindex(*data.shape):
        moved = np.zeros(data.shape)
        moved[index] = step
        difference = by_loop(function, data + moved, IDS) - by_loop(function, data - moved, IDS)
        expected[index] = (weights * difference).sum() / (2 * step)
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-3)
