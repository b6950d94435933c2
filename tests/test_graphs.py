"""Graph ids, padding masks, opposite edges and the way to networkx."""

from collections import Counter

import jax
import jax.numpy as jnp
import jraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnjax.graphs import (
    edge_graph_ids,
    graph_padding_mask,
    in_degrees,
    node_graph_ids,
    reverse_edges,
    to_networkx,
)
from tests.random_graphs import random_dataset

NODES_PER_GRAPH = 3


def padded_batch(n_node: int, n_edge: int, n_graph: int) -> jraph.GraphsTuple:
    dataset = random_dataset(0, 5)
    return jraph.pad_with_graphs(jraph.batch([dataset[i] for i in range(5)]), n_node, n_edge, n_graph)


def brute_force_reverse(senders, receivers, graph_ids) -> np.ndarray:
    """The definition, graph by graph and edge by edge."""
    reverse = np.arange(len(senders))
    for graph in np.unique(graph_ids):
        edges = np.flatnonzero(graph_ids == graph)
        pairs = [(int(senders[e]), int(receivers[e])) for e in edges]
        if Counter(pairs) != Counter((b, a) for a, b in pairs):
            continue
        positions: dict[tuple[int, int], list[int]] = {}
        for edge, pair in zip(edges, pairs, strict=True):
            positions.setdefault(pair, []).append(edge)
        for (a, b), own in positions.items():
            reverse[own] = positions[b, a]
    return reverse


@st.composite
def batches(draw, num_edges: int | None = None):
    """Edges of three graphs, each either symmetric or not, in random order, with loops and parallel edges."""
    ids = st.integers(0, NODES_PER_GRAPH - 1)
    edges = []
    for graph in range(3):
        pairs = draw(st.lists(st.tuples(ids, ids), max_size=6))
        if draw(st.booleans()):
            pairs += [(b, a) for a, b in pairs if a != b]
        edges += [(a + graph * NODES_PER_GRAPH, b + graph * NODES_PER_GRAPH, graph) for a, b in pairs]
    edges = draw(st.permutations(edges))
    if num_edges is not None:
        edges += [(3 * NODES_PER_GRAPH, 3 * NODES_PER_GRAPH, 3)] * (num_edges - len(edges))
    return np.array(edges, int).reshape(-1, 3).T


class TestReverseEdges:
    def test_by_hand(self):
        senders = np.array([0, 1, 2, 0, 2, 3])
        receivers = np.array([1, 2, 1, 2, 0, 3])
        # 0 -> 1 has no opposite edge: the whole graph counts as directed.
        np.testing.assert_array_equal(reverse_edges(senders, receivers, np.zeros(6, int), 1), np.arange(6))
        senders[0], receivers[0] = 3, 3
        reverse = reverse_edges(senders, receivers, np.zeros(6, int), 1)
        np.testing.assert_array_equal(reverse, [0, 2, 1, 4, 3, 5])

    def test_parallel_edges_pair_in_order(self):
        senders, receivers = np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0])
        reverse = reverse_edges(senders, receivers, np.zeros(4, int), 1)
        np.testing.assert_array_equal(reverse, [1, 0, 3, 2])

    def test_unequal_numbers_of_parallel_edges_are_directed(self):
        senders, receivers = np.array([0, 0, 1]), np.array([1, 1, 0])
        reverse = reverse_edges(senders, receivers, np.zeros(3, int), 1)
        np.testing.assert_array_equal(reverse, [0, 1, 2])

    def test_a_directed_graph_leaves_its_neighbour_alone(self):
        senders, receivers = np.array([2, 0, 3, 1, 2]), np.array([3, 1, 2, 0, 4])
        reverse = reverse_edges(senders, receivers, np.array([1, 0, 1, 0, 1]), 2)
        np.testing.assert_array_equal(reverse, [0, 3, 2, 1, 4])

    def test_no_edges(self):
        empty = np.zeros(0, int)
        assert reverse_edges(empty, empty, empty, 2).shape == (0,)

    @given(batches())
    def test_matches_brute_force_and_is_an_involution(self, batch):
        senders, receivers, graph_ids = batch
        reverse = reverse_edges(senders, receivers, graph_ids, 3)
        np.testing.assert_array_equal(reverse, brute_force_reverse(senders, receivers, graph_ids))
        np.testing.assert_array_equal(reverse[reverse], np.arange(len(senders)))

    @given(batches(num_edges=36))
    @settings(max_examples=50, deadline=None)
    def test_jitted_equals_numpy(self, batch):
        senders, receivers, graph_ids = batch
        expected = reverse_edges(senders, receivers, graph_ids, 4)
        jitted = jax.jit(reverse_edges, static_argnums=3)(*map(jnp.asarray, batch), 4)
        np.testing.assert_array_equal(jitted, expected)


class TestIds:
    def test_match_the_order_of_jraph_batch(self):
        dataset = random_dataset(1, 6, edge_features=1)
        marked = [
            graph._replace(nodes=np.full(len(graph.nodes), i), edges=np.full(len(graph.senders), i))
            for i, graph in enumerate(dataset[i] for i in range(6))
        ]
        batch = jraph.batch(marked)
        np.testing.assert_array_equal(node_graph_ids(batch), batch.nodes)
        np.testing.assert_array_equal(edge_graph_ids(batch), batch.edges)

    def test_masks_of_a_padded_batch(self):
        batch = padded_batch(60, 80, 9)
        mask = graph_padding_mask(batch)
        np.testing.assert_array_equal(mask, [True] * 5 + [False] * 4)
        np.testing.assert_array_equal(mask[node_graph_ids(batch)], jraph.get_node_padding_mask(batch))
        np.testing.assert_array_equal(mask[edge_graph_ids(batch)], jraph.get_edge_padding_mask(batch))

    def test_all_can_be_jitted(self):
        batch = padded_batch(60, 80, 9)
        for function in (node_graph_ids, edge_graph_ids, graph_padding_mask, in_degrees):
            np.testing.assert_array_equal(jax.jit(function)(batch), function(batch))

    def test_in_degrees(self):
        batch = padded_batch(60, 80, 9)
        degrees = np.zeros(60, int)
        for receiver in batch.receivers:
            degrees[receiver] += 1
        np.testing.assert_array_equal(in_degrees(batch), degrees)


class TestToNetworkx:
    def test_carries_features_and_attention(self):
        graph = jraph.GraphsTuple(
            nodes=np.array([[1.0], [2.0], [3.0]]),
            edges=np.array([[10.0], [20.0]]),
            senders=np.array([0, 1]),
            receivers=np.array([1, 0]),
            n_node=np.array([3]),
            n_edge=np.array([2]),
            globals=None,
        )
        result = to_networkx(graph, np.array([0.25, 0.75]))
        assert type(result) is nx.DiGraph
        assert dict(result.nodes(data="features")) == {0: [1.0], 1: [2.0], 2: [3.0]}
        assert result.edges[0, 1] == {"features": [10.0], "attention": 0.25}
        assert result.edges[1, 0] == {"features": [20.0], "attention": 0.75}

    def test_keeps_parallel_edges_and_loops(self):
        graph = jraph.GraphsTuple(
            nodes=np.zeros((2, 1)),
            edges=None,
            senders=np.array([0, 0, 1]),
            receivers=np.array([1, 1, 1]),
            n_node=np.array([2]),
            n_edge=np.array([3]),
            globals=None,
        )
        result = to_networkx(graph, np.array([0.1, 0.2, 0.3]))
        assert type(result) is nx.MultiDiGraph
        assert sorted(result.edges(data="attention")) == [(0, 1, 0.1), (0, 1, 0.2), (1, 1, 0.3)]

    @pytest.mark.parametrize("index", range(4))
    def test_has_the_same_nodes_and_edges(self, index):
        graph = random_dataset(2)[index]
        result = to_networkx(graph)
        assert list(result.nodes) == list(range(len(graph.nodes)))
        assert sorted(result.edges()) == sorted(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))

    def test_refuses_a_batch(self):
        with pytest.raises(ValueError, match="single graph, got a batch of 9"):
            to_networkx(padded_batch(60, 80, 9))

    def test_refuses_attention_of_the_wrong_shape(self):
        graph = random_dataset(2)[0]
        with pytest.raises(ValueError, match=rf"\[{len(graph.senders)}\], has \[1\]"):
            to_networkx(graph, np.zeros(1))
