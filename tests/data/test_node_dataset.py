"""`NodeDataset`: its views, its file, and a message that names the field and the value for whatever is wrong."""

import dataclasses
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gnnjax.data import SCHEMA_VERSION, NodeDataset, load, load_nodes, save, sorted_unique_edges
from gnnjax.data.format import read_archive
from gnnjax.errors import DataError
from tests.random_graphs import random_dataset, random_node_dataset

# 0 -> 1, 0 -> 2, 1 -> 0, 2 -> 2; node 3 is isolated.
DATASET = NodeDataset(
    name="four",
    nodes=np.arange(8, dtype=np.float32).reshape(4, 2),
    senders=np.int32([0, 0, 1, 2]),
    receivers=np.int32([1, 2, 0, 2]),
    labels=np.int32([0, 1, 2, 0]),
    num_classes=3,
    splits={
        "train": np.array([[1, 0, 0, 0], [0, 1, 0, 0]], bool),
        "valid": np.array([[0, 1, 0, 0], [1, 0, 0, 0]], bool),
        "test": np.array([[0, 0, 1, 1], [0, 0, 0, 1]], bool),
    },
    source="by hand",
)


def changed(field: str, row, value) -> np.ndarray:
    array = getattr(DATASET, field).copy()
    array[row] = value
    return array


def changed_split(part: str, row, value) -> dict[str, np.ndarray]:
    mask = DATASET.splits[part].copy()
    mask[row] = value
    return DATASET.splits | {part: mask}


INVALID = {
    "flat nodes": (
        {"nodes": np.zeros(4, np.float32)},
        "field 'nodes': must be float32[nodes, features] and not empty, is float32[4]",
    ),
    "double nodes": ({"nodes": np.zeros((4, 2))}, "field 'nodes': must be float32[nodes, features]"),
    "no features": ({"nodes": np.zeros((4, 0), np.float32)}, "and not empty, is float32[4, 0]"),
    "NaN": (
        {"nodes": changed("nodes", (2, 1), np.nan)},
        "field 'nodes': node 2, column 1 is nan, must be finite",
    ),
    "infinity": ({"nodes": changed("nodes", (0, 0), -np.inf)}, "node 0, column 0 is -inf"),
    "long senders": (
        {"senders": DATASET.senders.astype(np.int64)},
        "field 'senders': must be int32[edges], is int64[4]",
    ),
    "receivers with two axes": (
        {"receivers": DATASET.receivers[None]},
        "field 'receivers': must be int32[edges], is int32[1, 4]",
    ),
    "missing receiver": (
        {"receivers": DATASET.receivers[:-1]},
        "field 'receivers': has 3 entries for 4 senders",
    ),
    "sender too large": (
        {"senders": changed("senders", 3, 4)},
        "field 'senders': edge 3: node 4 is outside 0 .. 3",
    ),
    "negative receiver": (
        {"receivers": changed("receivers", 1, -1)},
        "field 'receivers': edge 1: node -1 is outside 0 .. 3",
    ),
    "edge twice in a row": (
        {"receivers": changed("receivers", 1, 1)},
        "field 'senders': the edge 0 -> 1 occurs more than once; use sorted_unique_edges",
    ),
    "edge twice, apart": (
        {"senders": np.int32([0, 1, 0, 2]), "receivers": np.int32([1, 0, 1, 2])},
        "field 'senders': the edge 0 -> 1 occurs more than once",
    ),
    "senders out of order": (
        {"senders": np.int32([0, 0, 2, 1]), "receivers": np.int32([1, 2, 2, 0])},
        "field 'senders': edge 3 is out of order by (sender, receiver); use sorted_unique_edges",
    ),
    "receivers out of order": (
        {"receivers": np.int32([2, 1, 0, 2])},
        "field 'senders': edge 1 is out of order",
    ),
    "no classes": ({"num_classes": 0}, "field 'num_classes': must be an integer of at least 1, is 0"),
    "half a class": ({"num_classes": 2.5}, "field 'num_classes': must be an integer of at least 1, is 2.5"),
    "float labels": (
        {"labels": np.zeros(4, np.float32)},
        "field 'labels': must be int32[4], is float32[4]",
    ),
    "missing label": ({"labels": DATASET.labels[:3]}, "field 'labels': must be int32[4], is int32[3]"),
    "class too large": ({"num_classes": 2}, "field 'labels': node 2: class 2 is outside 0 .. 1"),
    "negative class": (
        {"labels": changed("labels", 3, -1)},
        "field 'labels': node 3: class -1 is outside 0 .. 2",
    ),
    "missing part": (
        {"splits": {"train": DATASET.splits["train"], "test": DATASET.splits["test"]}},
        "field 'splits': must have the parts train, valid, test, has test, train",
    ),
    "another part": ({"splits": DATASET.splits | {"extra": DATASET.splits["test"]}}, "has extra, test, train, valid"),
    "no part": ({"splits": {}}, "must have the parts train, valid, test, has none"),
    "mask of integers": (
        {"splits": DATASET.splits | {"valid": DATASET.splits["valid"].astype(np.uint8)}},
        "field 'splits': part 'valid' must be bool[2, 4], is uint8[2, 4]",
    ),
    "fewer splits": (
        {"splits": DATASET.splits | {"test": DATASET.splits["test"][:1]}},
        "field 'splits': part 'test' must be bool[2, 4], is bool[1, 4]",
    ),
    "fewer nodes": (
        {"splits": {part: mask[:, :3] for part, mask in DATASET.splits.items()}},
        "field 'splits': part 'train' must be bool[2, 4], is bool[2, 3]",
    ),
    "flat masks": (
        {"splits": {part: mask[0] for part, mask in DATASET.splits.items()}},
        "field 'splits': part 'train' must be bool[4, 4], is bool[4]",
    ),
    "no splits": (
        {"splits": {part: mask[:0] for part, mask in DATASET.splits.items()}},
        "field 'splits': part 'train' must be bool[splits, 4], is bool[0, 4]",
    ),
    "nothing to test on": (
        {"splits": changed_split("test", 1, False)},
        "field 'splits': split 1 has no test nodes; leave that split out",
    ),
    "train and test": (
        {"splits": changed_split("train", (1, 3), True)},
        "split 1: 1 nodes, such as 3, are both in 'train' and in 'test'; a node may be in one part only",
    ),
    "train and valid": (
        {"splits": changed_split("train", (0, 1), True)},
        "split 0: 1 nodes, such as 1, are both in 'train' and in 'valid'",
    ),
    "valid and test": (
        {"splits": changed_split("valid", 0, [False, True, True, True])},
        "split 0: 2 nodes, such as 2, are both in 'valid' and in 'test'",
    ),
}


@pytest.mark.parametrize(("fields", "message"), INVALID.values(), ids=INVALID)
def test_refuses_and_names(fields, message):
    with pytest.raises(DataError, match=re.escape(message)) as error:
        dataclasses.replace(DATASET, **fields)
    assert str(error.value).startswith("four: field '")


class TestViews:
    def test_sizes(self):
        assert (DATASET.num_nodes, DATASET.num_edges) == (4, 4)

    def test_adjacency(self):
        adjacency = DATASET.adjacency()
        expected = np.float32([[0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
        np.testing.assert_array_equal(adjacency.toarray(), expected, strict=True)
        adjacency.check_format(full_check=True)
        assert adjacency.has_canonical_format

    def test_adjacency_with_every_self_loop_once(self):
        expected = np.float32([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
        np.testing.assert_array_equal(DATASET.adjacency(self_loops=True).toarray(), expected, strict=True)

    def test_a_graph_without_edges(self):
        none = np.empty(0, np.int32)
        empty = dataclasses.replace(DATASET, senders=none, receivers=none)
        assert empty.num_edges == 0
        np.testing.assert_array_equal(empty.adjacency().toarray(), np.zeros((4, 4)))
        np.testing.assert_array_equal(empty.adjacency(self_loops=True).toarray(), np.eye(4))

    @pytest.mark.parametrize(
        "fields",
        [
            {"nodes": changed("nodes", (0, 0), 1)},
            {"receivers": changed("receivers", 3, 3)},
            {"senders": changed("senders", 3, 3)},
            {"labels": changed("labels", 0, 1)},
            {"num_classes": 4},
            {"splits": None},
            {"splits": changed_split("test", (1, 2), True)},
        ],
    )
    def test_fingerprint_changes_with_what_decides_results(self, fields):
        assert dataclasses.replace(DATASET, **fields).fingerprint() != DATASET.fingerprint()

    def test_fingerprint_stays_with_what_does_not(self):
        again = dataclasses.replace(
            DATASET, name="other", source="elsewhere", splits=dict(reversed(DATASET.splits.items()))
        )
        assert again.fingerprint() == DATASET.fingerprint()


@given(hnp.arrays(np.int64, st.tuples(st.just(2), st.integers(0, 30)), elements=st.integers(-1, 5)))
def test_sorted_unique_edges(edges):
    senders, receivers = sorted_unique_edges(*edges)
    assert senders.dtype == receivers.dtype == np.int32
    assert list(zip(senders.tolist(), receivers.tolist(), strict=True)) == sorted(
        set(zip(*edges.tolist(), strict=True))
    )


def test_sorted_unique_edges_do_not_wrap_around():
    with pytest.raises(DataError, match=r"node 4294967296 is outside the numbers of nodes .* \(int32\)"):
        sorted_unique_edges(np.array([0, 1]), np.array([1, 2**32]))


class TestFile:
    @pytest.mark.parametrize("dataset", [DATASET, dataclasses.replace(DATASET, splits=None), random_node_dataset(0)])
    def test_loads_what_was_saved(self, dataset, tmp_path):
        save(dataset, tmp_path / "data.npz")
        found = load_nodes(tmp_path / "data.npz")
        assert found.fingerprint() == dataset.fingerprint()
        for field in ("name", "num_classes", "source"):
            assert getattr(found, field) == getattr(dataset, field)
        for field in ("nodes", "senders", "receivers", "labels"):
            np.testing.assert_array_equal(getattr(found, field), getattr(dataset, field), strict=True)
        assert (found.splits is None) == (dataset.splits is None)

    def test_equal_data_give_equal_bytes(self, tmp_path):
        save(DATASET, tmp_path / "a.npz")
        save(dataclasses.replace(DATASET, splits=dict(reversed(DATASET.splits.items()))), tmp_path / "b.npz")
        assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()

    def test_each_kind_of_file_is_read_by_its_own_function(self, tmp_path):
        save(DATASET, tmp_path / "nodes.npz")
        save(random_dataset(0), tmp_path / "graphs.npz")
        with pytest.raises(DataError, match=r"nodes\.npz: holds one graph whose nodes have labels.*; use load_nodes"):
            load(tmp_path / "nodes.npz")
        with pytest.raises(DataError, match=r"graphs\.npz: holds a set of graphs, not one graph.*; use load$"):
            load_nodes(tmp_path / "graphs.npz")

    def test_truncated_at_many_lengths(self, tmp_path):
        path = tmp_path / "data.npz"
        save(DATASET, path)
        content = path.read_bytes()
        for length in range(0, len(content), 7):
            path.write_bytes(content[:length])
            with pytest.raises(DataError, match=r"data\.npz: is not a readable \.npz archive"):
                load_nodes(path)

    def test_absent_file(self, tmp_path):
        with pytest.raises(DataError, match=r"absent\.npz: there is no such file; a script in data_prep/"):
            load_nodes(tmp_path / "absent.npz")

    @pytest.mark.parametrize("field", ["nodes", "senders", "receivers", "labels", "split_valid"])
    def test_missing_field(self, tmp_path, field):
        save(DATASET, tmp_path / "data.npz")
        arrays = read_archive(tmp_path / "data.npz")
        del arrays[field]
        np.savez(tmp_path / "data.npz", **arrays)
        with pytest.raises(DataError, match=rf"data\.npz: field '{field}' is missing; prepare the file again"):
            load_nodes(tmp_path / "data.npz")

    @pytest.mark.parametrize(
        ("entries", "message"),
        [
            ({"name": 3}, "field 'schema.name' is missing or not a str"),
            ({"num_classes": "3"}, "field 'schema.num_classes' is missing or not a int"),
            ({"splits": None}, "field 'schema.splits' is missing or not a list"),
            ({"num_classes": 2}, "four: field 'labels': node 2: class 2 is outside 0 .. 1"),
            ({"version": SCHEMA_VERSION + 1}, f"has schema version {SCHEMA_VERSION + 1}"),
        ],
    )
    def test_invalid_entries(self, tmp_path, entries, message):
        save(DATASET, tmp_path / "data.npz")
        arrays = read_archive(tmp_path / "data.npz")
        schema = json.loads(str(arrays["schema"])) | entries
        np.savez(tmp_path / "data.npz", **arrays | {"schema": np.array(json.dumps(schema))})
        with pytest.raises(DataError, match=rf"data\.npz: .*{re.escape(message)}"):
            load_nodes(tmp_path / "data.npz")


def test_as_a_jraph_graph():
    dataset = random_node_dataset(0)
    graph = dataset.graph
    assert graph.n_node.tolist() == [20]
    assert graph.n_edge.tolist() == [dataset.num_edges]
    np.testing.assert_array_equal(graph.nodes, dataset.nodes)
    adjacency = np.zeros((20, 20))
    adjacency[graph.senders, graph.receivers] = 1
    np.testing.assert_array_equal(adjacency, dataset.adjacency().toarray())
