"""BA-2Motifs as it is generated."""

import networkx as nx
import numpy as np
import pytest

from gnnjax.data import generate_ba2motifs
from gnnjax.graphs import to_networkx
from tests.motifs import generated, motif_edges, undirected_edges

CYCLE = {(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)}
HOUSE = {(0, 1), (1, 2), (2, 3), (0, 3), (0, 4), (1, 4)}


class TestGenerate:
    def test_sizes_types_and_classes(self):
        dataset = generated()
        assert len(dataset) == 1000
        assert dataset.task == "binary"
        np.testing.assert_array_equal(dataset.n_node, 25)
        np.testing.assert_array_equal(dataset.n_edge, np.repeat([50, 52], 500))
        np.testing.assert_array_equal(dataset.labels[:, 0], np.repeat([0, 1], 500))
        np.testing.assert_array_equal(dataset.nodes, np.full((25_000, 10), 0.1, np.float32), strict=True)

    @pytest.mark.parametrize(("index", "motif"), [(0, CYCLE), (499, CYCLE), (500, HOUSE), (999, HOUSE)])
    def test_a_tree_a_motif_and_one_edge_between(self, index, motif):
        edges = undirected_edges(generated(), index)
        base = nx.Graph([pair for pair in edges if max(pair) < 20])
        assert nx.is_tree(base)
        assert set(base) == set(range(20))
        assert motif_edges(generated(), index) == motif
        assert [(a, b) for a, b in edges if a < 20 <= b] == [(0, 20)]

    def test_signal_edges_are_those_of_the_motif_in_both_directions(self):
        dataset = generated()
        inside = (dataset.senders >= 20) & (dataset.receivers >= 20)
        np.testing.assert_array_equal(dataset.edge_labels, inside.astype(np.uint8), strict=True)
        np.testing.assert_array_equal(np.add.reduceat(inside, dataset.edge_offsets[:-1]), np.repeat([10, 12], 500))
        graph_ids = np.repeat(np.arange(1000), dataset.n_edge)
        there = set(zip(graph_ids, dataset.senders, dataset.receivers, strict=True))
        back = set(zip(graph_ids, dataset.receivers, dataset.senders, strict=True))
        assert there == back
        assert len(there) == len(graph_ids)

    def test_attaches_by_degree(self):
        # Preferential attachment makes hubs: the largest degree of a uniformly random tree is about 5.
        largest = [max(dict(to_networkx(generated()[i]).in_degree).values()) for i in range(1000)]
        assert 7 < np.mean(largest) < 10

    def test_few_graphs_of_an_odd_number(self):
        np.testing.assert_array_equal(generate_ba2motifs(3).labels[:, 0], [0, 1, 1])

    @pytest.mark.parametrize(("num_graphs", "seed"), [(1, 0), (10, -1)])
    def test_refuses_too_small_arguments(self, num_graphs, seed):
        with pytest.raises(ValueError, match=f"got {num_graphs} and {seed}"):
            generate_ba2motifs(num_graphs, seed)
