"""Null models: what is expected of no structure, and of degrees alone."""

import math

import numpy as np
import pytest
from scipy import sparse

from data_prep import geom_gcn, planetoid
from gnnjax.explain.input_graph import edge_correlation
from gnnjax.explain.null_models import chance_recovery, compare_with_rewired, edge_correlation_against_rewired
from gnnjax.explain.recovery import recovery
from gnnjax.explain.rewiring import rewire

EDGES = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]])
# Percent of the entries of A + I that are 1.
DENSITIES = {
    "cora": 0.18,
    "citeseer": 0.11,
    "chameleon": 0.74,
    "squirrel": 0.82,
    "cornell": 1.43,
    "texas": 1.47,
    "wisconsin": 1.19,
}


def random_graph(nodes=60, density=0.1):
    return np.random.default_rng(0).random((nodes, nodes)) < density


class TestChanceRecovery:
    def test_by_hand(self):
        assert chance_recovery(EDGES) == pytest.approx(5 / 9)
        assert chance_recovery(sparse.csr_array(EDGES), diagonal=False) == pytest.approx(2 / 6)

    def test_of_a_single_node(self):
        assert chance_recovery(np.zeros((1, 1))) == 1
        assert math.isnan(chance_recovery(np.zeros((1, 1)), diagonal=False))

    def test_is_what_random_entries_recover(self):
        edges = random_graph()
        count, rng = (edges | np.eye(60, dtype=bool)).sum(), np.random.default_rng(1)
        found = []
        for _ in range(200):
            predicted = np.zeros(3600, bool)
            predicted[rng.choice(3600, count, replace=False)] = True
            found.append(recovery(predicted.reshape(60, 60), edges).f1)
        assert chance_recovery(edges) == pytest.approx(np.mean(found), rel=0.05)

    @pytest.mark.parametrize(("name", "percent"), DENSITIES.items())
    def test_of_the_published_data(self, name, percent, raw_data):
        dataset = (planetoid if name in planetoid.SIZES else geom_gcn).read(name, raw_data)
        assert round(100 * chance_recovery(dataset.adjacency()), 2) == percent


class TestCompareWithRewired:
    def test_is_mean_and_spread_over_the_rewirings(self):
        edges = random_graph()

        def statistic(graph):
            return graph.toarray()[:30, :30].sum()

        result = compare_with_rewired(statistic, edges, num_rewirings=5, seed=7, rounds=3)
        expected = []
        for seed in range(7, 12):
            rewired = np.zeros((60, 60))
            rewired[rewire(*np.nonzero(edges), 60, seed=seed, rounds=3)] = 1
            expected.append(rewired[:30, :30].sum())
        np.testing.assert_array_equal(result.values, expected)
        assert result.observed == edges[:30, :30].sum()
        assert result.mean == np.mean(expected)
        assert result.std == np.std(expected, ddof=1)
        assert result.z_score == (result.observed - result.mean) / result.std

    def test_what_degrees_decide_has_no_z_score(self):
        result = compare_with_rewired(lambda graph: graph.sum(axis=0).max() / 10, random_graph(), num_rewirings=3)
        assert result.observed == result.mean
        assert result.std == 0
        assert math.isnan(result.z_score)

    def test_a_single_rewiring_has_no_spread(self):
        result = compare_with_rewired(lambda graph: graph[0, 1], EDGES, num_rewirings=1)
        assert math.isnan(result.std)
        assert math.isnan(result.z_score)

    def test_refuses_none(self):
        with pytest.raises(ValueError, match="num_rewirings is 0"):
            compare_with_rewired(lambda graph: graph.nnz, EDGES, num_rewirings=0)


class TestEdgeCorrelationAgainstRewired:
    def test_attention_on_edges_stands_out(self):
        edges = random_graph()
        attention = (edges + 0.1) / (edges + 0.1).sum(axis=1, keepdims=True)
        result = edge_correlation_against_rewired(attention, edges, num_rewirings=10)
        assert result.observed == edge_correlation(attention, edges) > 0.9
        assert result.z_score > 20

    def test_attention_by_degree_alone_does_not(self):
        edges = random_graph()
        received = edges.sum(axis=0) + 1.0
        result = edge_correlation_against_rewired(np.tile(received / received.sum(), (60, 1)), edges)
        assert result.observed > 0.05
        assert abs(result.z_score) < 3
