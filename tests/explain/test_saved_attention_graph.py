"""Attention graphs come back as they were written; what is not one is refused by name."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from gnnjax.errors import DataError
from gnnjax.explain.export import write_json, write_npz
from gnnjax.explain.saved_attention_graph import read_json, read_npz
from tests.explain.attention_graphs import attention_graphs

ARRAYS = {
    "num_nodes": np.array(3),
    "queries": np.array([0, 1]),
    "keys": np.array([1, 1]),
    "weights": np.array([0.5, 1.0]),
    "labels": np.array([0, 1, 0]),
}


def content():
    return {
        "directed": True,
        "nodes": [{"id": 0, "label": 1}, {"id": 1, "label": 0}],
        "edges": [{"source": 0, "target": 1, "weight": 0.5}, {"source": 1, "target": 1, "weight": 1}],
    }


@pytest.mark.parametrize(("write", "read"), [(write_npz, read_npz), (write_json, read_json)])
class TestRoundTrip:
    @given(attention=attention_graphs(), with_labels=st.booleans(), stored=st.booleans())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_is_exact(self, write, read, tmp_path, attention, with_labels, stored):
        labels = np.arange(len(attention)) % 3 if with_labels else None
        write(tmp_path / "graph", sparse.csr_array(attention) if stored else attention, labels=labels)
        saved = read(tmp_path / "graph")
        np.testing.assert_array_equal(saved.attention_graph.toarray(), attention)
        if with_labels:
            np.testing.assert_array_equal(saved.labels, labels)
        else:
            assert saved.labels is None

    def test_reads_no_missing_file(self, write, read, tmp_path):
        with pytest.raises(DataError, match="there is no such file"):
            read(tmp_path / "none")


class TestReadNpz:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"num_nodes": np.array(0)}, "num_nodes must be one positive integer"),
            ({"num_nodes": np.array([3])}, "num_nodes must be one positive integer"),
            ({"num_nodes": np.array(3.0)}, "num_nodes must be one positive integer"),
            ({"queries": np.array([0, 3])}, "queries .* one id below 3"),
            ({"queries": np.array([0, 1, 2])}, "queries .* one id below 3"),
            ({"keys": np.array([-1, 1])}, "keys .* one id below 3"),
            ({"keys": np.array([0.5, 1])}, "keys .* one id below 3"),
            ({"weights": np.array([0.5, np.nan])}, "weights .* finite"),
            ({"weights": np.array([0.5, -1])}, "weights .* finite"),
            ({"weights": np.array(["a", "b"])}, "weights .* finite"),
            ({"queries": np.array([1, 1])}, "queries and keys .* occur once"),
            ({"labels": np.array([0, 1])}, "labels .* 3 integers"),
            ({"labels": np.array([0, 1, -1])}, "labels .* 3 integers"),
            ({"labels": np.array([0, 1, 0.5])}, "labels .* 3 integers"),
        ],
    )
    def test_names_the_array(self, tmp_path, change, message):
        np.savez(tmp_path / "graph.npz", **(ARRAYS | change))
        with pytest.raises(DataError, match=rf"graph\.npz: {message}.*write the file anew"):
            read_npz(tmp_path / "graph.npz")

    def test_names_what_is_missing(self, tmp_path):
        np.savez(tmp_path / "graph.npz", queries=ARRAYS["queries"], weights=ARRAYS["weights"])
        with pytest.raises(DataError, match=r"lacks the arrays \['keys', 'num_nodes'\]"):
            read_npz(tmp_path / "graph.npz")

    def test_never_unpickles(self, tmp_path):
        np.savez(tmp_path / "graph.npz", **(ARRAYS | {"labels": np.array([{}, {}, {}], object)}))
        with pytest.raises(DataError, match="not a readable"):
            read_npz(tmp_path / "graph.npz")

    @pytest.mark.parametrize("damaged", [b"", b"text", b"PK\x03\x04 cut off", pickle.dumps([1])])
    def test_refuses_other_files(self, tmp_path, damaged):
        (tmp_path / "graph.npz").write_bytes(damaged)
        with pytest.raises(DataError, match="not a readable"):
            read_npz(tmp_path / "graph.npz")

    def test_refuses_a_damaged_member(self, tmp_path):
        path = tmp_path / "graph.npz"
        write_npz(path, np.random.default_rng(0).random((50, 50)))
        damaged = bytearray(path.read_bytes())
        damaged[len(damaged) // 2] ^= 0xFF
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="not a readable"):
            read_npz(path)

    def test_refuses_a_single_array(self, tmp_path):
        np.save(tmp_path / "graph.npy", np.eye(3))
        with pytest.raises(DataError, match="not a readable"):
            read_npz(tmp_path / "graph.npy")


class TestReadJson:
    def test_reads_what_others_wrote(self, tmp_path):
        (tmp_path / "graph.json").write_text(json.dumps(content()))
        graph, labels = read_json(tmp_path / "graph.json")
        np.testing.assert_array_equal(graph.toarray(), [[0, 0.5], [0, 1]])
        np.testing.assert_array_equal(labels, [1, 0])

    @pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"nodes": []}', '{"nodes": 3, "edges": []}', "\udcff"])
    def test_refuses_other_files(self, tmp_path, text):
        (tmp_path / "graph.json").write_text(text, "utf-8", "surrogateescape")
        with pytest.raises(DataError, match="not node-link JSON"):
            read_json(tmp_path / "graph.json")

    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            (("directed",), False, "directed graph"),
            (("nodes", 1, "id"), 5, "ids 0, 1, 2"),
            (("nodes", 1, "id"), "1", "ids 0, 1, 2"),
            (("nodes",), [], "num_nodes"),
            (("nodes", 1), {"id": 1}, "KeyError: 'label'"),
            (("nodes", 1, "label"), "a", "labels"),
            (("nodes", 1, "label"), -1, "labels"),
            (("edges", 0, "source"), 2, "queries"),
            (("edges", 0, "source"), 1 << 70, "queries"),
            (("edges", 0, "target"), "x", "keys"),
            (("edges", 0, "target"), [1, 2], "not node-link JSON"),
            (("edges", 0, "weight"), -1, "weights"),
            (("edges", 0, "weight"), None, "weights"),
            (("edges", 0, "weight"), float("nan"), "weights"),
            (("edges", 0), {"source": 0, "target": 1}, "KeyError: 'weight'"),
            (("edges", 0, "source"), 1, "occur once"),
        ],
    )
    def test_names_the_field(self, tmp_path, path, value, message):
        changed = content()
        *parents, last = path
        place = changed
        for key in parents:
            place = place[key]
        place[last] = value
        (tmp_path / "graph.json").write_text(json.dumps(changed))
        with pytest.raises(DataError, match=message):
            read_json(tmp_path / "graph.json")
