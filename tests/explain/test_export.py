"""Files of attention graphs, as other programs read them; what comes back is tested in test_saved_attention_graph."""

import json

import networkx as nx
import numpy as np
import pytest

from gnnjax.explain.export import write_graphml, write_json, write_npz

ATTENTION = np.array([[0.5, 0.25, 0.25], [0.25, 0.75, 0], [0, 0, 0]], np.float32)
LABELS = np.array([2, 0, 1], np.int32)
WRITERS = pytest.mark.parametrize("write", [write_graphml, write_json, write_npz])


def test_graphml(tmp_path):
    write_graphml(tmp_path / "graph.graphml", ATTENTION, labels=LABELS, threshold=0.3)
    graph = nx.read_graphml(tmp_path / "graph.graphml", node_type=int)
    assert sorted(graph.edges(data="weight")) == [(0, 0, 0.5), (1, 1, 0.75)]
    assert dict(graph.nodes(data="label")) == {0: 2, 1: 0, 2: 1}
    assert graph.is_directed()


def test_json(tmp_path):
    write_json(tmp_path / "graph.json", ATTENTION, labels=LABELS, count=2)
    content = json.loads((tmp_path / "graph.json").read_text("utf-8"))
    assert content["nodes"] == [{"id": 0, "label": 2}, {"id": 1, "label": 0}, {"id": 2, "label": 1}]
    assert content["edges"] == [
        {"source": 0, "target": 0, "weight": 0.5},
        {"source": 1, "target": 1, "weight": 0.75},
    ]
    graph = nx.node_link_graph(content, edges="edges")
    assert graph.is_directed()
    assert sorted(graph.edges) == [(0, 0), (1, 1)]


def test_npz(tmp_path):
    write_npz(tmp_path / "graph.npz", ATTENTION)
    with np.load(tmp_path / "graph.npz", allow_pickle=False) as arrays:
        assert sorted(arrays.files) == ["keys", "num_nodes", "queries", "weights"]
        assert arrays["num_nodes"] == 3
        np.testing.assert_array_equal(arrays["queries"], [0, 0, 0, 1, 1])
        np.testing.assert_array_equal(arrays["keys"], [0, 1, 2, 0, 1])
        np.testing.assert_array_equal(arrays["weights"], np.float32([0.5, 0.25, 0.25, 0.25, 0.75]))


@WRITERS
class TestAllFormats:
    def test_write_no_file_for_bad_input(self, write, tmp_path):
        with pytest.raises(ValueError, match="labels"):
            write(tmp_path / "graph", ATTENTION, labels=LABELS[:2])
        with pytest.raises(ValueError, match="give one"):
            write(tmp_path / "graph", ATTENTION, threshold=0.1, count=1)
        with pytest.raises(ValueError, match="NaN"):
            write(tmp_path / "graph", np.full((2, 2), np.nan))
        assert not list(tmp_path.iterdir())

    def test_leave_the_old_file_if_they_fail(self, write, tmp_path, monkeypatch):
        (tmp_path / "graph").write_text("old")

        def fail(*_, **__):
            raise OSError("disk full")

        monkeypatch.setattr("os.fsync", fail)
        with pytest.raises(OSError, match="disk full"):
            write(tmp_path / "graph", ATTENTION)
        assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]

    def test_make_folders(self, write, tmp_path):
        write(tmp_path / "deep" / "graph", ATTENTION)
        assert (tmp_path / "deep" / "graph").stat().st_size > 0
