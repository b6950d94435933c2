"""Embeddings of categories against table lookups."""

import math

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.nn import CategoricalEncoder, Linear, feature_encoder

CATEGORIES = (7, 2, 5)


def tables_of(encoder):
    return [np.asarray(table[...]) for table in encoder.tables]


def random_rows(seed, rows=9):
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, count, rows) for count in CATEGORIES], axis=1).astype(np.int32)


def test_sums_one_row_of_each_table():
    encoder = CategoricalEncoder(CATEGORIES, 4, rngs=nnx.Rngs(0))
    apply = jax.jit(encoder.__call__)
    for seed in range(20):
        x = random_rows(seed)
        expected = sum(table[x[:, column]] for column, table in enumerate(tables_of(encoder)))
        np.testing.assert_allclose(apply(x), expected, rtol=1e-5, atol=1e-6)


def test_gradient_of_a_table_is_the_sum_over_the_rows_that_use_it():
    """Under jit; categories that no row has get no gradient."""
    encoder, x = CategoricalEncoder(CATEGORIES, 4, rngs=nnx.Rngs(0)), random_rows(0, rows=4)
    weights = np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32)
    graphdef, params = nnx.split(encoder)
    gradient = jax.jit(jax.grad(lambda params: (nnx.merge(graphdef, params)(x) * weights).sum()))(params)
    for column, table in enumerate(tables_of(nnx.merge(graphdef, gradient))):
        expected = np.zeros((CATEGORIES[column], 4))
        np.add.at(expected, x[:, column], weights)
        np.testing.assert_allclose(table, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("width", [4, 30])
@pytest.mark.parametrize("features", [CATEGORIES, 9, 40])
def test_an_encoder_followed_by_a_linear_layer(features, width):
    """One product or two, the same result and gradients."""
    encoder, linear = feature_encoder(features, width, rngs=nnx.Rngs(0)), Linear(width, 3, rngs=nnx.Rngs(1))
    x = random_rows(2) if features is CATEGORIES else np.random.default_rng(2).normal(size=(9, features))
    graphdef, params = nnx.split((encoder, linear))

    def total(params, apply):
        result = apply(*nnx.merge(graphdef, params))
        return (result**2).sum(), result

    value_and_grad = jax.jit(jax.value_and_grad(total, has_aux=True), static_argnums=1)
    (_, result), gradient = value_and_grad(params, lambda encoder, linear: encoder.followed_by(linear, x))
    (_, expected), expected_gradient = value_and_grad(params, lambda encoder, linear: linear(encoder(x)))
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4), gradient, expected_gradient)


def test_a_category_out_of_range_adds_nothing():
    encoder = CategoricalEncoder(CATEGORIES, 4, rngs=nnx.Rngs(0))
    first, second, third = tables_of(encoder)
    x = np.array([[7, 1, 4], [0, -1, 0], [2, 0, 100], [-1, 2, 5]], np.int32)
    expected = [second[1] + third[4], first[0] + third[0], first[2] + second[0], np.zeros(4)]
    np.testing.assert_allclose(encoder(x), expected, rtol=1e-5, atol=1e-6)


def test_no_rows_and_a_single_column():
    encoder = CategoricalEncoder([3], 4, rngs=nnx.Rngs(0))
    assert encoder(np.zeros((0, 1), np.int32)).shape == (0, 4)
    np.testing.assert_array_equal(encoder(np.array([[2]])), tables_of(encoder)[0][2:])


@pytest.mark.parametrize(("rows", "width"), [(1, 2000), (119, 64), (2, 3000)])
def test_tables_start_uniform_within_xaviers_bound(rows, width):
    """Mean and variance of a uniform distribution, within 5 standard deviations of the estimates."""
    (table,) = tables_of(CategoricalEncoder([rows], width, rngs=nnx.Rngs(0)))
    scaled = table.ravel().astype(np.float64) / math.sqrt(6 / (rows + width))
    assert np.abs(scaled).max() <= 1
    assert abs(scaled.mean()) < 5 * math.sqrt(1 / 3 / scaled.size)
    assert abs((scaled**2).mean() - 1 / 3) < 5 * math.sqrt((1 / 5 - 1 / 9) / scaled.size)


def test_tables_are_drawn_apart_and_equal_seeds_give_equal_ones():
    first, second = (tables_of(CategoricalEncoder([4, 4], 3, rngs=nnx.Rngs(5))) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(np.unique(first)) == 24


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("columns", [2, 4])
def test_another_number_of_columns_is_refused(columns):
    encoder = CategoricalEncoder(CATEGORIES, 4, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=rf"3 columns of categories, has shape \[5, {columns}\]"):
        encoder(np.zeros((5, columns), np.int32))


def test_a_width_makes_a_linear_layer_and_numbers_of_categories_an_embedding():
    linear = feature_encoder(3, 4, rngs=nnx.Rngs(0))
    assert isinstance(linear, Linear)
    assert linear.kernel.shape == (3, 4)
    for categories in ((3,), [3], (3, 2)):
        encoder = feature_encoder(categories, 4, rngs=nnx.Rngs(0))
        assert isinstance(encoder, CategoricalEncoder)
        assert [table.shape for table in encoder.tables] == [(rows, 4) for rows in categories]


def test_vmap_over_batches_of_rows():
    encoder, x = CategoricalEncoder(CATEGORIES, 4, rngs=nnx.Rngs(0)), np.stack([random_rows(0), random_rows(1)])
    expected = [encoder(x[0]), encoder(x[1])]
    np.testing.assert_allclose(jax.vmap(encoder)(x), expected, rtol=1e-6)
