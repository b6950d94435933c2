"""The attention graph of the distance bias alone: by hand, and the numbers of the paper's data sets."""

import numpy as np
import pytest

from data_prep import geom_gcn, planetoid
from gnnjax.data import distance_bias, shortest_path_distances
from gnnjax.explain.bias_graph import bias_attention, bias_attention_graph
from gnnjax.explain.recovery import adjacency_recovery

# A path 0 -> 1 -> 2.
BIAS = np.array([[0, 1, 0.5], [-1, 0, 1], [-1, -1, 0]], np.float32)
# F1 in percent at the paper's threshold, of one layer and of two.
F1 = {
    "cora": (81.9, 39.2),
    "citeseer": (74.9, 39.5),
    "chameleon": (94.2, 47.9),
    "cornell": (80.1, 66.8),
    "texas": (79.1, 47.0),
    "wisconsin": (81.5, 43.0),
    "squirrel": (97.8, 49.2),
}


def test_by_hand():
    """With the strength ln 2, bias 1 weighs 2, 0.5 the root of 2, 0 weighs 1, and -1 one half."""
    weights = np.array([[1, 2, np.sqrt(2)], [0.5, 1, 2], [0.5, 0.5, 1]])
    expected = weights / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(bias_attention(BIAS, np.log(2)), expected, rtol=1e-6)
    np.testing.assert_allclose(bias_attention_graph(BIAS, 1, np.log(2)), expected, rtol=1e-6)
    np.testing.assert_allclose(bias_attention_graph(BIAS, 3, np.log(2)), expected @ expected @ expected, rtol=1e-6)


def test_keeps_single_precision_and_rows_that_sum_to_one():
    graph = bias_attention_graph(BIAS, 2)
    assert graph.dtype == np.float32
    np.testing.assert_allclose(graph.sum(axis=1), 1, rtol=1e-6)


def test_of_nodes_without_paths():
    np.testing.assert_allclose(bias_attention(np.array([[0, -1], [-1, 0.0]]), 0.0), 0.5)
    np.testing.assert_array_equal(bias_attention_graph(np.zeros((1, 1)), 2), [[1]])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "squirrel" else []) for name in F1]
)
def test_recovers_the_published_data_as_the_original_does(name, raw_data):
    dataset = (planetoid if name in planetoid.SIZES else geom_gcn).read(name, raw_data)
    bias = distance_bias(shortest_path_distances(dataset))
    for num_layers, expected in enumerate(F1[name], start=1):
        result = adjacency_recovery(bias_attention_graph(bias, num_layers), dataset.adjacency())
        assert round(100 * result.grid.f1, 1) == expected


@pytest.mark.parametrize(
    ("bias", "message"), [(np.ones((2, 3)), "shape"), (np.ones(3), "shape"), (np.full((2, 2), np.nan), "NaN")]
)
def test_refuses(bias, message):
    with pytest.raises(ValueError, match=message):
        bias_attention(bias)


def test_refuses_no_layers():
    with pytest.raises(ValueError, match="num_layers is 0"):
        bias_attention_graph(BIAS, 0)
