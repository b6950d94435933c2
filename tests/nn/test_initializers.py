"""Initial weights are those that JAX draws, from fewer programs."""

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.models import GIN
from gnnjax.nn import symmetric_uniform, xavier_uniform
from gnnjax.nn.initializers import _random_words

SHAPES = [(), (0, 3), (1,), (1024,), (1025,), (33, 700), (1703, 128)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bound", [0.37, 1.0])
def test_the_bits_are_those_of_jax(shape, bound):
    for seed in range(3):
        key = jax.random.key(seed)
        expected = jax.random.uniform(key, shape, minval=-bound, maxval=bound)
        np.testing.assert_array_equal(symmetric_uniform(key, shape, bound), expected)


def test_xavier_is_that_of_flax():
    key = jax.random.key(5)
    expected = nnx.initializers.xavier_uniform()(key, (30, 90), np.float32)
    np.testing.assert_array_equal(xavier_uniform(key, (30, 90)), expected)


@pytest.mark.parametrize("generator", ["rbg", "threefry2x32"])
def test_other_generators_and_transformed_keys(generator):
    keys = jax.random.split(jax.random.key(0, impl=generator), 2)
    draw = jax.jit(lambda key: symmetric_uniform(key, (4, 5), 0.5))
    for key in keys:
        expected = jax.random.uniform(key, (4, 5), minval=-0.5, maxval=0.5)
        np.testing.assert_array_equal(symmetric_uniform(key, (4, 5), 0.5), expected)
        np.testing.assert_allclose(draw(key), expected, rtol=1e-6)


def test_words_that_depend_on_the_size_of_the_array_are_not_cut():
    key, shape = jax.random.key(3), (7, 3)
    with jax.threefry_partitionable(False):
        expected = jax.random.uniform(key, shape, minval=-1.0, maxval=1.0)
        np.testing.assert_array_equal(symmetric_uniform(key, shape, 1.0), expected)
    assert (expected != symmetric_uniform(key, shape, 1.0)).any()


def test_many_shapes_share_few_programs():
    _random_words.clear_cache()
    GIN(10, 1, hidden_size=60, num_layers=4, rngs=nnx.Rngs(0))
    assert _random_words._cache_size() == 2
