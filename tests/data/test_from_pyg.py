"""Graphs from PyTorch Geometric's objects, for which a class with the same attributes stands."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data.from_pyg import from_pyg, from_pyg_nodes
from gnnjax.errors import DataError
from tests.random_graphs import random_dataset


class Tensor:
    """What of torch's tensors is used: numpy takes it only when it has no gradient and is in main memory."""

    def __init__(self, array, gradient=True, device="gpu"):
        self._array, self._gradient, self._device = np.asarray(array), gradient, device

    def detach(self):
        return Tensor(self._array, False, self._device)

    def cpu(self):
        return Tensor(self._array, self._gradient, "cpu")

    def numpy(self):
        if self._gradient or self._device != "cpu":
            raise RuntimeError("call detach and cpu first")
        return self._array


class Data:
    """Like torch_geometric.data.Data, whose attributes are None unless they are given."""

    x = edge_index = edge_attr = y = None

    def __init__(self, **fields):
        self.__dict__.update(fields)


def molecule(**changes):
    fields = {"x": np.eye(2), "edge_index": np.array([[0, 1], [1, 0]]), "y": np.array([1])}
    return Data(**{field: None if value is None else Tensor(value) for field, value in (fields | changes).items()})


class TestGraphs:
    @given(st.integers(0, 1000), st.integers(4, 6), st.sampled_from([Tensor, np.asarray]))
    def test_round_trip(self, seed, num_graphs, array):
        expected = random_dataset(seed, num_graphs, edge_features=2)
        data_list = []
        for index in range(num_graphs):
            graph = expected[index]
            signal = expected.edge_labels[expected.edge_slice(index)]
            pairs = np.stack([graph.senders, graph.receivers]).astype(np.int64)
            fields = {"x": graph.nodes, "edge_index": pairs, "edge_attr": graph.edges, "signal": signal}
            fields["y"] = expected.labels[index][None]
            data_list.append(Data(**{field: array(values) for field, values in fields.items()}))
        found = from_pyg(data_list, task=expected.task, edge_label="signal", splits=expected.splits)
        assert found.fingerprint() == expected.fingerprint()

    @pytest.mark.parametrize("label", [np.int64(1), [1], [[1]]])
    def test_one_label(self, label):
        assert from_pyg([molecule(y=label)]).labels.tolist() == [[1]]

    def test_several_labels_and_targets(self):
        graphs = [molecule(y=[[1, np.nan]]), molecule(y=[[0, 1]])]
        assert from_pyg(graphs).task == "multilabel"
        assert from_pyg([molecule(y=0.25)], task="regression").labels.tolist() == [[0.25]]

    def test_edge_attr_of_one_number(self):
        np.testing.assert_array_equal(from_pyg([molecule(edge_attr=[1.0, 2.0])]).edges, [[1], [2]])

    def test_without_x(self):
        data = Data(num_nodes=3, edge_index=np.array([[0], [1]]), y=1)
        np.testing.assert_array_equal(from_pyg([data]).nodes, np.ones((3, 1)))
        np.testing.assert_array_equal(from_pyg([data], without_features="degree").nodes, [[1, 0], [0, 1], [1, 0]])

    def test_categories(self):
        data = from_pyg([molecule(x=[[0], [27]], edge_attr=[3, 0])], node_categories=[28], edge_categories=[4])
        assert (data.in_features, data.edge_features) == ((28,), (4,))


class TestBadInput:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"x": None}, "graph 1, field 'x': is missing"),
            ({"edge_index": None}, "graph 1, field 'edge_index': is missing"),
            ({"edge_attr": None}, "graph 1, field 'edge_attr': is missing"),
            ({"y": None}, "graph 1, field 'y': is missing"),
            ({"y": [0, 1]}, "graph 1, field 'y': must be a number, [1] or [1, tasks], has the shape [2]; reshape it"),
            ({"y": [[0, 1]]}, "graph 1, field 'y': has 2 entries, graph 0 has 1"),
            ({"y": "a"}, "graph 1, field 'y': must hold numbers"),
            ({"y": np.nan}, None),
            ({"y": 0.5}, "graph 1, field 'labels': is [0.5], neither"),
            ({"x": np.full((2, 2), np.inf)}, "graph 1, field 'node_features': row 0, column 0 is inf"),
            ({"x": np.ones((2, 3))}, "graph 0, field 'node_features': has 2 columns, but 3 in graph 1"),
            ({"edge_index": [[0], [2]], "edge_attr": [1]}, "graph 1, field 'edge_index': node 2 is outside 0 .. 1"),
            ({"edge_index": [[0, 1]]}, "graph 1, field 'edge_index': must be integer[2, edges], is int64[1, 2]"),
            ({"edge_attr": [1]}, "graph 1, field 'edge_features': has 1 rows for 2 edges"),
        ],
    )
    def test_names_the_graph_and_the_field(self, changes, message):
        graphs = [molecule(edge_attr=[1, 2]), molecule(**{"edge_attr": [1, 2]} | changes)]
        if message is None:
            assert np.isnan(from_pyg(graphs).labels[1])
            return
        with pytest.raises(DataError, match=f"^mine: {re.escape(message)}"):
            from_pyg(graphs, name="mine")

    def test_no_graphs(self):
        with pytest.raises(DataError, match="there are no graphs"):
            from_pyg([])

    @pytest.mark.parametrize("size", [None, 0, 2.5, True])
    def test_without_x_and_number_of_nodes(self, size):
        with pytest.raises(DataError, match=r"graph 0, field 'num_nodes': is .*, must be a positive integer"):
            from_pyg([Data(num_nodes=size, edge_index=np.zeros((2, 0), int), y=1)])

    def test_what_numpy_cannot_have(self):
        sparse = type("SparseTensor", (), {"numpy": lambda self: 1 / 0})
        with pytest.raises(DataError, match="graph 0, field 'x': cannot be made a numpy array"):
            from_pyg([Data(x=sparse(), edge_index=np.zeros((2, 0), int), y=1)])


class TestNodes:
    def graph(self, **changes):
        masks = np.eye(3, dtype=bool)
        fields = {"x": np.eye(3), "edge_index": [[2, 0, 0], [1, 1, 1]], "y": [0, 2, 1]}
        fields |= {"train_mask": masks[0], "val_mask": masks[1], "test_mask": masks[2]}
        fields |= changes
        return Data(**{field: None if value is None else Tensor(value) for field, value in fields.items()})

    def test_by_hand(self):
        data = from_pyg_nodes(self.graph(), name="mine", source="by hand")
        np.testing.assert_array_equal(data.senders, np.int32([0, 2]), strict=True)
        np.testing.assert_array_equal(data.receivers, np.int32([1, 1]), strict=True)
        np.testing.assert_array_equal(data.nodes, np.eye(3, dtype=np.float32), strict=True)
        np.testing.assert_array_equal(data.labels, np.int32([0, 2, 1]), strict=True)
        assert (data.num_classes, data.name, data.source) == (3, "mine", "by hand")
        assert {part: mask.tolist() for part, mask in data.splits.items()} == {
            "train": [[True, False, False]],
            "valid": [[False, True, False]],
            "test": [[False, False, True]],
        }
        undirected = from_pyg_nodes(self.graph(), undirected=True, num_classes=5)
        assert list(zip(undirected.senders, undirected.receivers, strict=True)) == [(0, 1), (1, 0), (1, 2), (2, 1)]
        assert undirected.num_classes == 5

    def test_several_splits_or_none(self):
        masks = {
            field: np.eye(3, dtype=bool)[:, [k, k]] for k, field in enumerate(("train_mask", "val_mask", "test_mask"))
        }
        assert from_pyg_nodes(self.graph(**masks)).splits["train"].shape == (2, 3)
        assert from_pyg_nodes(self.graph(train_mask=None, val_mask=None, test_mask=None)).splits is None

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"x": None}, "field 'x': is missing"),
            ({"x": [[1], [np.nan], [1]]}, "field 'node_features': row 1, column 0 is nan"),
            ({"y": [0, 1]}, "field 'y': must be integer[3], is int64[2]"),
            ({"y": [0.0, 1.0, 1.0]}, "field 'y': must be integer[3], is float64[3]"),
            ({"y": [0, 1, -1]}, "field 'y': node 2: -1 is not a class"),
            ({"y": [0, 1, 2**40]}, "field 'y': node 2: 1099511627776 is not a class"),
            ({"edge_index": [[0], [3]]}, "field 'edge_index': node 3 is outside 0 .. 2"),
            ({"val_mask": None}, "field 'val_mask': is missing; give all of train_mask, val_mask, test_mask, or none"),
            ({"val_mask": [0, 1, 0]}, "field 'val_mask': must be bool[3, splits], is int64[3, 1]"),
            ({"val_mask": [True]}, "field 'val_mask': must be bool[3, splits], is bool[1, 1]"),
            ({"val_mask": [True, True, False]}, "field 'splits'"),
        ],
    )
    def test_bad(self, changes, message):
        with pytest.raises(DataError, match=f"^mine: .*{re.escape(message)}|^mine: {re.escape(message)}"):
            from_pyg_nodes(self.graph(**changes), name="mine")
