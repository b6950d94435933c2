"""Graphs from arrays: nothing is lost or changed on the way, and every array that does not fit is named."""

import contextlib
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnjax.data import GraphDataset
from gnnjax.data.from_arrays import from_arrays
from gnnjax.errors import DataError

NODES = [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]]
EDGES = [[[0, 1], [1, 0]], []]

# What may be given in place of an array of numbers, or is one of another shape or type.
ODDITIES = [
    *(np.zeros(shape, dtype) for shape in ((), 0, 2, (2, 2), (2, 0), (0, 2), (1, 2, 3)) for dtype in "?bQefdFOUM"),
    *(np.full((2, 2), value) for value in (-1, 1, 2, 2**40, np.nan, -np.inf, 1e300)),
    *(None, "", "CN", {}, {"x": 1}, object(), [], [[]], [[], []], [[0], [0, 1]], [[0, 2**70], [0, 1]], [["a"], ["b"]]),
]


@st.composite
def graph_lists(draw):
    """Node features, edges and edge features of a few graphs; edges repeat and loop."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    nodes = [random.normal(size=(size, 3)).astype(np.float32) for size in sizes]
    edges = [random.integers(size, size=(2, draw(st.integers(0, 8)))) for size in sizes]
    return nodes, edges, [random.normal(size=(pair.shape[1], 2)).astype(np.float32) for pair in edges]


def build(nodes=NODES, edges=EDGES, labels=(0, 1), **options):
    return from_arrays(nodes, edges, labels, name="mine", **options)


class TestGraphs:
    @given(graph_lists())
    def test_round_trip(self, graphs):
        nodes, edges, features = graphs
        signal = [np.arange(pair.shape[1]) % 2 for pair in edges]
        if not sum(pair.shape[1] for pair in edges):
            features = None
        data = build(nodes, edges, np.zeros(len(nodes)), edge_features=features, edge_labels=signal)
        for index, (rows, pair) in enumerate(zip(nodes, edges, strict=True)):
            graph = data[index]
            np.testing.assert_array_equal(graph.nodes, rows, strict=True)
            np.testing.assert_array_equal([graph.senders, graph.receivers], pair)
            np.testing.assert_array_equal(data.edge_labels[data.edge_slice(index)], signal[index])
            if features is not None:
                np.testing.assert_array_equal(graph.edges, features[index], strict=True)

    @given(graph_lists())
    def test_undirected(self, graphs):
        nodes, edges, features = graphs
        if not sum(pair.shape[1] for pair in edges):
            features = None
        data = build(nodes, edges, np.zeros(len(nodes)), edge_features=features, undirected=True)
        for index, pair in enumerate(edges):
            graph = data[index]
            count = pair.shape[1]
            np.testing.assert_array_equal([graph.senders[:count], graph.receivers[:count]], pair)
            forward, backward = (
                sorted(zip(a.tolist(), b.tolist(), strict=True))
                for a, b in ((graph.senders, graph.receivers), (graph.receivers, graph.senders))
            )
            assert forward == backward
            # No more was added than had to be.
            found = [tuple(edge) for edge in pair.T.tolist()]
            assert len(forward) == sum(
                max(found.count((u, v)), found.count((v, u))) for u, v in {*found, *((v, u) for u, v in found)}
            )
        again = [np.stack([data[index].senders, data[index].receivers]) for index in range(len(data))]
        same = build(nodes, again, np.zeros(len(nodes)), undirected=True)
        np.testing.assert_array_equal(same.senders, data.senders)

    def test_reverse_edges_have_the_features_and_labels_of_theirs(self):
        data = build(
            [np.ones((3, 1))],
            [([0, 1, 2, 1], [1, 2, 1, 1])],
            [1],
            edge_features=[[[1], [2], [3], [4]]],
            edge_labels=[[1, 0, 0, 0]],
            undirected=True,
        )
        assert list(zip(data.senders.tolist(), data.receivers.tolist(), strict=True))[-1] == (1, 0)
        np.testing.assert_array_equal(data.edges[:, 0], [1, 2, 3, 4, 1])
        np.testing.assert_array_equal(data.edge_labels, [1, 0, 0, 0, 1])

    @pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float64])
    def test_numbers_become_float32(self, dtype):
        data = build([np.ones((2, 1), dtype), np.zeros((1, 1), dtype)])
        np.testing.assert_array_equal(data.nodes, np.float32([[1], [1], [0]]), strict=True)

    def test_categories(self):
        data = build([[[2, 0]], [[1, 1]]], [[], [[0], [0]]], node_categories=[3, 2], edge_features=[[], [[4]]])
        np.testing.assert_array_equal(data.nodes, np.int32([[2, 0], [1, 1]]), strict=True)
        assert (data.in_features, data.edge_features) == ((3, 2), 1)
        assert build(
            [[[1]], [[0]]], [[], [[0], [0]]], edge_features=[[], [[4]]], edge_categories=[5]
        ).edge_features == (5,)

    def test_without_features(self):
        np.testing.assert_array_equal(build(None, n_node=[2, 1]).nodes, np.ones((3, 1), np.float32), strict=True)
        data = build(None, [[[0], [1]], []], n_node=[2, 1], without_features="degree")
        np.testing.assert_array_equal(data.nodes, np.float32([[1, 0], [0, 1], [1, 0]]), strict=True)
        with pytest.raises(ValueError, match="'nothing', must be 'constant' or 'degree'"):
            build(None, n_node=[2, 1], without_features="nothing")

    def test_names_and_the_rest(self):
        splits = {"train": np.array([0]), "test": np.array([1])}
        data = build(node_names=[["b", "a"], ["b"]], splits=splits, source="by hand", kind="sentence")
        assert data.vocabulary[data.node_names].tolist() == ["b", "a", "b"]
        assert (data.name, data.source, data.kind, data.splits) == ("mine", "by hand", "sentence", splits)


class TestLabels:
    @pytest.mark.parametrize(
        ("labels", "task", "expected"),
        [
            ([0, 1], "binary", np.float32([[0], [1]])),
            ([True, False], "binary", np.float32([[1], [0]])),
            ([0.0, np.nan], "binary", np.float32([[0], [np.nan]])),
            ([[0], [1]], "binary", np.float32([[0], [1]])),
            ([[0, 1], [np.nan, 1]], "multilabel", np.float32([[0, 1], [np.nan, 1]])),
            ([0, 2], "multiclass", np.int32([0, 2])),
            (np.uint8([[3], [1]]), "multiclass", np.int32([3, 1])),
        ],
    )
    def test_inferred_task(self, labels, task, expected):
        data = build(labels=labels)
        assert data.task == task
        np.testing.assert_array_equal(data.labels, expected, strict=True)

    def test_given_task(self):
        data = build(labels=[0.0, 1.0], task="multiclass", num_classes=4)
        np.testing.assert_array_equal(data.labels, np.int32([0, 1]), strict=True)
        assert data.num_classes == 4
        assert build(labels=np.float16([0, 3]), task="multiclass").num_classes == 4
        data = build(labels=[0.5, np.nan], task="regression")
        np.testing.assert_array_equal(data.labels, np.float32([[0.5], [np.nan]]), strict=True)

    @pytest.mark.parametrize(
        ("labels", "options", "message"),
        [
            ([0.5, 1], {}, "graph 0, field 'labels': is [0.5], neither 0, 1 .*task=\"regression\""),
            ([0, -1], {}, "graph 1, field 'labels': is [-1], neither"),
            ([[0, 2], [0, 1]], {}, "graph 0, field 'labels': is [0, 2], neither"),
            ([0, np.inf], {}, "graph 1, field 'labels': is [inf], neither"),
            ([0, np.inf], {"task": "regression"}, "graph 1, field 'labels'"),
            ([0, 1e300], {"task": "regression"}, "graph 1, field 'labels'"),
            ([0, 0.5], {"task": "multiclass"}, "graph 1, field 'labels': is 0.5, must be a class"),
            ([0, np.nan], {"task": "multiclass"}, "graph 1, field 'labels': is nan, must be a class"),
            ([0, 2**40], {}, "graph 1, field 'labels': is 1099511627776, must be a class"),
            ([0, 3], {"num_classes": 3}, "graph 1, field 'labels': class 3 is outside 0 .. 2"),
            ([[0, 1], [1, 0]], {"task": "multiclass"}, "field 'labels': multiclass data have one column"),
            ([[0, 1], [1, 0]], {"task": "binary"}, "field 'labels': must be float32[2, 1]"),
            ([0, 1], {"task": "ranking"}, "field 'task': is 'ranking'"),
            (["a", "b"], {}, "field 'labels': must hold numbers, is of type <U1"),
            ([None, 1], {}, "field 'labels': must hold numbers, is of type object"),
            ([[0], [1, 2]], {}, "field 'labels': is not an array of numbers"),
            ([0], {}, "field 'labels': must be [2] or [2, tasks], is [1]"),
            (0, {}, "field 'labels': must be [2] or [2, tasks], is []"),
            (np.zeros((2, 0)), {}, "field 'labels': must be [2] or [2, tasks], is [2, 0]"),
        ],
    )
    def test_bad(self, labels, options, message):
        pattern = re.escape(message).replace(r"\.\*", ".*")
        with pytest.raises(DataError, match=f"^mine: {pattern}"):
            build(labels=labels, **options)


class TestBadInput:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"nodes": [], "edges": [], "labels": []}, "field 'edge_index': there are no graphs"),
            ({"nodes": [[[1.0]]]}, "field 'node_features': has 1 entries for 2 graphs"),
            ({"nodes": [[[1.0]], []]}, "graph 1, field 'node_features': must have the shape [rows, features], has [0]"),
            ({"nodes": [[[1], [1]], np.ones((0, 1))]}, "graph 1, field 'node_features': has no rows; a graph needs"),
            ({"nodes": [[[1], [1]], [1]]}, "graph 1, field 'node_features': must have the shape [rows, features]"),
            ({"nodes": [[[1], [1]], [[1, 2]]]}, "graph 0, field 'node_features': has 1 columns, but 2 in graph 1"),
            ({"nodes": [[[1], [np.nan]], [[1]]]}, "graph 0, field 'node_features': row 1, column 0 is nan, must be"),
            ({"nodes": [[[1], [1]], [[-np.inf]]]}, "graph 1, field 'node_features': row 0, column 0 is -inf"),
            ({"nodes": [[[1], [1]], [[1e300]]]}, "graph 1, field 'node_features': row 0, column 0 is 1e+300"),
            ({"nodes": [[["C"], ["N"]], [["O"]]]}, "graph 0, field 'node_features': must hold numbers, is of type <U1"),
            ({"nodes": [[[1], [None]], [[1]]]}, "graph 0, field 'node_features': must hold numbers, is of type object"),
            ({"nodes": [[[1], [1j]], [[1]]]}, "graph 0, field 'node_features': must hold numbers"),
            ({"nodes": [[[1], [1, 2]], [[1]]]}, "graph 0, field 'node_features': is not an array of numbers"),
            ({"edges": [[[0, 2], [1, 0]], []]}, "graph 0, field 'edge_index': node 2 is outside 0 .. 1"),
            ({"edges": [[[0, 1], [1, -1]], []]}, "graph 0, field 'edge_index': node -1 is outside 0 .. 1"),
            (
                {"edges": [[], [[2**62], [0]]]},
                "graph 1, field 'edge_index': node 4611686018427387904 is outside",
            ),
            ({"edges": [[], np.uint64([[2**63], [0]])]}, "graph 1, field 'edge_index': node 9223372036854775808"),
            ({"edges": [[[0, 1, 1], [1, 0]], []]}, "graph 0, field 'edge_index': is not an array of numbers"),
            (
                {"edges": [[[0.0, 1.0], [1.0, 0.0]], []]},
                "graph 0, field 'edge_index': must be integer[2, edges], is",
            ),
            ({"edges": [[[0, 1], [1, 0], [1, 1]], []]}, "is int64[3, 2]; transpose it"),
            ({"edges": [[0, 1], []]}, "graph 0, field 'edge_index': must be integer[2, edges], is int64[2]"),
            ({"edge_features": [[[1.0]], []]}, "graph 0, field 'edge_features': has 1 rows for 2 edges"),
            ({"edge_features": [[[1.0], [2.0]], [[1.0]]]}, "graph 1, field 'edge_features': has 1 rows for 0 edges"),
            ({"edge_features": [[[1.0], [np.nan]], []]}, "graph 0, field 'edge_features': row 1, column 0 is nan"),
            ({"edge_features": [[[1.0], [2.0]]]}, "field 'edge_features': has 1 entries for 2 graphs"),
            ({"edges": [[], []], "edge_features": [[], []]}, "field 'edge_features': no graph has edges"),
            ({"edge_labels": [[0, 2], []]}, "graph 0, field 'edge_labels': edge 1 is 2, must be 0 or 1"),
            ({"edge_labels": [[0, np.nan], []]}, "graph 0, field 'edge_labels': edge 1 is nan, must be 0 or 1"),
            ({"edge_labels": [[0], []]}, "graph 0, field 'edge_labels': must have the shape [2], has [1]"),
            ({"edge_labels": [[0, 1]]}, "field 'edge_labels': has 1 entries for 2 graphs"),
            ({"node_categories": [2, 2]}, "graph 0, field 'node_features': has categories, which must be integers"),
            ({"nodes": [[[1], [2]], [[0]]], "node_categories": [2]}, "graph 0, field 'node_features': row 1, column 0"),
            (
                {"nodes": [[[1], [0]], [[0]]], "node_categories": [2, 2]},
                "graph 0, field 'node_features': has 1 columns",
            ),
            ({"nodes": None}, "field 'n_node': must be given where node_features is None"),
            ({"nodes": None, "n_node": [2]}, "field 'n_node': must be integer[2], is int64[1]"),
            ({"nodes": None, "n_node": [2, 0]}, "graph 1, field 'n_node': is 0, must be at least 1"),
            ({"n_node": [2, 2]}, "field 'n_node': differs from"),
            ({"node_names": [["a", "b"]]}, "field 'node_names': has 1 entries for 2 graphs"),
            ({"node_names": [["a"], ["b"]]}, "graph 0, field 'node_names': has 1 names for 2 nodes"),
            ({"node_names": [["a", "b"], [3]]}, "graph 1, field 'node_names': has a name that is not text"),
            ({"splits": {"train": np.array([2])}}, "field 'splits[train]': has a graph outside 0 .. 1"),
            ({"kind": "tree"}, "field 'kind'"),
        ],
    )
    def test_names_the_graph_and_the_field(self, changes, message):
        with pytest.raises(DataError, match=f"^mine: .*{re.escape(message)}|^mine: {re.escape(message)}"):
            build(**changes)

    @settings(max_examples=50)
    @given(
        st.lists(st.sampled_from(ODDITIES), min_size=2, max_size=2),
        st.sampled_from(["nodes", "edges", "labels", "edge_features", "edge_labels"]),
        st.booleans(),
    )
    def test_whatever_is_given_is_a_dataset_or_a_data_error(self, values, field, undirected):
        changed = values[0] if field == "labels" else values
        with contextlib.suppress(DataError):
            assert isinstance(build(**{field: changed}, undirected=undirected), GraphDataset)
