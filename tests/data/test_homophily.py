"""Homophily: small graphs by hand, and the paper's whole table."""

import dataclasses

import numpy as np
import pytest

from data_prep.node_data import NAMES
from gnnjax.data import (
    NodeDataset,
    adjusted_homophily,
    edge_homophily,
    node_homophily,
    sorted_unique_edges,
)
from tests.random_graphs import random_node_dataset


def dataset(labels, edges) -> NodeDataset:
    senders, receivers = sorted_unique_edges(*np.reshape(edges, (-1, 2)).T.astype(int))
    return NodeDataset(
        "small", np.ones((len(labels), 1), np.float32), senders, receivers, np.int32(labels), max(labels) + 1
    )


# Classes a a b; 0 -> 1, 1 -> 0, 1 -> 2, 2 -> 2.
SMALL = dataset([0, 0, 1], [(0, 1), (1, 0), (1, 2), (2, 2)])


class TestSmall:
    def test_node(self):
        # Node 0 and 1 have one incoming edge, of their class; node 2 has one of two.
        assert node_homophily(SMALL) == pytest.approx((1 + 1 + 1 / 2) / 3)

    def test_node_counts_incoming_edges_only(self):
        # Node 0 has no incoming edge, node 1 one from another class, node 2 one from its own.
        assert node_homophily(dataset([0, 1, 0], [(0, 1), (0, 2)])) == pytest.approx(1 / 3)

    def test_edge(self):
        assert edge_homophily(SMALL) == pytest.approx(3 / 4)

    def test_adjusted(self):
        # Undirected: 0-1, 1-2 in both directions and the loop 2-2 once: 5 entries, 3 within a class. Class a has the
        # degrees 1 + 2, class b 1 + 1.
        expected = (3 / 5) ** 2 + (2 / 5) ** 2
        assert adjusted_homophily(SMALL) == pytest.approx((3 / 5 - expected) / (1 - expected))

    def test_perfect_and_opposite(self):
        within = dataset([0, 0, 1, 1], [(0, 1), (2, 3)])
        across = dataset([0, 1], [(0, 1)])
        for measure in (edge_homophily, adjusted_homophily):
            assert measure(within) == 1
        assert (node_homophily(within), edge_homophily(across), adjusted_homophily(across)) == (0.5, 0, -1)

    def test_without_edges_and_with_one_class(self):
        empty = dataset([0, 1], [])
        assert node_homophily(empty) == 0
        assert np.isnan(edge_homophily(empty))
        assert np.isnan(adjusted_homophily(empty))
        assert np.isnan(adjusted_homophily(dataset([0, 0], [(0, 1)])))


@pytest.mark.parametrize("measure", [node_homophily, edge_homophily, adjusted_homophily])
def test_numbering_of_nodes_and_classes_does_not_matter(measure):
    graph = random_node_dataset(0)
    place = np.random.default_rng(0).permutation(graph.num_nodes)
    labels = np.empty_like(graph.labels)
    labels[place] = 2 - graph.labels
    senders, receivers = sorted_unique_edges(place[graph.senders], place[graph.receivers])
    renumbered = dataclasses.replace(graph, senders=senders, receivers=receivers, labels=labels)
    assert measure(renumbered) == pytest.approx(measure(graph))


# Table 1 of the paper: node, edge and adjusted homophily in %, nodes, edges, classes.
TABLE = {
    "cora": (82.5, 81.0, 77.1, 2708, 10556, 7),
    "citeseer": (70.6, 73.6, 67.1, 3327, 9104, 6),
    "chameleon": (10.4, 23.5, 3.3, 2277, 36101, 5),
    "squirrel": (8.9, 22.4, 0.7, 5201, 217073, 5),
    "cornell": (10.6, 13.1, -21.1, 183, 298, 5),
    "texas": (6.5, 10.8, -25.9, 183, 325, 5),
    "wisconsin": (17.2, 19.6, -15.2, 251, 515, 5),
}


@pytest.mark.parametrize("name", TABLE)
def test_published_table(name, raw_data):
    graph = NAMES[name].read(name, raw_data)
    shares = [round(100 * measure(graph), 1) for measure in (node_homophily, edge_homophily, adjusted_homophily)]
    assert (*shares, graph.num_nodes, graph.num_edges, len(np.unique(graph.labels))) == TABLE[name]
    assert graph.num_classes == TABLE[name][-1]
