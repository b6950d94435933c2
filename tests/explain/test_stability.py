"""Rank correlations against scipy's, graph by graph."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from gnnjax.errors import DataError
from gnnjax.explain import Explanations
from gnnjax.explain.stability import rank_correlations, ranks_within_graphs
from tests.random_graphs import random_dataset


@given(st.lists(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), max_size=6), max_size=5))
def test_ranks_are_those_of_each_graph(graphs):
    graph_ids = np.repeat(np.arange(len(graphs)), [len(values) for values in graphs])
    found = ranks_within_graphs(np.array([value for values in graphs for value in values]), graph_ids)
    assert found.tolist() == [rank for values in graphs if values for rank in rankdata(values)]


def several(seed, count=3, num_graphs=12):
    rng = np.random.default_rng(seed)
    dataset = random_dataset(seed, num_graphs)
    indices = rng.permutation(num_graphs)
    size = dataset.n_edge.sum()
    return [Explanations(dataset, indices, np.round(rng.uniform(size=size), 1)) for _ in range(count)]


@given(seed=st.integers(0, 1000))
def test_against_scipy(seed):
    explanations = several(seed)
    found = rank_correlations(explanations)
    for one, other in itertools.combinations(range(3), 2):
        values = [explanations[place].undirected_edges.values for place in (one, other)]
        assert found.pooled[one, other] == pytest.approx(spearmanr(*values).statistic)
        by_graph = []
        for first, second in zip(explanations[one], explanations[other], strict=True):
            pair = [each.undirected_edges.values for each in (first, second)]
            if all(len(np.unique(each)) > 1 for each in pair):
                by_graph.append(spearmanr(*pair).statistic)
        assert found.per_graph[one, other] == pytest.approx(np.mean(by_graph))
    np.testing.assert_allclose(found.pooled, found.pooled.T)
    np.testing.assert_allclose(np.diag(found.per_graph), 1)
    assert found.mean_pooled == pytest.approx(found.pooled[np.triu_indices(3, 1)].mean())
    assert found.mean_per_graph == pytest.approx(found.per_graph[np.triu_indices(3, 1)].mean())


def test_any_increasing_function_of_the_values_agrees():
    [explanations] = several(0, 1)
    # Both directions alike, since a mean of cubes is no function of a mean.
    values = explanations.undirected_edges.values[explanations.undirected_edges.number]
    pair = [dataclasses.replace(explanations, edge_mask=each) for each in (values, values**3)]
    found = rank_correlations(pair)
    assert (found.mean_pooled, found.mean_per_graph) == pytest.approx((1, 1))


def test_equal_values_have_no_correlation():
    explanations = several(0, 2)
    flat = dataclasses.replace(explanations[0], edge_mask=np.ones_like(explanations[0].edge_mask))
    found = rank_correlations([flat, explanations[1]])
    assert np.isnan([found.mean_pooled, found.mean_per_graph, found.pooled[0, 0]]).all()
    assert found.pooled[1, 1] == pytest.approx(1)


def test_needs_two_of_the_same_graphs():
    explanations = several(0, 2)
    with pytest.raises(ValueError, match="two explanations at least, not 1"):
        rank_correlations(explanations[:1])
    for other in (several(1, 1)[0], dataclasses.replace(explanations[1], indices=explanations[1].indices[::-1])):
        with pytest.raises(DataError, match="explanations 1 are of other graphs"):
            rank_correlations([explanations[0], other])
