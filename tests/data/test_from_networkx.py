"""Graphs from networkx: nodes, edges, names and attributes arrive in their order."""

import re

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data.from_networkx import from_networkx
from gnnjax.errors import DataError
from gnnjax.graphs import to_networkx


def triangle():
    """Nodes c, a, b with a charge and a place; an edge is signal if a is in it; a loop at b."""
    graph = nx.Graph()
    for node, charge in (("c", 1), ("a", 2), ("b", 3)):
        graph.add_node(node, charge=charge, place=[charge / 2, 0.0])
    for u, v in ("ca", "ab", "bc", "bb"):
        graph.add_edge(u, v, weight=0.5, signal="a" in (u, v))
    return graph


class TestGraphs:
    @given(st.integers(1, 6), st.integers(0, 12), st.booleans(), st.booleans(), st.integers(0, 2**32))
    def test_round_trip(self, num_nodes, num_edges, directed, multi, seed):
        random = np.random.default_rng(seed)
        kind = [[nx.Graph, nx.MultiGraph], [nx.DiGraph, nx.MultiDiGraph]][directed][multi]
        graph = kind()
        for node in random.permutation(num_nodes).tolist():
            graph.add_node(node, x=random.normal(size=2))
        for u, v in random.integers(num_nodes, size=(num_edges, 2)).tolist():
            graph.add_edge(u, v, w=random.normal())
        edge_attributes = ["w"] if graph.number_of_edges() else None
        data = from_networkx([graph, graph], [0, 1], node_attributes=["x"], edge_attributes=edge_attributes)
        names = data.vocabulary[data.node_names[data.node_slice(1)]]
        assert names.tolist() == [str(node) for node in graph]
        found = nx.relabel_nodes(to_networkx(data[1]), dict(enumerate(map(int, names))))
        expected = nx.to_directed(graph)
        assert list(found) == list(expected)

        def edges(graph, attribute):
            return sorted((u, v, np.float32(values[attribute]).item()) for u, v, values in graph.edges(data=True))

        if edge_attributes:
            assert edges(found, "features") == edges(_loops_once(expected, graph), "w")
        for node in graph:
            np.testing.assert_array_equal(found.nodes[node]["features"], np.float32(graph.nodes[node]["x"]))

    def test_by_hand(self):
        data = from_networkx(
            [triangle()],
            [1],
            node_attributes=["place", "charge"],
            edge_attributes=["weight"],
            edge_label="signal",
            name="mine",
            kind="molecule",
        )
        assert data.vocabulary[data.node_names].tolist() == ["c", "a", "b"]
        np.testing.assert_array_equal(data.nodes, np.float32([[0.5, 0, 1], [1, 0, 2], [1.5, 0, 3]]), strict=True)
        np.testing.assert_array_equal(data.senders, [0, 1, 0, 2, 1, 2, 2])
        np.testing.assert_array_equal(data.receivers, [1, 0, 2, 0, 2, 1, 2])
        np.testing.assert_array_equal(data.edge_labels, [1, 1, 0, 0, 1, 1, 0])
        np.testing.assert_array_equal(data.edges, np.full((7, 1), 0.5, np.float32), strict=True)
        assert (data.name, data.kind, data.task) == ("mine", "molecule", "binary")

    def test_without_attributes(self):
        graphs = [nx.star_graph(3), nx.empty_graph(2)]
        np.testing.assert_array_equal(from_networkx(graphs, [0, 1]).nodes, np.ones((6, 1)))
        degrees = from_networkx(graphs, [0, 1], without_features="degree").nodes.argmax(axis=1)
        np.testing.assert_array_equal(degrees, [3, 1, 1, 1, 0, 0])

    def test_integers_as_categories(self):
        data = from_networkx([triangle()], [1], node_attributes=["charge"], node_categories=[4])
        np.testing.assert_array_equal(data.nodes, np.int32([[1], [2], [3]]), strict=True)

    def test_some_graphs_without_edges(self):
        data = from_networkx([nx.empty_graph(1), triangle()], [0, 1], edge_attributes=["weight"], edge_label="signal")
        assert (data.n_edge.tolist(), data.edges.shape) == ([0, 7], (7, 1))


def _loops_once(directed, graph):
    """networkx makes two edges of a loop in an undirected multigraph."""
    if not graph.is_multigraph() or graph.is_directed():
        return directed
    result = nx.MultiDiGraph()
    for u, v, values in graph.edges(data=True):
        result.add_edge(u, v, **values)
        if u != v:
            result.add_edge(v, u, **values)
    return result


class TestBadInput:
    @pytest.mark.parametrize(
        ("node", "options", "message"),
        [
            ({}, {"node_attributes": ["x"]}, "graph 1, field 'x': node 'a' does not have it; it has none"),
            ({"x": "C"}, {"node_attributes": ["x"]}, "graph 1, field 'x': node 'a' has 'C', must be a number"),
            ({"x": None}, {"node_attributes": ["x"]}, "graph 1, field 'x': node 'a' has None, must be a number"),
            ({"x": np.nan}, {"node_attributes": ["x"]}, "graph 1, field 'x': node 'a' has nan, must be finite"),
            ({"x": np.ones((2, 2))}, {"node_attributes": ["x"]}, "graph 1, field 'x': node 'a' has array"),
            ({"x": [[1], [1, 2]]}, {"node_attributes": ["x"]}, "graph 1, field 'x': node 'a': is not numbers"),
            ({"x": []}, {"node_attributes": ["x"]}, "graph 1, field 'x': node 'a' has 0 numbers in all, node 'b' 1"),
            ({"x": [1, 2]}, {"node_attributes": ["x"]}, "field 'x': node 'a' has 2 numbers in all, node 'b' 1"),
        ],
    )
    def test_nodes(self, node, options, message):
        good, bad = nx.Graph(), nx.Graph()
        for graph in (good, bad):
            graph.add_node("b", x=1.0)
        bad.add_node("a", **node)
        with pytest.raises(DataError, match=f"^mine: .*{re.escape(message)}|^mine: {re.escape(message)}"):
            from_networkx([good, bad], [0, 1], name="mine", **options)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"edge_attributes": ["length"]},
                "graph 0, field 'length': edge 'c' - 'a' does not have it; it has wei",
            ),
            ({"edge_attributes": ["kind"]}, "graph 0, field 'kind': edge 'c' - 'a' does not have it"),
            ({"edge_label": "weight"}, "graph 0, field 'edge_labels': edge 0 is 0.5, must be 0 or 1"),
            ({"edge_label": "none"}, "graph 0, field 'none': edge 'c' - 'a' does not have it"),
        ],
    )
    def test_edges(self, options, message):
        with pytest.raises(DataError, match=f"^mine: {re.escape(message)}"):
            from_networkx([triangle()], [1], name="mine", **options)

    def test_signal_of_several_numbers(self):
        graph = nx.Graph()
        graph.add_edge(0, 1, signal=[0, 1])
        with pytest.raises(DataError, match="mine: graph 0, field 'signal': must be one number per edge"):
            from_networkx([graph], [1], name="mine", edge_label="signal")

    def test_graphs(self):
        for graphs, message in (
            ([], "field 'edge_index': there are no graphs"),
            ([nx.path_graph(2), nx.Graph()], "graph 1, field 'graphs': has no nodes"),
            ([nx.path_graph(2), [(0, 1)]], "graph 1, field 'graphs': is a list, must be a networkx graph"),
        ):
            with pytest.raises(DataError, match=f"^mine: {message}"):
                from_networkx(graphs, [0] * len(graphs), name="mine")
        with pytest.raises(DataError, match=r"field 'labels': must be \[1\]"):
            from_networkx([triangle()], [1, 0])

    @pytest.mark.parametrize("option", ["node_attributes", "edge_attributes"])
    @pytest.mark.parametrize("names", ["charge", []])
    def test_names_must_be_a_list(self, option, names):
        with pytest.raises(ValueError, match=f"{option} must be a list of names or None"):
            from_networkx([triangle()], [1], **{option: names})
