"""Explanations come back from files as they were; what is damaged, or of other data, is refused by name."""

import contextlib
import dataclasses
import json

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gnnjax.errors import DataError
from gnnjax.explain import Explanation, Explanations
from gnnjax.explain.explanation_files import (
    from_json,
    load_explanations,
    save_explanations,
    to_json,
    write_explanation_graphml,
)
from tests.random_graphs import random_dataset

DATASET = random_dataset(0, 8, edge_features=2)
NAMED = dataclasses.replace(
    DATASET,
    vocabulary=np.array(["C", "N & <O>", "\u20ac\x07"]),
    node_names=np.arange(DATASET.n_node.sum()) % 3,
)


def explanations(dataset=NAMED, *, indices=(5, 0, 3, 5), whole=True) -> Explanations:
    rng = np.random.default_rng(0)
    indices = np.array(indices)
    edges, nodes = (rng.normal(size=sizes[indices].sum()) for sizes in (dataset.n_edge, dataset.n_node))
    logits = rng.normal(size=(len(indices), dataset.out_features)).astype(np.float32)
    if not whole:
        return Explanations(dataset, indices, edges)
    return Explanations(dataset, indices, edges, nodes.astype(np.float32), logits, "made up")


def assert_equal(found: Explanation, expected: Explanation):
    for field in dataclasses.fields(Explanation):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        if field.name == "graph":
            for part in ("nodes", "edges", "senders", "receivers", "n_node", "n_edge"):
                np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
        elif isinstance(other, np.ndarray):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
        else:
            assert one == other


class TestJson:
    @pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
    def test_round_trip(self, task):
        dataset = random_dataset(1, 8, task=task, out_features=1 if task == "binary" else 3)
        for each in explanations(dataset, indices=range(8)):
            assert_equal(from_json(to_json(each)), each)

    def test_every_field_and_only_those_needed(self):
        for whole in (True, False):
            for each in explanations(whole=whole):
                assert_equal(from_json(to_json(each)), each)
        bare = Explanation(DATASET[0]._replace(edges=None), np.zeros(DATASET.n_edge[0]))
        assert_equal(from_json(to_json(bare).encode()), bare)

    def test_infinity_cannot_be_written(self):
        graph = DATASET[0]._replace(nodes=np.full((DATASET.n_node[0], 1), np.inf))
        with pytest.raises(DataError, match="field 'nodes' must hold numbers"):
            to_json(Explanation(graph, np.zeros(DATASET.n_edge[0])))

    @pytest.mark.parametrize("text", ["", "[]", "3", "{}", "[" * 100_000, '{"format": "other"}', b"\xff\xfe\x00"])
    def test_refuses_other_texts(self, text):
        with pytest.raises(DataError, match=r"JSON|format"):
            from_json(text)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("version", 2),
            ("num_nodes", 1),
            ("num_nodes", True),
            ("method", None),
            ("name", 3),
            ("node_names", "CNO"),
            ("node_names", [1, 2]),
            ("edge_mask", None),
            ("edge_mask", [0.5]),
            ("edge_mask", {"dtype": "float64", "shape": [1]}),
            ("edge_mask", {"dtype": "float64", "shape": [2], "values": [0.5]}),
            ("edge_mask", {"dtype": "float64", "shape": [1], "values": [0.5]}),
            ("edge_mask", {"dtype": "object", "shape": [1], "values": [0.5]}),
            ("edge_mask", {"dtype": [], "shape": [1], "values": [0.5]}),
            ("edge_mask", {"dtype": "float32", "shape": [1], "values": [1e300]}),
            ("edge_mask", {"dtype": "float32", "shape": [1], "values": ["1"]}),
            ("edges", {"dtype": "float32", "shape": [1, 1], "values": [0]}),
            ("nodes", {"dtype": "float32", "shape": [], "values": [0]}),
            ("senders", {"dtype": "int32", "shape": [1], "values": [None]}),
            ("senders", {"dtype": "int64", "shape": [1], "values": [2**80]}),
            ("edge_labels", {"dtype": "int64", "shape": [1], "values": [1]}),
            ("prediction", {"dtype": "float32", "shape": [1], "values": [None]}),
        ],
    )
    def test_names_the_field(self, field, value):
        content = json.loads(to_json(explanations()[1])) | {field: value}
        with pytest.raises(DataError, match=field.replace("nodes", "(num_)?nodes")):
            from_json(json.dumps(content))

    @pytest.mark.parametrize("field", ["edge_mask", "nodes", "senders", "num_nodes", "method", "version"])
    def test_names_what_is_missing(self, field):
        content = json.loads(to_json(explanations()[1]))
        del content[field]
        with pytest.raises(DataError, match=f"field '{field}'"):
            from_json(json.dumps(content))

    @given(data=st.data())
    def test_damage_is_refused_or_harmless(self, data):
        text = bytearray(to_json(explanations()[1]).encode())
        if data.draw(st.booleans()):
            del text[data.draw(st.integers(0, len(text) - 1)) :]
        for _ in range(data.draw(st.integers(1, 3))):
            if text:
                text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
        with contextlib.suppress(DataError):
            from_json(bytes(text))


class TestGraphml:
    def test_attributes_and_all_edges(self, tmp_path):
        each = explanations()[1]
        write_explanation_graphml(tmp_path / "graph.graphml", each)
        graph = nx.read_graphml(tmp_path / "graph.graphml", node_type=int)
        assert graph.number_of_nodes() == each.num_nodes
        edges = zip(each.graph.senders.tolist(), each.graph.receivers.tolist(), strict=True)
        for place, edge in enumerate(edges):
            assert graph.edges[edge] == {
                "importance": pytest.approx(each.edge_mask[place]),
                "truth": each.edge_labels[place],
            }
        for node in range(each.num_nodes):
            assert graph.nodes[node]["importance"] == pytest.approx(each.node_mask[node])
            assert graph.nodes[node]["name"] == each.node_names[node].replace("\x07", "\ufffd")

    def test_a_selection_leaves_edges_out(self, tmp_path):
        each = explanations()[1]
        write_explanation_graphml(tmp_path / "graph.graphml", each, top_k=1)
        graph = nx.read_graphml(tmp_path / "graph.graphml", node_type=int)
        kept = each.select(top_k=1)
        senders, receivers = each.graph.senders[kept].tolist(), each.graph.receivers[kept].tolist()
        assert set(graph.edges) == set(zip(senders, receivers, strict=True))
        assert graph.number_of_nodes() == each.num_nodes

    def test_parallel_edges(self, tmp_path):
        each = explanations()[0]
        write_explanation_graphml(tmp_path / "graph.graphml", each)
        graph = nx.read_graphml(tmp_path / "graph.graphml", force_multigraph=True)
        assert graph.number_of_edges() == each.num_edges


class TestNpz:
    @pytest.mark.parametrize("whole", [True, False])
    def test_round_trip(self, tmp_path, whole):
        saved = explanations(whole=whole)
        save_explanations(tmp_path / "found.npz", saved)
        found = load_explanations(tmp_path / "found.npz", NAMED)
        for one, other in zip(found, saved, strict=True):
            assert_equal(one, other)
        assert found.indices.dtype == saved.indices.dtype

    def test_of_none(self, tmp_path):
        save_explanations(tmp_path / "none.npz", Explanations(NAMED, np.zeros(0, int), np.zeros(0)))
        assert len(load_explanations(tmp_path / "none.npz", NAMED)) == 0

    def test_refuses_another_dataset(self, tmp_path):
        save_explanations(tmp_path / "found.npz", explanations())
        with pytest.raises(DataError, match=r"found\.npz: field 'schema\.fingerprint' .*explain anew"):
            load_explanations(tmp_path / "found.npz", random_dataset(1, 8, edge_features=2))

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("schema", None, "'schema' is missing"),
            ("schema", np.array("[]"), "'schema' is missing"),
            ("schema", np.array(3.0), "'schema' is missing"),
            ("schema", np.array("[" * 100_000), "'schema' is missing"),
            ("indices", None, "'indices' is missing"),
            ("indices", np.array([5.0, 0, 3, 5]), "'indices' must hold integers"),
            ("indices", np.array([5, 0, 3, 8]), "'indices' has graph 8"),
            ("indices", np.array([[5, 0, 3, 5]]), "'indices' must be"),
            ("edge_mask", None, "'edge_mask' is missing"),
            ("edge_mask", np.ones(3), "'edge_mask' must be"),
            ("edge_mask", np.array(["a"]), "'edge_mask' must hold floats"),
            ("node_mask", np.ones(3), "'node_mask' must be"),
            ("logits", np.ones((4, 2)), "'logits' must be"),
            ("logits", np.full((4, 1), np.nan), "'logits' must be"),
        ],
    )
    def test_names_file_and_field(self, tmp_path, field, value, message):
        path = tmp_path / "found.npz"
        save_explanations(path, explanations())
        with np.load(path) as archive:
            arrays = dict(archive) | {field: value}
        np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
        with pytest.raises(DataError, match=rf"found\.npz: .*field {message}"):
            load_explanations(path, NAMED)

    @pytest.mark.parametrize("change", [{"version": 2}, {"content": "nodes"}, {"method": None}])
    def test_names_what_is_wrong_in_the_schema(self, tmp_path, change):
        path = tmp_path / "found.npz"
        save_explanations(path, explanations())
        with np.load(path) as archive:
            arrays = dict(archive)
        arrays["schema"] = np.array(json.dumps(json.loads(str(arrays["schema"])) | change))
        np.savez(path, **arrays)
        with pytest.raises(DataError, match=r"found\.npz: field 'schema"):
            load_explanations(path, NAMED)

    def test_never_unpickles(self, tmp_path):
        np.savez(tmp_path / "found.npz", indices=np.array([{}], object))
        with pytest.raises(DataError, match="not a readable"):
            load_explanations(tmp_path / "found.npz", NAMED)

    @given(data=st.data())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
    def test_damage_is_refused_or_harmless(self, tmp_path, data):
        path, saved = tmp_path / "found.npz", explanations()
        save_explanations(path, saved)
        content = bytearray(path.read_bytes())
        if data.draw(st.booleans()):
            del content[data.draw(st.integers(0, len(content) - 1)) :]
        else:
            content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
        with contextlib.suppress(DataError):
            found = load_explanations(path, NAMED)
            np.testing.assert_array_equal(found.edge_mask, saved.edge_mask)
            np.testing.assert_array_equal(found.indices, saved.indices)
