"""The graphs of Platonov et al.: what is read from the published archives, and what is said of others."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_prep import geom_gcn, heterophilous, node_data, node_files
from data_prep.heterophilous import GRAPHS, Published
from gnnjax.data import load_nodes
from gnnjax.errors import DataError

ROOT = Path(__file__).parents[2]

# 0 - 2, 1 - 0, 1 - 1, each listed once.
ARRAYS = {
    "node_features": np.float32([[1, 0], [0, 0.5], [0, 1], [2, 0]]),
    "node_labels": np.int64([0, 1, 1, 0]),
    "edges": np.int64([[0, 2], [1, 0], [1, 1]]),
    "train_masks": np.array([[1, 0, 0, 0], [0, 1, 0, 0]], bool),
    "val_masks": np.array([[0, 1, 0, 0], [1, 0, 0, 0]], bool),
    "test_masks": np.array([[0, 0, 1, 0], [0, 0, 1, 1]], bool),
}


@pytest.fixture(autouse=True)
def four_nodes(monkeypatch):
    monkeypatch.setitem(GRAPHS, "minesweeper", Published("minesweeper", 4, 2, 2, 3))
    monkeypatch.setitem(GRAPHS, "chameleon_directed", Published("chameleon_directed", 4, 2, 2, 3, directed=True))


def write(folder, file="minesweeper", **changes):
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    arrays = {name: array for name, array in (ARRAYS | changes).items() if array is not None}
    np.savez(folder / "raw" / f"{file}.npz", **arrays)
    return folder


class TestRead:
    def test_an_undirected_graph_gets_both_directions(self, tmp_path):
        dataset = heterophilous.read("minesweeper", write(tmp_path))
        np.testing.assert_array_equal(dataset.senders, [0, 0, 1, 1, 2])
        np.testing.assert_array_equal(dataset.receivers, [1, 2, 0, 1, 0])
        np.testing.assert_array_equal(dataset.nodes, ARRAYS["node_features"], strict=True)
        np.testing.assert_array_equal(dataset.labels, np.int32([0, 1, 1, 0]), strict=True)
        for part, key in (("train", "train_masks"), ("valid", "val_masks"), ("test", "test_masks")):
            np.testing.assert_array_equal(dataset.splits[part], ARRAYS[key], strict=True)
        assert (dataset.name, dataset.num_classes) == ("minesweeper", 2)

    def test_a_directed_graph_stays_as_it_is(self, tmp_path):
        dataset = heterophilous.read("chameleon_directed", write(tmp_path, "chameleon_directed"))
        np.testing.assert_array_equal(dataset.senders, [0, 1, 1])
        np.testing.assert_array_equal(dataset.receivers, [2, 0, 1])

    def test_the_folder_or_the_one_that_holds_it(self, tmp_path):
        folder = write(tmp_path / "heterophilous")
        found = [heterophilous.read("minesweeper", path).fingerprint() for path in (folder, tmp_path)]
        assert found[0] == found[1]


class TestBadInput:
    def test_unknown_dataset(self, tmp_path):
        with pytest.raises(ValueError, match=r"must be one of minesweeper, .*, is 'cora'"):
            heterophilous.read("cora", tmp_path)
        with pytest.raises(ValueError, match=r"must be one of minesweeper, .*, is 'cora'"):
            heterophilous.prepare("cora", folder=tmp_path)

    def test_missing_and_damaged_file(self, tmp_path):
        with pytest.raises(
            DataError, match=r"has neither raw/minesweeper\.npz nor .*; get https://.*/minesweeper\.npz"
        ):
            heterophilous.read("minesweeper", tmp_path)
        path = write(tmp_path) / "raw" / "minesweeper.npz"
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(DataError, match=r"minesweeper\.npz: is not a readable \.npz archive"):
            heterophilous.read("minesweeper", tmp_path)

    def test_an_archive_of_objects_is_not_unpickled(self, tmp_path):
        write(tmp_path, edges=np.array([object()]))
        with pytest.raises(DataError, match="Object arrays cannot be loaded"):
            heterophilous.read("minesweeper", tmp_path)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"edges": None}, "'edges' is missing"),
            ({"train_masks": None}, "'train_masks' is missing"),
            ({"edges": ARRAYS["edges"][:2]}, "'edges' must have shape [3, 2], is int64[2, 2]"),
            ({"edges": ARRAYS["edges"].astype(float)}, "'edges' must have shape [3, 2], is float64[3, 2]"),
            ({"edges": ARRAYS["edges"] + 2}, "'edges' has the value 4, must be 0 .. 3"),
            ({"edges": ARRAYS["edges"] - 1}, "'edges' has the value -1, must be 0 .. 3"),
            ({"edges": ARRAYS["edges"] + 2**32}, "'edges' has the value 4294967296, must be 0 .. 3"),
            ({"node_labels": np.arange(4)}, "'node_labels' has the value 2, must be 0 .. 1"),
            ({"node_labels": np.zeros(3, int)}, "'node_labels' must have shape [4], is int64[3]"),
            (
                {"node_features": ARRAYS["node_features"][:3]},
                "'node_features' must have shape [4, 2], is float32[3, 2]",
            ),
            (
                {"node_features": np.full((4, 2), np.nan, np.float32)},
                "minesweeper: field 'nodes': node 0, column 0 is nan, must be finite",
            ),
            ({"val_masks": ARRAYS["val_masks"][:1]}, "'val_masks' must have shape [2, 4], is bool[1, 4]"),
            ({"val_masks": ARRAYS["val_masks"].astype(int)}, "'val_masks' must have shape [2, 4], is int64[2, 4]"),
            (
                {"val_masks": ARRAYS["train_masks"]},
                "minesweeper: field 'splits': split 0: 1 nodes, such as 0, are both in 'train' and in 'valid'",
            ),
        ],
    )
    def test_names_the_file_and_the_value(self, tmp_path, changes, message):
        path = write(tmp_path, **changes) / "raw" / "minesweeper.npz"
        with pytest.raises(DataError, match=re.escape(f"{path}: {message}")) as error:
            heterophilous.read("minesweeper", tmp_path)
        assert str(error.value).endswith(f"; get {heterophilous.URL}/minesweeper.npz again")


class TestPrepare:
    @pytest.fixture
    def publisher(self, server, tmp_path, monkeypatch):
        server.body = (write(tmp_path / "published") / "raw" / "minesweeper.npz").read_bytes()
        monkeypatch.setattr(heterophilous, "URL", server.url)
        return server

    def test_download(self, publisher, tmp_path, monkeypatch):
        with pytest.raises(DataError, match=r"minesweeper\.npz: .* sent another file than was published"):
            heterophilous.prepare("minesweeper", folder=tmp_path / "data")
        digest = hashlib.sha256(publisher.body).hexdigest()
        monkeypatch.setitem(node_files.SHA256, "heterophilous/raw/minesweeper.npz", digest)
        path = heterophilous.prepare("minesweeper", folder=tmp_path / "data")
        assert path == tmp_path / "data" / "processed" / "minesweeper.npz"
        expected = heterophilous.read("minesweeper", tmp_path / "published")
        assert load_nodes(path).fingerprint() == expected.fingerprint()

    def test_a_download_without_a_known_checksum_is_kept_only_if_it_can_be_read(self, publisher, tmp_path, monkeypatch):
        monkeypatch.setitem(GRAPHS, "questions", Published("questions", 4, 2, 2, 3))
        body = publisher.body
        publisher.body = body[:-40]
        with pytest.raises(DataError, match=r"is not a readable \.npz archive .*; the download was removed"):
            heterophilous.prepare("questions", folder=tmp_path / "data")
        assert not any(path.is_file() for path in (tmp_path / "data").rglob("*"))
        publisher.body = body
        assert load_nodes(heterophilous.prepare("questions", folder=tmp_path / "data")).num_nodes == 4


def test_every_dataset_has_one_script_by_its_name(tmp_path):
    assert len(node_data.NAMES) == 3 + 6 + 18
    assert {node_data.NAMES[name].__name__ for name in ("cora", "film", "squirrel_filtered")} == {
        "data_prep.planetoid",
        "data_prep.geom_gcn",
        "data_prep.heterophilous",
    }
    with pytest.raises(ValueError, match="there is no dataset 'kora'; there are cora, citeseer, "):
        node_data.prepare_node_data("kora", folder=tmp_path)
    path = node_data.prepare_node_data("minesweeper", write(tmp_path / "copies"), folder=tmp_path / "data")
    assert load_nodes(path).name == "minesweeper"


class TestPublishedFiles:
    @pytest.fixture(autouse=True)
    def published_sizes(self, monkeypatch, four_nodes):
        monkeypatch.setitem(GRAPHS, "minesweeper", Published("minesweeper", 10000, 7, 2, 39402))
        directed = Published("chameleon_directed", 2277, 2325, 5, 36101, directed=True)
        monkeypatch.setitem(GRAPHS, "chameleon_directed", directed)

    def test_checksums(self, raw_data):
        for place, digest in node_files.SHA256.items():
            if place.startswith("heterophilous/"):
                assert hashlib.sha256((raw_data / place).read_bytes()).hexdigest() == digest

    @pytest.mark.parametrize("name", sorted(set(GRAPHS) - {"roman_empire", "amazon_ratings", "questions"}))
    def test_sizes(self, name, raw_data):
        published = GRAPHS[name]
        dataset = heterophilous.read(name, raw_data)
        assert dataset.nodes.shape == (published.nodes, published.features)
        assert dataset.num_edges == published.edges * (1 if published.directed else 2)
        assert len(np.unique(dataset.labels)) == published.classes
        assert dataset.splits["train"].shape == (10, published.nodes)
        adjacency = dataset.adjacency()
        assert ((adjacency != adjacency.T).nnz == 0) != published.directed
        assert adjacency.diagonal().any() == published.directed

    def test_the_same_chameleon_as_geom_gcns(self, raw_data):
        ours, theirs = heterophilous.read("chameleon_directed", raw_data), geom_gcn.read("chameleon", raw_data)
        for field in ("senders", "receivers", "nodes", "labels"):
            np.testing.assert_array_equal(getattr(ours, field), getattr(theirs, field))

    def test_as_a_script_from_the_repository_root(self, raw_data, tmp_path):
        command = [sys.executable, "data_prep/heterophilous.py", "chameleon_filtered"]
        command += ["--source", raw_data, "--folder", tmp_path]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[1] == (
            "890 nodes with 2325 features, 17708 directed edges, 5 classes; 10 published splits, the first: train 409, "
            "valid 287, test 194"
        )
