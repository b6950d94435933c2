"""Interventions in the attention of a model whose predictions are worked out by hand, and of random models."""

import numpy as np
import pytest

from gnnjax.explain.interventions import attention_interventions, mean_row_attention, uniform_attention
from gnnjax.ops import sparse_pattern
from tests.explain.copying_model import COLUMNS, ROWS, copying_inputs, copying_model
from tests.models.node_examples import NUM_NODES, example_dataset, example_inputs, example_model

LABELS, ALL = np.array([1, 1, 0]), np.ones(3, bool)
# Its own attention is uniform over neighbours: predictions 1, 1, 1.
BY_HAND = {
    "intact": (2 / 3, 0),
    "zero": (1 / 3, 1 / 3),  # 0, 1, 1
    "identity": (1 / 3, 1 / 3),  # 0, 1, 1
    "uniform_neighbors": (2 / 3, 0),
    "without_reference_nodes": (1 / 3, 1 / 3),  # without node 1: 0, 1, 1
    "without_diagonal": (1, 1 / 3),  # 1, 1, 0
    "without_reference_nodes_renormalized": (1 / 3, 1 / 3),
    "without_diagonal_renormalized": (1, 1 / 3),
}
FAMILIES = ("sl", "dlb", "dl")


def assert_close(results, expected):
    for name, pair in expected.items():
        np.testing.assert_allclose(results[name], pair, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("kind", ["sparse", "dense_biased"])
def test_by_hand_in_both_forms(kind):
    results = attention_interventions(copying_model(kind), copying_inputs(), LABELS, ALL, reference_nodes=1)
    assert_close(results, BY_HAND)
    # Queries and keys are zero, so the bias is all of it.
    assert_close(results, {"bias_only": BY_HAND["intact"]} if kind == "dense_biased" else {})


def test_only_nodes_of_the_mask_count():
    mask = np.array([True, False, False])
    results = attention_interventions(copying_model(), copying_inputs(), LABELS, mask, reference_nodes=1)
    assert_close(results, {"intact": (1, 0), "zero": (0, 1), "without_diagonal": (1, 0)})


def test_the_keys_depend_on_the_model_and_on_what_is_given():
    names = {}
    for family in FAMILIES:
        inputs, model = example_inputs(family), example_model(family)
        mask = np.ones(NUM_NODES, bool)
        results = attention_interventions(model, inputs, example_dataset().labels, mask, random_draws=1)
        names[family] = list(results)
    assert names["sl"] == names["dl"] == [name for name in names["dlb"] if name != "bias_only"]
    assert names["dlb"] == [
        "intact",
        "zero",
        "identity",
        "uniform_neighbors",
        "bias_only",
        "mean_row",
        "without_reference_nodes",
        "without_random_nodes",
        "without_diagonal",
        "without_reference_nodes_renormalized",
        "without_random_nodes_renormalized",
        "without_diagonal_renormalized",
    ]


class TestOtherRun:
    def test_ones_own_attention_leaves_the_model_intact(self):
        for family in FAMILIES:
            inputs, model = example_inputs(family), example_model(family)
            labels, mask = example_dataset().labels, np.ones(NUM_NODES, bool)
            own = model.attend(inputs)[1]
            results = attention_interventions(model, inputs, labels, mask, other_attention=own, random_draws=1)
            assert results["other_run"] == results["intact"]
            assert results["intact"].changed == 0
            predicted = np.asarray(model(inputs)).argmax(-1)
            np.testing.assert_allclose(results["intact"].accuracy, np.mean(predicted == labels), rtol=1e-6)

    def test_is_what_the_model_predicts_with_it(self):
        other = np.array([0, 1, 0, 1, 1, 0], np.float32)[None, None]  # predictions 1, 1, 0
        results = attention_interventions(
            copying_model(), copying_inputs(), LABELS, ALL, other_attention=other, reference_nodes=1
        )
        assert_close(results, {"other_run": (1, 1 / 3)})

    @pytest.mark.parametrize("shape", [(1, 1, 5), (2, 1, 6), (1, 1, 3, 3), (6,)])
    def test_of_another_shape(self, shape):
        with pytest.raises(ValueError, match=r"other_attention must be \[1, 1, 6\], is"):
            attention_interventions(
                copying_model(), copying_inputs(), LABELS, ALL, other_attention=np.ones(shape), reference_nodes=1
            )


class TestRandomNodes:
    def test_all_of_them_are_as_good_as_nothing(self):
        results = attention_interventions(copying_model(), copying_inputs(), LABELS, ALL, reference_nodes=3)
        for suffix in ("", "_renormalized"):
            assert results[f"without_random_nodes{suffix}"] == results["zero"]
            assert results[f"without_reference_nodes{suffix}"] == results["zero"]

    def test_are_means_over_draws(self):
        # Without node 0, 1 and 2: predictions 1 1 1, 0 1 1 and 0 1 0.
        outcomes = {(2 / 3, 0.0), (1 / 3, 1 / 3), (2 / 3, 2 / 3)}
        arguments = copying_model(), copying_inputs(), LABELS, ALL

        def result(seed, draws):
            results = attention_interventions(*arguments, reference_nodes=1, random_draws=draws, seed=seed)
            return tuple(round(value, 6) for value in results["without_random_nodes"])

        single = [result(seed, 1) for seed in range(12)]
        assert set(single) == {tuple(round(value, 6) for value in pair) for pair in outcomes}
        assert single[0] == result(0, 1)
        accuracy, changed = result(0, 60)
        assert 0.5 < accuracy < 0.62
        assert 0.2 < changed < 0.5


class TestMeanRow:
    def test_by_hand(self):
        attention = np.array([0.5, 0.25, 0.25, 1, 0.5, 0.5], np.float32)[None, None]
        pattern = copying_inputs().pattern
        # Means over those who may attend: keys 0, 1, 2 receive 0.5, 0.625, 0.375.
        expected = [1 / 3, 5 / 12, 1 / 4, 1, 4 / 7, 3 / 7]
        np.testing.assert_allclose(mean_row_attention(attention, pattern)[0, 0], expected, rtol=1e-6)

    def test_where_all_attend_to_all_it_is_the_mean_over_queries(self):
        attention = np.random.default_rng(0).dirichlet(np.ones(4), (2, 3, 4)).astype(np.float32)
        pattern = sparse_pattern(*np.indices((4, 4)).reshape(2, -1), 4)
        dense = mean_row_attention(attention, pattern)
        np.testing.assert_allclose(dense, attention.mean(2, keepdims=True), rtol=1e-6)
        sparse = mean_row_attention(attention.reshape(2, 3, -1), pattern)
        np.testing.assert_allclose(sparse.reshape(2, 3, 4, 4), np.broadcast_to(dense, (2, 3, 4, 4)), rtol=1e-5)


def test_uniform_attention_is_the_normalised_adjacency():
    weights = np.zeros((3, 3))
    weights[ROWS, COLUMNS] = uniform_attention(copying_inputs().pattern)[0, 0]
    np.testing.assert_allclose(weights, [[1 / 3, 1 / 3, 1 / 3], [0, 1, 0], [0.5, 0, 0.5]], rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": np.array([0, 1])}, "labels must be 3 integers"),
        ({"mask": np.zeros(3, bool)}, "mask has no nodes"),
        ({"reference_nodes": 4}, "count is 4, but there are 3 nodes"),
        ({"reference_nodes": 0}, "count is 0"),
        ({"random_draws": 0}, "random_draws is 0"),
    ],
)
def test_what_does_not_fit(arguments, message):
    arguments = {"labels": LABELS, "mask": ALL, "reference_nodes": 1} | arguments
    with pytest.raises(ValueError, match=message):
        attention_interventions(copying_model(), copying_inputs(), **arguments)
