"""Attention graphs in networkx, and their statistics."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from scipy import sparse

from gnnjax.explain.network import network_statistics, to_graph
from gnnjax.explain.quasi_adjacency import prune
from tests.explain.attention_graphs import INVALID, attention_graphs

ATTENTION = np.array([[0.5, 0.25, 0.25], [0.25, 0.75, 0], [0, 0.125, 0.875]])
# Two triangles, joined by one edge.
TWO = np.kron(np.eye(2), 1 - np.eye(3))
TWO[2, 3] = TWO[3, 2] = 1
TWO_LABELS = np.array([0, 0, 0, 1, 1, 1])


class TestToGraph:
    def test_by_hand(self):
        graph = to_graph(ATTENTION, threshold=0.2, labels=np.array([1, 0, 1], np.int32))
        assert dict(graph.nodes(data="label")) == {0: 1, 1: 0, 2: 1}
        assert sorted(graph.edges(data="weight")) == [
            (0, 0, 0.5),
            (0, 1, 0.25),
            (0, 2, 0.25),
            (1, 0, 0.25),
            (1, 1, 0.75),
            (2, 2, 0.875),
        ]
        assert all(type(label) is int for _, label in graph.nodes(data="label"))
        assert all(type(weight) is float for *_, weight in graph.edges(data="weight"))

    def test_keeps_isolated_nodes_in_order(self):
        graph = to_graph(np.zeros((4, 4)))
        assert list(graph) == [0, 1, 2, 3]
        assert graph.number_of_edges() == 0

    @given(attention=attention_graphs())
    def test_comes_back_from_networkx(self, attention):
        for matrix in (attention, sparse.csr_array(attention)):
            back = nx.to_numpy_array(to_graph(matrix), dtype=attention.dtype)
            np.testing.assert_array_equal(back, attention)
        assert to_graph(attention, count=1).number_of_edges() == min(1, np.count_nonzero(attention))

    def test_refuses(self):
        with pytest.raises(ValueError, match="give one"):
            to_graph(ATTENTION, threshold=0.2, count=2)
        with pytest.raises(ValueError, match="labels must be 3 integers"):
            to_graph(ATTENTION, labels=np.array([0, 1]))


class TestNetworkStatistics:
    @pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
    def test_of_two_triangles(self, make):
        """Half of all attention goes to oneself, the rest is even over the neighbours."""
        attention = TWO / TWO.sum(axis=1, keepdims=True) / 2 + np.eye(6) / 2
        result = network_statistics(make(attention), make(TWO), TWO_LABELS)
        assert result.num_edges == 14
        assert result.edge_overlap == 1
        assert result.num_communities == 2
        assert result.community_rand == 1
        assert result.community_information == pytest.approx(1)
        assert result.clustering == pytest.approx((4 + 2 / 3) / 6)
        # Received: 5/12 by each of four nodes and 2/3 by the two in the middle.
        assert result.in_degree_gini == pytest.approx((2 * 4 * 2 * (2 / 3 - 5 / 12)) / (2 * 6 * 3))
        # Of weight 1/4 one way and 1/6 the other, 1/6 is returned, on four pairs; the three others are even.
        assert result.reciprocity == pytest.approx((8 * 1 / 6 + 4 * 1 / 4 + 2 * 1 / 6) / 3)
        assert result.class_assortativity == pytest.approx(1 - 2 * (2 / 6) / 3)
        symmetric = nx.from_numpy_array(attention * TWO + (attention * TWO).T)
        assert result.modularity == pytest.approx(nx.community.modularity(symmetric, [{0, 1, 2}, {3, 4, 5}]))
        assert 0.9 < result.edge_correlation < 1

    def test_takes_the_largest_entries_between_different_nodes(self):
        rng = np.random.default_rng(0)
        attention = rng.random((20, 20)) + 5 * np.eye(20)
        labels, edges = rng.integers(0, 3, 20), rng.random((20, 20)) < 0.2
        result = network_statistics(attention, edges, labels, count=30)
        quasi = nx.from_scipy_sparse_array(prune(attention, count=30, diagonal=False), create_using=nx.DiGraph)
        assert result.num_edges == quasi.number_of_edges() == 30
        assert result.clustering == pytest.approx(nx.average_clustering(quasi.to_undirected()))
        received = attention.sum(axis=0) - attention.diagonal()
        assert result.in_degree_gini == pytest.approx(
            np.abs(received[:, None] - received).mean() / (2 * received.mean())
        )

    def test_seed_decides(self):
        rng = np.random.default_rng(1)
        attention, edges, labels = rng.random((40, 40)), rng.random((40, 40)) < 0.1, rng.integers(0, 3, 40)
        first, again = (network_statistics(attention, edges, labels, seed=5) for _ in range(2))
        assert first == again

    def test_without_attention_between_nodes(self):
        result = network_statistics(np.eye(3), np.eye(3), np.array([0, 1, 1]))
        undefined = [result.in_degree_gini, result.reciprocity, result.class_assortativity]
        undefined += [result.edge_correlation, result.edge_overlap, result.modularity]
        assert all(math.isnan(number) for number in undefined)
        assert (result.num_edges, result.num_communities, result.clustering) == (0, 3, 0)
        assert result.pagerank_gini == pytest.approx(0, abs=1e-12)

    @given(attention=attention_graphs())
    def test_is_defined_or_nan_for_any_graph(self, attention):
        nodes = len(attention)
        result = network_statistics(attention, attention > 0.3, np.arange(nodes) % 3)
        for name in ("in_degree_gini", "pagerank_gini", "reciprocity", "edge_overlap", "clustering"):
            number = getattr(result, name)
            assert math.isnan(number) or -1e-9 <= number <= 1 + 1e-9
        assert 1 <= result.num_communities <= nodes

    @pytest.mark.parametrize(("matrix", "message"), INVALID)
    def test_refuses(self, matrix, message):
        with pytest.raises(ValueError, match=message):
            network_statistics(matrix, np.eye(2), np.array([0, 1]))

    def test_refuses_labels_and_graphs_of_another_size(self):
        with pytest.raises(ValueError, match="labels must be 3 integers"):
            network_statistics(ATTENTION, np.eye(3), np.array([0, 1]))
        with pytest.raises(ValueError, match="4 nodes"):
            network_statistics(ATTENTION, np.eye(4), np.array([0, 1, 1]))
