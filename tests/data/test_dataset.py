"""`GraphDataset`: access by graph, and a message that names the field for whatever is wrong."""

import dataclasses
import re

import numpy as np
import pytest

from gnnjax.errors import DataError
from gnnjax.graphs import reverse_edges
from tests.random_graphs import random_dataset

DATASET = random_dataset(0, edge_features=2)
NUM_NODES, NUM_EDGES = int(DATASET.n_node.sum()), int(DATASET.n_edge.sum())
LAST_NODE_GRAPH_4 = DATASET.n_node[4] - 1


def changed(field: str, row, value) -> np.ndarray:
    array = getattr(DATASET, field).copy()
    array[row] = value
    return array


def in_graph(field: str, graph: int) -> int:
    """A row of that graph in the array."""
    offsets = DATASET.node_offsets if field == "nodes" else DATASET.edge_offsets
    return int(offsets[graph])


INVALID = {
    "unknown task": (
        {"task": "ranking"},
        "field 'task': is 'ranking', must be one of binary, multiclass",
    ),
    "float sizes": (
        {"n_node": DATASET.n_node.astype(float)},
        "field 'n_node': must be one signed integer per graph, is float64[8]",
    ),
    "unsigned sizes": ({"n_edge": DATASET.n_edge.astype(np.uint64)}, "is uint64[8]"),
    "sizes with two axes": ({"n_edge": DATASET.n_edge[None]}, "field 'n_edge': must be one signed integer"),
    "empty graph": ({"n_node": changed("n_node", 2, 0)}, "graph 2, field 'n_node': is 0, must be at least 1"),
    "negative edges": (
        {"n_edge": changed("n_edge", 3, -1)},
        "graph 3, field 'n_edge': is -1, must be at least 0",
    ),
    "no graphs": ({"n_node": np.zeros(0, int)}, "field 'n_node': there are no graphs"),
    "fewer edge counts": ({"n_edge": DATASET.n_edge[:-1]}, "field 'n_edge': has 7 entries for 8 graphs"),
    "absurd size": ({"n_node": DATASET.n_node + np.int64(2**50)}, "field 'nodes': has shape"),
    "absurd edges": ({"n_edge": DATASET.n_edge + np.int64(2**50)}, "field 'senders': has shape"),
    "missing node row": ({"nodes": DATASET.nodes[:-1]}, f"field 'nodes': has shape [{NUM_NODES - 1}, 3]"),
    "double nodes": (
        {"nodes": DATASET.nodes.astype(float)},
        f"field 'nodes': must be float32[{NUM_NODES}, features], is float64[{NUM_NODES}, 3]",
    ),
    "flat nodes": ({"nodes": DATASET.nodes[:, 0]}, f"is float32[{NUM_NODES}]"),
    "NaN node": (
        {"nodes": changed("nodes", (in_graph("nodes", 5), 1), np.nan)},
        "graph 5, field 'nodes': has a value that is not finite",
    ),
    "missing edge row": (
        {"edges": DATASET.edges[:-1]},
        f"field 'edges': must be float32[{NUM_EDGES}, features], is float32[{NUM_EDGES - 1}, 2]",
    ),
    "infinite edge": (
        {"edges": changed("edges", in_graph("edges", 4), np.inf)},
        "graph 4, field 'edges': has a value that is not finite",
    ),
    "missing sender": ({"senders": DATASET.senders[:-1]}, f"field 'senders': has shape [{NUM_EDGES - 1}]"),
    "float receivers": (
        {"receivers": DATASET.receivers.astype(float)},
        f"field 'receivers': must be integer[{NUM_EDGES}], is float64[{NUM_EDGES}]",
    ),
    "missing receiver": ({"receivers": DATASET.receivers[:-1]}, f"is int32[{NUM_EDGES - 1}]"),
    "sender of the next graph": (
        {"senders": changed("senders", in_graph("senders", 4), DATASET.n_node[4])},
        f"graph 4, field 'senders': node {DATASET.n_node[4]} is outside 0 .. {LAST_NODE_GRAPH_4}",
    ),
    "negative receiver": (
        {"receivers": changed("receivers", in_graph("receivers", 1), -1)},
        "graph 1, field 'receivers': node -1 is outside",
    ),
    "flat labels": (
        {"labels": DATASET.labels[:, 0]},
        "field 'labels': must be float32[8, 1], is float32[8]",
    ),
    "two columns": ({"labels": np.zeros((8, 2), np.float32)}, "must be float32[8, 1], is float32[8, 2]"),
    "no columns": (
        {"labels": np.zeros((8, 0), np.float32), "task": "multilabel"},
        "must be float32[8, tasks], is float32[8, 0]",
    ),
    "integer labels": ({"labels": DATASET.labels.astype(int)}, "must be float32[8, 1], is int64[8, 1]"),
    "missing label": ({"labels": DATASET.labels[:-1]}, "must be float32[8, 1], is float32[7, 1]"),
    "label of -1": (
        {"labels": changed("labels", 6, -1)},
        "graph 6, field 'labels': is [-1.], must be 0, 1 or NaN",
    ),
    "multiclass float": (
        {"task": "multiclass", "labels": np.zeros(8)},
        "field 'labels': must be integer[8], is float64[8]",
    ),
    "multiclass columns": ({"task": "multiclass", "labels": np.zeros((8, 1), int)}, "is int64[8, 1]"),
    "class too large": (
        {"task": "multiclass", "num_classes": 3, "labels": np.arange(8)},
        "graph 3, field 'labels': class 3 is outside 0 .. 2",
    ),
    "negative class": (
        {"task": "multiclass", "labels": np.array([0, -1, 0, 0, 0, 0, 0, 0])},
        "graph 1, field 'labels': class -1 is outside 0 .. 1",
    ),
    "bool edge labels": (
        {"edge_labels": DATASET.edge_labels.astype(bool)},
        f"field 'edge_labels': must be uint8[{NUM_EDGES}], is bool[{NUM_EDGES}]",
    ),
    "missing edge label": (
        {"edge_labels": DATASET.edge_labels[:-1]},
        f"field 'edge_labels': must be uint8[{NUM_EDGES}], is uint8[{NUM_EDGES - 1}]",
    ),
    "edge label of 2": (
        {"edge_labels": changed("edge_labels", in_graph("edge_labels", 1), 2)},
        "graph 1, field 'edge_labels': must be 0 or 1",
    ),
    "split mask": (
        {"splits": {"train": np.ones(8, bool)}},
        "field 'splits[train]': must be integer[graphs], is bool[8]",
    ),
    "split of another dataset": (
        {"splits": {"train": np.arange(2), "test": np.array([0, 8])}},
        "field 'splits[test]': has a graph outside 0 .. 7",
    ),
}

CATEGORIES = np.arange(3 * NUM_NODES, dtype=np.int32).reshape(-1, 3) % np.array([3, 2, 4], np.int32)
BONDS = np.arange(2 * NUM_EDGES, dtype=np.int32).reshape(-1, 2) % 3
WORDS = np.array(["good", "bad"])


def with_value(array: np.ndarray, position, value) -> np.ndarray:
    array = array.copy()
    array[position] = value
    return array


INVALID |= {
    "category too large": (
        {"nodes": with_value(CATEGORIES, (in_graph("nodes", 5), 1), 2), "node_categories": (3, 2, 4)},
        "graph 5, field 'nodes': has a value outside its column's categories (0 .. one less than [3, 2, 4])",
    ),
    "negative category": (
        {"nodes": with_value(CATEGORIES, (in_graph("nodes", 4), 2), -1), "node_categories": (3, 2, 4)},
        "graph 4, field 'nodes': has a value outside its column's categories",
    ),
    "edge category too large": (
        {"edges": with_value(BONDS, (in_graph("edges", 1), 0), 3), "edge_categories": (3, 3)},
        "graph 1, field 'edges': has a value outside its column's categories (0 .. one less than [3, 3])",
    ),
    "fewer numbers of categories than columns": (
        {"nodes": CATEGORIES, "node_categories": (3, 2)},
        "field 'nodes': has 3 columns, but numbers of categories for 2",
    ),
    "float categories": (
        {"node_categories": (3, 2, 4)},
        f"field 'nodes': must be int32[{NUM_NODES}, features], is float32[{NUM_NODES}, 3]",
    ),
    "long categories": (
        {"edges": BONDS.astype(np.int64), "edge_categories": (3, 3)},
        f"field 'edges': must be int32[{NUM_EDGES}, features], is int64[{NUM_EDGES}, 2]",
    ),
    "integers that are no categories": (
        {"nodes": CATEGORIES},
        f"field 'nodes': must be float32[{NUM_NODES}, features], is int32[{NUM_NODES}, 3]",
    ),
    "unknown kind": (
        {"kind": "video"},
        "field 'kind': is 'video', must be one of graph, molecule, sentence, image",
    ),
    "names without vocabulary": (
        {"node_names": np.zeros(NUM_NODES, int)},
        "field 'node_names': and 'vocabulary' must be given together",
    ),
    "vocabulary without names": ({"vocabulary": WORDS}, "field 'node_names': and 'vocabulary' must be"),
    "vocabulary of bytes": (
        {"node_names": np.zeros(NUM_NODES, int), "vocabulary": WORDS.astype("S4")},
        "field 'vocabulary': must be unicode[names], is |S4[2]",
    ),
    "missing name": (
        {"node_names": np.zeros(NUM_NODES - 1, int), "vocabulary": WORDS},
        f"field 'node_names': must be integer[{NUM_NODES}], is int64[{NUM_NODES - 1}]",
    ),
    "names as floats": (
        {"node_names": np.zeros(NUM_NODES), "vocabulary": WORDS},
        f"field 'node_names': must be integer[{NUM_NODES}], is float64[{NUM_NODES}]",
    ),
    "name outside the vocabulary": (
        {"node_names": np.full(NUM_NODES, 2), "vocabulary": WORDS},
        "field 'node_names': has a value outside 0 .. 1",
    ),
    "negative name": (
        {"node_names": np.full(NUM_NODES, -1), "vocabulary": WORDS},
        "field 'node_names': has a value outside 0 .. 1",
    ),
    "positions in space": (
        {"node_positions": np.zeros((NUM_NODES, 3), np.float32)},
        f"field 'node_positions': must be float32[{NUM_NODES}, 2], is float32[{NUM_NODES}, 3]",
    ),
    "double positions": (
        {"node_positions": np.zeros((NUM_NODES, 2))},
        f"field 'node_positions': must be float32[{NUM_NODES}, 2], is float64[{NUM_NODES}, 2]",
    ),
    "missing image": (
        {"images": np.zeros((7, 5, 4), np.uint8)},
        "field 'images': must be uint8[8, height, width], is uint8[7, 5, 4]",
    ),
    "float images": (
        {"images": np.zeros((8, 5, 4), np.float32)},
        "field 'images': must be uint8[8, height, width], is float32[8, 5, 4]",
    ),
    "flat images": ({"images": np.zeros((8, 20), np.uint8)}, "is uint8[8, 20]"),
}


@pytest.mark.parametrize(("fields", "message"), INVALID.values(), ids=INVALID)
def test_an_invalid_field_is_named(fields, message):
    with pytest.raises(DataError, match=re.escape(message)) as error:
        dataclasses.replace(DATASET, **fields)
    assert str(error.value).startswith("random: ")


def test_graphs_come_out_as_they_went_in():
    node = edge = 0
    for index in range(len(DATASET)):
        graph = DATASET[index]
        num_nodes, num_edges = DATASET.n_node[index], DATASET.n_edge[index]
        np.testing.assert_array_equal(graph.nodes, DATASET.nodes[node : node + num_nodes])
        np.testing.assert_array_equal(graph.edges, DATASET.edges[edge : edge + num_edges])
        np.testing.assert_array_equal(graph.senders, DATASET.senders[edge : edge + num_edges])
        np.testing.assert_array_equal(graph.receivers, DATASET.receivers[edge : edge + num_edges])
        assert (graph.n_node, graph.n_edge) == ([num_nodes], [num_edges])
        node, edge = node + num_nodes, edge + num_edges
    assert (node, edge) == (NUM_NODES, NUM_EDGES)


def test_negative_indices_count_from_the_end():
    np.testing.assert_array_equal(DATASET[-3].nodes, DATASET[5].nodes)
    assert DATASET.edge_slice(-4) == DATASET.edge_slice(4)
    for index in (8, -9):
        with pytest.raises(IndexError, match="out of range"):
            DATASET[index]


def test_rows_of_several_graphs():
    indices = np.array([4, 3, 1, -4])
    nodes = np.concatenate([DATASET[i].nodes for i in indices])
    senders = np.concatenate([DATASET[i].senders for i in indices])
    np.testing.assert_array_equal(DATASET.nodes[DATASET.node_rows(indices)], nodes)
    np.testing.assert_array_equal(DATASET.senders[DATASET.edge_rows(indices)], senders)


def test_reverse_edges_are_those_of_each_graph_alone():
    for index in range(len(DATASET)):
        graph = DATASET[index]
        alone = reverse_edges(graph.senders, graph.receivers, np.zeros(len(graph.senders), int), 1)
        np.testing.assert_array_equal(DATASET.reverse_edges[DATASET.edge_slice(index)], alone)


@pytest.mark.parametrize(("task", "out_features"), [("binary", 1), ("multilabel", 3), ("multiclass", 4)])
def test_widths(task, out_features):
    dataset = random_dataset(1, task=task, out_features=out_features, in_features=5)
    assert (dataset.in_features, dataset.edge_features, dataset.out_features) == (5, None, out_features)
    assert DATASET.edge_features == 2


def test_numbers_of_categories_are_what_a_model_is_made_from():
    dataset = dataclasses.replace(
        DATASET, nodes=CATEGORIES, node_categories=(3, 2, 4), edges=BONDS, edge_categories=(3, 3)
    )
    assert (dataset.in_features, dataset.edge_features) == ((3, 2, 4), (3, 3))
    np.testing.assert_array_equal(dataset[5].nodes, CATEGORIES[DATASET.node_slice(5)])


class TestFingerprint:
    def test_ignores_what_no_model_sees(self):
        other = dataclasses.replace(
            DATASET,
            name="other",
            source="elsewhere",
            kind="image",
            node_names=np.zeros(NUM_NODES, int),
            vocabulary=WORDS,
            node_positions=np.zeros((NUM_NODES, 2), np.float32),
            images=np.zeros((8, 5, 4), np.uint8),
        )
        assert other.fingerprint() == DATASET.fingerprint()

    @pytest.mark.parametrize(
        "fields",
        [
            {"nodes": changed("nodes", 0, 0.0)},
            {"senders": changed("senders", 0, (DATASET.senders[0] + 1) % DATASET.n_node[0])},
            {"labels": changed("labels", 0, 1 - DATASET.labels[0])},
            {"edge_labels": changed("edge_labels", 0, 1 - DATASET.edge_labels[0])},
            {"edge_labels": None},
            {"edges": None},
            {"task": "multilabel"},
            {"n_node": DATASET.n_node.astype(np.int64)},
            {"splits": None},
            {"splits": {**DATASET.splits, "test": DATASET.splits["test"][::-1]}},
            {"splits": {"valid": DATASET.splits["test"], "train": DATASET.splits["train"]}},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_changes_with_what_a_model_sees(self, fields):
        assert dataclasses.replace(DATASET, **fields).fingerprint() != DATASET.fingerprint()

    def test_changes_with_the_numbers_of_categories(self):
        data = dataclasses.replace(DATASET, nodes=CATEGORIES, node_categories=(3, 2, 4))
        more = dataclasses.replace(data, node_categories=(3, 3, 4))
        edges = dataclasses.replace(data, edges=BONDS, edge_categories=(3, 3))
        more_edges = dataclasses.replace(edges, edge_categories=(3, 4))
        assert len({other.fingerprint() for other in (data, more, edges, more_edges)}) == 4

    def test_does_not_depend_on_the_sequence_of_the_split_parts(self):
        other = dataclasses.replace(DATASET, splits=dict(reversed(DATASET.splits.items())))
        assert other.fingerprint() == DATASET.fingerprint()
