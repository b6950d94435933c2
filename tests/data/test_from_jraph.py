"""Graphs from jraph: single or batched, the same dataset."""

import re

import jax.numpy as jnp
import jraph
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data.from_jraph import from_jraph
from gnnjax.errors import DataError
from tests.random_graphs import random_dataset


def pair(**changes):
    """One edge between two nodes."""
    graph = jraph.GraphsTuple(
        nodes=np.ones((2, 3), np.float32),
        edges=np.ones((1, 2), np.float32),
        senders=np.array([0]),
        receivers=np.array([1]),
        n_node=np.array([2]),
        n_edge=np.array([1]),
        globals=None,
    )
    return graph._replace(**changes)


class TestGraphs:
    @given(st.integers(0, 1000), st.integers(4, 6), st.integers(0, 6))
    def test_round_trip_of_single_and_batched_graphs(self, seed, num_graphs, num_batched):
        expected = random_dataset(seed, num_graphs, edge_features=2)
        graphs = [expected[index] for index in range(num_graphs)]
        batched = graphs[:num_batched]
        mixed = ([jraph.batch_np(batched)] if batched else []) + graphs[num_batched:]
        options = {"name": expected.name, "task": expected.task, "splits": expected.splits}
        options["edge_labels"] = [expected.edge_labels[expected.edge_slice(index)] for index in range(num_graphs)]
        for given_graphs in (graphs, mixed):
            found = from_jraph(given_graphs, expected.labels, **options)
            assert found.fingerprint() == expected.fingerprint()

    def test_jax_arrays(self):
        graph = pair(nodes=jnp.ones((2, 3)), senders=jnp.array([0]), n_node=jnp.array([2]))
        assert from_jraph([graph], [1]).fingerprint() == from_jraph([pair()], [1]).fingerprint()

    def test_without_features(self):
        data = from_jraph([pair(nodes=None, edges=None)] * 2, [0, 1], without_features="degree", undirected=True)
        np.testing.assert_array_equal(data.nodes, [[0, 1]] * 4)
        assert data.edges is None


class TestBadInput:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                {"n_node": np.array([2, 0]), "n_edge": np.array([1, 0])},
                "graph 2, field 'n_node': is 0, must be",
            ),
            ({"n_node": np.array([3, -1]), "n_edge": np.array([1, 0])}, "graph 2, field 'n_node': is -1"),
            ({"n_node": np.array([1, 1]), "n_edge": np.array([2, -1])}, "graph 2, field 'n_edge': is -1, must be at"),
            ({"n_node": np.array([2, 1])}, "graph 1, field 'n_edge': has 1 entries for 2 graphs"),
            ({"n_node": np.array([2.0])}, "graph 1, field 'n_node': must be integers in one row, is float64[1]"),
            ({"n_node": np.array(2)}, "graph 1, field 'n_node': must be integers in one row, is int64[]"),
            ({"n_node": None}, "graph 1, field 'n_node': must hold numbers"),
            ({"n_node": np.array([3])}, "graph 1, field 'nodes': has the shape [2, 3] for 3 nodes"),
            ({"n_node": np.array([2**40])}, "graph 1, field 'nodes': has the shape [2, 3] for 1099511627776 nodes"),
            ({"n_edge": np.array([2])}, "graph 1, field 'senders': has 1 entries for 2 edges"),
            ({"receivers": np.array([1, 0])}, "graph 1, field 'receivers': has 2 entries for 1 edges"),
            ({"receivers": np.array([2])}, "graph 1, field 'edge_index': node 2 is outside 0 .. 1"),
            ({"senders": np.array([-1])}, "graph 1, field 'edge_index': node -1 is outside 0 .. 1"),
            ({"senders": np.array([0.0])}, "graph 1, field 'senders': must be integers in one row"),
            ({"nodes": {"x": np.ones((2, 3))}}, "graph 1, field 'nodes': must hold numbers, is of type object"),
            ({"nodes": np.full((2, 3), np.nan)}, "graph 1, field 'node_features': row 0, column 0 is nan"),
            ({"nodes": np.ones(2)}, "graph 1, field 'node_features': must have the shape [rows, features]"),
            ({"nodes": None}, "graph 1, field 'nodes': is None, but other graphs have it"),
            ({"edges": None}, "graph 1, field 'edges': is None, but other graphs have it"),
            ({"edges": np.ones((2, 2))}, "graph 1, field 'edges': has the shape [2, 2] for 1 edges"),
        ],
    )
    def test_names_the_graph_and_the_field(self, changes, message):
        with pytest.raises(DataError, match=f"^mine: {re.escape(message)}"):
            from_jraph([pair(), pair(**changes)], [0, 1], name="mine")

    def test_padding(self):
        padded = jraph.pad_with_graphs(pair(), 5, 4, 3)
        with pytest.raises(DataError, match=r"graph 2, field 'n_node': is 0.*jraph\.unpad_with_graphs"):
            from_jraph([padded], [0, 1])

    def test_no_graphs(self):
        with pytest.raises(DataError, match="there are no graphs"):
            from_jraph([], [])
        empty = jraph.GraphsTuple(*[np.zeros((0, 1))] * 2, *[np.zeros(0, int)] * 2, None, *[np.zeros(0, int)] * 2)
        with pytest.raises(DataError, match="there are no graphs"):
            from_jraph([empty], [])
        with pytest.raises(DataError, match=r"graph 1, field 'graphs': is a dict, must be a jraph\.GraphsTuple"):
            from_jraph([pair(), {}], [0, 1])
