import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.explain import (
    attention_graph,
    attention_rollout,
    average_attention_graph,
    head_path_graphs,
    layer_graphs,
)


def random_attention(seed, layers=2, heads=2, nodes=5):
    attention = np.random.default_rng(seed).random((layers, heads, nodes, nodes)).astype(np.float32)
    return attention / attention.sum(-1, keepdims=True)


def test_two_layers_of_three_nodes_by_hand():
    # First layer: node 0 reads node 1 in one head and node 2 in the other; second layer: all read node 0.
    identity = np.eye(3, dtype=np.float32)
    first = np.stack([identity[[1, 1, 2]], identity[[2, 1, 2]]])
    second = np.stack([identity[[0, 0, 0]]] * 2)
    graph = attention_graph(np.stack([first, second]))
    np.testing.assert_allclose(graph, [[0, 0.5, 0.5]] * 3)


@given(st.integers(0, 10_000), st.sampled_from((1, 2, 3)))
def test_equals_the_product_of_means_and_rows_sum_to_one(seed, layers):
    attention = random_attention(seed, layers)
    expected = np.linalg.multi_dot([*attention.mean(1)[::-1], np.eye(5)])
    graph = attention_graph(attention)
    np.testing.assert_allclose(graph, expected, rtol=1e-5)
    np.testing.assert_allclose(graph.sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(layer_graphs(attention), attention.mean(1), rtol=1e-6)
    np.testing.assert_allclose(attention_graph(attention, np.array([3, 0])), expected[[3, 0]], rtol=1e-5)


def test_rollout_counts_the_residual():
    attention = random_attention(0)
    first, second = attention.mean(1)
    expected = (second + np.eye(5)) @ (first + np.eye(5)) / 4
    np.testing.assert_allclose(attention_rollout(attention), expected, rtol=1e-5)
    np.testing.assert_allclose(attention_rollout(attention, 0.0), attention_graph(attention), rtol=1e-5)
    np.testing.assert_allclose(attention_rollout(attention, 1.0), np.eye(5))


def test_head_paths_average_to_the_attention_graph():
    attention = random_attention(1)
    paths = np.array(list(itertools.product(range(2), repeat=2)))
    graphs = head_path_graphs(attention, paths)
    np.testing.assert_allclose(graphs[1], attention[1, 1] @ attention[0, 0], rtol=1e-5)
    np.testing.assert_allclose(graphs.mean(0), attention_graph(attention), rtol=1e-5)


def test_averages_over_runs_in_either_order():
    runs = [random_attention(seed) for seed in range(3)]
    np.testing.assert_allclose(average_attention_graph(iter(runs)), attention_graph(np.mean(runs, axis=0)), rtol=1e-5)
    expected = np.mean([attention_graph(run) for run in runs], axis=0)
    np.testing.assert_allclose(average_attention_graph(runs, first="product"), expected, rtol=1e-5)


def test_runs_that_cannot_be_averaged():
    with pytest.raises(ValueError, match="there are no runs"):
        average_attention_graph([])
    with pytest.raises(ValueError, match=r"run 1 has attention \[2, 2, 4, 4\], those before it \[2, 2, 5, 5\]"):
        average_attention_graph([random_attention(0), random_attention(0, nodes=4)])
    with pytest.raises(ValueError, match="first is 'heads'"):
        average_attention_graph([random_attention(0)], first="heads")
