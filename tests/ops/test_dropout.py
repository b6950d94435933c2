"""Dropout: its rate, its scale and the independence of the entries that share a random word."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnnjax.ops import dropout, keep_mask

RATES = [0.5, 0.25, 0.3]
ROWS, WIDTH = 4000, 37


def draw(rate):
    return np.asarray(keep_mask(jax.random.key(0), (ROWS, WIDTH), rate))


@pytest.mark.parametrize("rate", RATES)
def test_rate_over_all_and_in_each_column(rate):
    """Counts of kept entries within 5 standard deviations of the binomial distribution."""
    kept = draw(rate)
    for count, trials in ((kept.sum(), kept.size), (kept.sum(axis=0), ROWS)):
        deviation = np.sqrt(trials * rate * (1 - rate))
        assert (np.abs(count - trials * (1 - rate)) < 5 * deviation).all()


@pytest.mark.parametrize("rate", RATES)
def test_columns_and_rows_are_independent(rate):
    """Sample correlations, of standard deviation 1 / sqrt(samples), within 5 of these."""
    kept = draw(rate).astype(float)
    for samples in (kept, kept[: 20 * WIDTH].reshape(20, -1).T):
        correlation = np.corrcoef(samples.T)
        apart = ~np.eye(len(correlation), dtype=bool)
        assert np.abs(correlation[apart]).max() < 5 / np.sqrt(len(samples))


@pytest.mark.parametrize("rate", RATES)
def test_kept_entries_are_scaled_so_that_the_mean_stays(rate):
    x = np.random.default_rng(0).normal(size=(ROWS, WIDTH)).astype(np.float32)
    key = jax.random.key(1)
    kept = np.asarray(keep_mask(key, x.shape, rate))
    np.testing.assert_allclose(dropout(x, rate, key), np.where(kept, x / (1 - rate), 0), rtol=1e-6)
    mean = float(dropout(jnp.ones((ROWS, WIDTH)), rate, key).mean())
    assert abs(mean - 1) < 5 * np.sqrt(rate / (1 - rate) / x.size)


@pytest.mark.parametrize("shape", [(5,), (1, 1), (2, 3, 33), (4, 0)])
def test_shapes(shape):
    result = dropout(jnp.ones(shape), 0.5, jax.random.key(0))
    assert result.shape == shape
    assert np.isin(result, (0, 2)).all()


def test_no_key_or_rate_0_change_nothing():
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(dropout(x, 0.5, None), x)
    np.testing.assert_array_equal(dropout(x, 0.0, jax.random.key(0)), x)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_rate_out_of_range(rate):
    with pytest.raises(ValueError, match=rf"rate is {rate}, must be in \[0, 1\)"):
        dropout(jnp.ones(3), rate, None)


def test_jit_vmap_and_gradient():
    keys = jax.random.split(jax.random.key(2), 3)
    x = jnp.ones((3, 8, 5))
    mapped = jax.jit(jax.vmap(lambda x, key: dropout(x, 0.3, key)))(x, keys)
    for index in range(3):
        np.testing.assert_allclose(mapped[index], dropout(x[index], 0.3, keys[index]), rtol=1e-6)
    gradient = jax.grad(lambda x: dropout(x, 0.3, keys[0]).sum())(x[0])
    np.testing.assert_allclose(gradient, mapped[0], rtol=1e-6)
    assert (mapped[0] != mapped[1]).any()
