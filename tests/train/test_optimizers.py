"""Adam with L2 against PyTorch's, written out in numpy."""

import jax
import numpy as np
import optax
import pytest

from gnnjax.train import adam_l2


def torch_adam(params, gradients, learning_rate, weight_decay):
    """The parameters after each gradient."""
    first, second, visited = np.zeros_like(params), np.zeros_like(params), []
    for step, raw in enumerate(gradients, start=1):
        gradient = raw + weight_decay * params
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        denominator = np.sqrt(second / (1 - 0.999**step)) + 1e-8
        params = params - learning_rate * first / (1 - 0.9**step) / denominator
        visited.append(params)
    return visited


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_five_steps(weight_decay):
    rng = np.random.default_rng(0)
    params, gradients = rng.normal(size=4), rng.normal(size=(5, 4))
    gradients[2] = 0
    optimizer = adam_l2(0.05, weight_decay)
    expected = torch_adam(params, gradients, 0.05, weight_decay)

    @jax.jit
    def step(params, state, gradient):
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), state

    params = params.astype(np.float32)
    state = optimizer.init(params)
    for gradient, after in zip(gradients.astype(np.float32), expected, strict=True):
        params, state = step(params, state, gradient)
        np.testing.assert_allclose(params, after, rtol=1e-4, atol=1e-6)


def test_decay_is_not_decoupled():
    """The first step of Adam has the length of the learning rate, decay or not; AdamW's would be longer."""
    params = np.array([2.0], np.float32)
    optimizer = adam_l2(0.1, 0.5)
    updates, _ = optimizer.update(np.array([3.0], np.float32), optimizer.init(params), params)
    np.testing.assert_allclose(updates, [-0.1], rtol=1e-5)


def test_equal_arguments_give_the_same_object():
    assert adam_l2(1e-3, 3e-6) is adam_l2(1e-3, 3e-6)
    assert adam_l2(1e-3, 3e-6) is not adam_l2(1e-3, 3e-5)
