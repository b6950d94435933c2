"""Relaxed Bernoulli samples."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnnjax.ops import sample_concrete

LOGITS = np.linspace(-4, 4, 9).astype(np.float32)


def by_formula(logits, uniform, temperature):
    odds = np.exp(logits.astype(np.float64)) * uniform / (1 - uniform)
    return odds ** (1 / temperature) / (1 + odds ** (1 / temperature))


@pytest.mark.parametrize("temperature", [1.0, 0.5, 3.0])
def test_formula(temperature):
    uniform = np.random.default_rng(0).uniform(0.01, 0.99, LOGITS.shape).astype(np.float32)
    actual = sample_concrete(LOGITS, uniform, temperature=temperature)
    np.testing.assert_allclose(actual, by_formula(LOGITS, uniform, temperature), rtol=1e-4)


def test_the_median_noise_gives_the_probability():
    half = np.full(LOGITS.shape, 0.5, np.float32)
    np.testing.assert_allclose(sample_concrete(LOGITS, half), 1 / (1 + np.exp(-LOGITS)), rtol=1e-6)


def test_samples_exceed_one_half_with_the_given_odds():
    trials = 20_000
    uniform = jax.random.uniform(jax.random.key(0), (trials, len(LOGITS)), minval=1e-10)
    above = np.asarray(sample_concrete(jnp.broadcast_to(LOGITS, uniform.shape), uniform) > 0.5).mean(axis=0)
    probability = 1 / (1 + np.exp(-LOGITS))
    assert (np.abs(above - probability) < 5 * np.sqrt(probability * (1 - probability) / trials)).all()


def test_jit_vmap_and_gradient():
    uniform = np.random.default_rng(1).uniform(size=(3, 9)).astype(np.float32)
    mapped = jax.jit(jax.vmap(sample_concrete, in_axes=(None, 0)))(LOGITS, uniform)
    for index in range(3):
        np.testing.assert_allclose(mapped[index], sample_concrete(LOGITS, uniform[index]), rtol=1e-6)
    gradient = jax.grad(lambda logits: sample_concrete(logits, uniform[0]).sum())(LOGITS)
    np.testing.assert_allclose(gradient, mapped[0] * (1 - mapped[0]), rtol=1e-4)


def test_extreme_noise_is_finite_in_value_and_gradient():
    """The smallest and largest numbers that the sampler of `models.GSAT` draws in float32."""
    uniform = np.array([1e-10, 1 - 2**-24, 0.5], np.float32)
    logits = np.array([-30, 30, 1e4], np.float32)
    value, gradient = jax.value_and_grad(lambda logits: sample_concrete(logits, uniform).sum())(logits)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
