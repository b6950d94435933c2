"""Several reductions at once against numpy, segment by segment."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from gnnjax.ops import SegmentStatistics, segment_statistics

NUM_SEGMENTS = 5
REDUCTIONS = {
    "sum": np.sum,
    "square_sum": lambda rows, axis: (rows**2).sum(axis),
    "min": np.min,
    "max": np.max,
}
# Unsorted; segments 0 and 3 are empty, segment 4 has a single row.
IDS = np.array([2, 1, 4, 2, 1, 2], np.int32)


def by_loop(data, ids):
    """The definition; 0 for a segment without rows."""

    def reduce(reduction, rows):
        return reduction(rows, axis=0) if len(rows) else np.zeros(data.shape[1])

    segments = [data[ids == segment] for segment in range(NUM_SEGMENTS)]
    return SegmentStatistics(**{n: np.stack([reduce(f, rows) for rows in segments]) for n, f in REDUCTIONS.items()})


def assert_statistics(actual, expected, **tolerance):
    for name in SegmentStatistics._fields:
        np.testing.assert_allclose(getattr(actual, name), getattr(expected, name), **tolerance, err_msg=name)


@st.composite
def rows_and_ids(draw):
    """Of one shape, so that the function compiles once; the rows are small integers, so that many tie."""
    ids = draw(st.lists(st.integers(0, NUM_SEGMENTS - 1), min_size=8, max_size=8))
    rng = np.random.default_rng(draw(st.integers(0, 100)))
    return rng.integers(-2, 3, (8, 3)).astype(np.float32), np.array(ids, np.int32)


@given(rows_and_ids())
def test_equals_a_loop_also_with_ties_and_empty_segments(case):
    actual = jax.jit(segment_statistics, static_argnums=2)(*case, NUM_SEGMENTS)
    assert_statistics(actual, by_loop(*case), rtol=0, atol=0)


def test_an_extreme_of_one_sign_is_not_mistaken_for_the_zero_of_an_empty_segment():
    data = np.array([[3.0], [2.0], [-3.0], [-2.0]], np.float32)
    statistics = segment_statistics(data, np.array([0, 0, 1, 1]), 3)
    np.testing.assert_array_equal(statistics.min[:, 0], [2, -3, 0])
    np.testing.assert_array_equal(statistics.max[:, 0], [3, -2, 0])


def test_no_rows():
    def total(data):
        statistics = segment_statistics(data, jnp.zeros(0, jnp.int32), 2)
        return sum(part.sum() for part in statistics), statistics

    gradient, statistics = jax.grad(total, has_aux=True)(jnp.zeros((0, 3)))
    assert gradient.shape == (0, 3)
    for part in statistics:
        np.testing.assert_array_equal(part, np.zeros((2, 3)))


def weighted(data, weights):
    statistics = segment_statistics(data, IDS, NUM_SEGMENTS)
    return sum((part * weight).sum() for part, weight in zip(statistics, weights, strict=True))


GRADIENT = jax.jit(jax.grad(weighted))


def weights_of(**weights):
    """The same weights for both features, 0 where not given."""
    rows = [weights.get(name, np.zeros(NUM_SEGMENTS)) for name in SegmentStatistics._fields]
    return np.repeat(np.array(rows, np.float32)[:, :, None], 2, axis=2)


def test_gradients_are_those_of_finite_differences():
    """Away from ties, and with weights on the empty segments too."""
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        data = jnp.asarray(rng.permutation(12).reshape(6, 2) / 4 - 1)
        weights = jnp.asarray(rng.normal(size=(4, NUM_SEGMENTS, 2)))
        assert data.dtype == jnp.float64
        loss = jax.jit(lambda data: weighted(data, weights))
        check_grads(loss, [data], order=1, modes=["rev"], atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize("name", ["min", "max"])
def test_rows_that_tie_share_the_gradient_of_an_extreme(name):
    """Rows 0, 3, 5 are segment 2, rows 1, 4 segment 1, row 2 segment 4; feature 1 has no ties."""
    data = np.array([[7, 1], [5, 2], [0, 3], [7, 4], [4, 5], [6, 6]], np.float32)
    if name == "min":
        data = -data
    gradient = GRADIENT(data, weights_of(**{name: [100, 10, 1, 100, 3]}))
    np.testing.assert_allclose(gradient, [[0.5, 0], [10, 0], [3, 3], [0.5, 0], [0, 10], [0, 1]])


@pytest.mark.parametrize(("name", "expected"), [("sum", 1), ("square_sum", 4), ("min", 1 / 3), ("max", 1 / 3)])
def test_in_a_constant_segment_all_rows_have_the_same_gradient(name, expected):
    """Rows 0, 3 and 5; all of them tie for both extremes."""
    gradient = GRADIENT(np.full((6, 2), 2, np.float32), weights_of(**{name: [0, 0, 1, 0, 0]}))
    np.testing.assert_allclose(gradient[:, 0], np.array([1, 0, 0, 1, 0, 1]) * expected, rtol=1e-6)


@pytest.mark.parametrize("row", [(0, 0), (1e18, -1e18), (1e-30, 1e18)])
def test_gradients_are_finite_for_large_small_and_equal_rows(row):
    gradient = GRADIENT(np.array([row] * 6, np.float32), np.ones((4, NUM_SEGMENTS, 2), np.float32))
    assert np.isfinite(gradient).all()


def test_vmap_over_data():
    rng = np.random.default_rng(1)
    data = rng.normal(size=(3, 6, 2)).astype(np.float32)
    weights = rng.normal(size=(4, NUM_SEGMENTS, 2)).astype(np.float32)
    mapped = jax.jit(jax.vmap(lambda data: segment_statistics(data, IDS, NUM_SEGMENTS)))(data)
    gradients = jax.jit(jax.vmap(jax.grad(weighted), in_axes=(0, None)))(data, weights)
    for index in range(3):
        part = SegmentStatistics(*(values[index] for values in mapped))
        assert_statistics(part, by_loop(data[index], IDS), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(gradients[index], GRADIENT(data[index], weights), rtol=1e-5, atol=1e-6)
