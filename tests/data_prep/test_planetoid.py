"""Cora, CiteSeer and PubMed: what is read from the published pickles, and what is said of files that are not those."""

import collections
import hashlib
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from data_prep import node_files, planetoid
from data_prep.restricted_pickle import load_arrays
from gnnjax.data import load_nodes
from gnnjax.errors import DataError

ROOT = Path(__file__).parents[2]

# Nodes 0 to 2 are known, 5 and 3 are test nodes in this order, and node 4 is missing. Edges, with a repeated one and a
# self loop: 0-1, 1-2, 3-5.
PARTS = {
    "allx": scipy.sparse.csr_matrix(np.float32([[1, 0, 0], [0, 1, 0], [0, 0, 1]])),
    "ally": np.int32([[1, 0], [0, 1], [0, 1]]),
    "tx": scipy.sparse.csr_matrix(np.float32([[1, 1, 0], [0, 0.5, 1]])),
    "ty": np.int32([[0, 1], [1, 0]]),
    "graph": collections.defaultdict(list, {1: [0, 2, 0], 0: [1, 1, 0], 2: [1], 3: [5], 4: [], 5: [3]}),
}


@pytest.fixture(autouse=True)
def six_nodes(monkeypatch):
    monkeypatch.setitem(planetoid.SIZES, "cora", (6, 3, 2, 6))


def write(folder, parts=PARTS, test_index="5\n3\n", splits=True):
    """Writes the files as Python 2 wrote them, and returns `folder`."""
    (folder / "raw").mkdir(parents=True)
    for part, value in parts.items():
        (folder / "raw" / f"ind.cora.{part}").write_bytes(pickle.dumps(value, 2))
    (folder / "raw" / "ind.cora.test.index").write_text(test_index)
    if splits:
        (folder / "splits").mkdir()
        for split in range(10):
            masks = np.eye(6, dtype=np.uint8)
            parts = {"train_mask": split, "val_mask": split + 1, "test_mask": split + 2}
            arrays = {part: masks[node % 6] for part, node in parts.items()}
            np.savez(folder / "splits" / f"cora_split_0.6_0.2_{split}.npz", **arrays)
    return folder


class TestRead:
    def test_nodes_edges_and_classes(self, tmp_path):
        dataset = planetoid.read("cora", write(tmp_path))
        expected = np.float32([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0.5, 1], [0, 0, 0], [1, 1, 0]])
        np.testing.assert_array_equal(dataset.nodes, expected, strict=True)
        np.testing.assert_array_equal(dataset.labels, [0, 1, 1, 0, 0, 1])
        np.testing.assert_array_equal(dataset.senders, [0, 1, 1, 2, 3, 5])
        np.testing.assert_array_equal(dataset.receivers, [1, 0, 2, 1, 5, 3])
        assert (dataset.name, dataset.num_classes) == ("cora", 2)

    def test_splits(self, tmp_path):
        dataset = planetoid.read("cora", write(tmp_path))
        for shift, part in enumerate(("train", "valid", "test")):
            np.testing.assert_array_equal(np.argmax(dataset.splits[part], axis=1), (np.arange(10) + shift) % 6)
            np.testing.assert_array_equal(dataset.splits[part].sum(axis=1), np.ones(10))

    def test_without_splits(self, tmp_path):
        assert planetoid.read("cora", write(tmp_path, splits=False)).splits is None

    def test_the_folder_or_the_one_that_holds_it(self, tmp_path):
        folder = write(tmp_path / "cora")
        assert planetoid.read("cora", folder).fingerprint() == planetoid.read("cora", tmp_path).fingerprint()


class TestBadInput:
    def test_unknown_dataset(self, tmp_path):
        with pytest.raises(ValueError, match="must be one of cora, citeseer, pubmed, is 'texas'"):
            planetoid.read("texas", tmp_path)
        with pytest.raises(ValueError, match="must be one of cora, citeseer, pubmed, is 'texas'"):
            planetoid.prepare("texas", folder=tmp_path)

    def test_wrong_folder(self, tmp_path):
        message = rf"{tmp_path}: has neither raw/ind\.cora\.graph nor cora/raw/ind\.cora\.graph; get the files of https"
        with pytest.raises(DataError, match=message):
            planetoid.read("cora", tmp_path)

    @pytest.mark.parametrize("part", ["allx", "ally", "tx", "ty", "test.index"])
    def test_missing_file(self, tmp_path, part):
        write(tmp_path)
        (tmp_path / "raw" / f"ind.cora.{part}").unlink()
        with pytest.raises(DataError, match=r"no .*file.*; get the files of https") as error:
            planetoid.read("cora", tmp_path)
        assert f"ind.cora.{part}" in str(error.value)

    @pytest.mark.parametrize("part", PARTS)
    def test_truncated_file(self, tmp_path, part):
        write(tmp_path)
        path = tmp_path / "raw" / f"ind.cora.{part}"
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(
            DataError, match=rf"ind\.cora\.{part}: is not a readable pickle.*; get the files of .* again"
        ):
            planetoid.read("cora", tmp_path)

    @pytest.mark.parametrize("part", PARTS)
    def test_crafted_pickle_runs_nothing(self, tmp_path, part):
        write(tmp_path)
        marker = tmp_path / "marker"
        content = b"cos\nsystem\n(S'touch " + os.fsencode(marker) + b"'\ntR."
        (tmp_path / "raw" / f"ind.cora.{part}").write_bytes(content)
        with pytest.raises(DataError, match=rf"ind\.cora\.{part}: .* asks for 'os.system', which is refused"):
            planetoid.read("cora", tmp_path)
        assert not marker.exists()

    @pytest.mark.parametrize(
        ("part", "value", "message"),
        [
            ("allx", PARTS["allx"][:, :2], "must be a sparse matrix of shape [nodes, 3], is [3, 2]"),
            ("allx", np.zeros((3, 3)), "must be a sparse matrix of shape [nodes, 3], is [3, 3]"),
            ("tx", PARTS["tx"][:1], "must be a sparse matrix of shape [2, 3], is [1, 3]"),
            ("tx", {}, "must be a sparse matrix of shape [2, 3], is dict"),
            ("ally", PARTS["ally"][:2], "must be an array of shape [3, 2], is [2, 2]"),
            ("ally", [1, 0], "must be an array of shape [3, 2], is list"),
            ("ally", np.int32([[1, 0], [0, 1], [0, 0]]), "row 2 does not mark one class"),
            ("ty", np.int32([[1, 1], [0, 1]]), "row 0 does not mark one class"),
            ("graph", [[1], [0]], "must be a dictionary of the nodes 0 .. 5"),
            ("graph", {node: [] for node in range(5)}, "must be a dictionary of the nodes 0 .. 5"),
            ("graph", PARTS["graph"] | {4: 3}, "must give each node a list of neighbors"),
            ("graph", PARTS["graph"] | {4: [6]}, "has the neighbor 6, must be 0 .. 5"),
            ("graph", PARTS["graph"] | {4: [-1]}, "has the neighbor -1, must be 0 .. 5"),
            ("graph", PARTS["graph"] | {4: [2.5]}, "has the neighbor 2.5, must be 0 .. 5"),
            ("graph", PARTS["graph"] | {5: []}, "has 5 directed edges, the published graph 6"),
        ],
    )
    def test_names_the_file_and_the_value(self, tmp_path, part, value, message):
        write(tmp_path, PARTS | {part: value})
        with pytest.raises(DataError, match=re.escape(f"ind.cora.{part}: {message}; get the files of https://")):
            planetoid.read("cora", tmp_path)

    @pytest.mark.parametrize("text", ["5\n2\n", "5\n6\n", "5\n5\n"])
    def test_test_nodes(self, tmp_path, text):
        write(tmp_path, test_index=text)
        with pytest.raises(DataError, match=r"ind\.cora\.test\.index: must be different nodes from 3 to 5"):
            planetoid.read("cora", tmp_path)

    def test_splits_that_are_missing_damaged_or_of_another_graph(self, tmp_path):
        path = write(tmp_path) / "splits" / "cora_split_0.6_0.2_7.npz"
        content = path.read_bytes()
        path.write_bytes(content[:-30])
        with pytest.raises(DataError, match=r"cora_split_0\.6_0\.2_7\.npz: is not a readable \.npz archive"):
            planetoid.read("cora", tmp_path)
        path.unlink()
        with pytest.raises(DataError, match=r"cora_split_0\.6_0\.2_7\.npz: there is no such file; get https://"):
            planetoid.read("cora", tmp_path)
        mask = np.ones(5, bool)
        for masks, message in (
            (
                {"train_mask": mask, "val_mask": mask, "test_mask": mask},
                "'train_mask' has 5 nodes, the masks before it 6",
            ),
            ({"train_mask": mask.astype(float)}, "'train_mask' is missing or not a mask of nodes; get https://"),
            ({"train_mask": np.uint8([0, 1, 2, 0, 0, 0])}, "'train_mask' is missing or not a mask of nodes"),
            ({"train_mask": np.ones(6, bool)}, "'val_mask' is missing or not a mask of nodes"),
        ):
            np.savez(path, **masks)
            with pytest.raises(DataError, match=rf"cora_split_0\.6_0\.2_7\.npz: {message}"):
                planetoid.read("cora", tmp_path)

    def test_masks_that_overlap(self, tmp_path):
        path = write(tmp_path) / "splits" / "cora_split_0.6_0.2_7.npz"
        mask = np.eye(6, dtype=bool)[0]
        np.savez(path, train_mask=mask, val_mask=~mask, test_mask=mask)
        with pytest.raises(DataError, match=r"cora: field 'splits': split 7: 1 nodes, such as 0, are both in 'train'"):
            planetoid.read("cora", tmp_path)


class TestPrepare:
    @pytest.fixture
    def publisher(self, server, tmp_path, monkeypatch):
        """A server of the files of this test, whose checksums are known."""
        published = write(tmp_path / "published" / "cora")
        server.files = {}
        for path in published.rglob("*.*"):
            place = path.relative_to(published.parent).as_posix()
            monkeypatch.setitem(node_files.SHA256, place, hashlib.sha256(path.read_bytes()).hexdigest())
            server.files[f"/{path.relative_to(published).as_posix()}"] = path.read_bytes()
        monkeypatch.setattr(planetoid, "URL", f"{server.url}/raw")
        monkeypatch.setattr(node_files, "GEOM_GCN", server.url)
        return server

    def test_download(self, publisher, tmp_path, capsys):
        path = planetoid.prepare("cora", folder=tmp_path / "data")
        assert path == tmp_path / "data" / "processed" / "cora.npz"
        assert publisher.requests == 16
        expected = planetoid.read("cora", tmp_path / "published")
        assert load_nodes(path).fingerprint() == expected.fingerprint()

        assert planetoid.prepare("cora", folder=tmp_path / "data") == path
        assert capsys.readouterr().out.splitlines()[-1] == f"{path}: already there"
        planetoid.prepare("cora", folder=tmp_path / "data", force=True)
        assert publisher.requests == 16

    def test_another_file_than_was_published_is_not_kept(self, publisher, tmp_path):
        publisher.files["/raw/ind.cora.tx"] += b"."
        with pytest.raises(
            DataError, match=r"ind\.cora\.tx: .* sent another file than was published .* expected SHA-256"
        ):
            planetoid.prepare("cora", folder=tmp_path / "data")
        left = {path.name for path in (tmp_path / "data").rglob("*") if path.is_file()}
        assert left == {"ind.cora.allx", "ind.cora.ally"}

    def test_a_download_that_breaks_off_leaves_nothing(self, publisher, tmp_path):
        publisher.missing = 10
        with pytest.raises(DataError, match=r"ind\.cora\.allx: the download failed"):
            planetoid.prepare("cora", folder=tmp_path / "data")
        assert not any(path.is_file() for path in (tmp_path / "data").rglob("*"))
        publisher.missing = 0
        assert planetoid.prepare("cora", folder=tmp_path / "data").exists()

    def test_local_copies(self, tmp_path):
        source = write(tmp_path / "copies")
        path = planetoid.prepare("cora", source, folder=tmp_path / "data")
        assert load_nodes(path).fingerprint() == planetoid.read("cora", source).fingerprint()

    def test_every_published_file_has_a_checksum(self):
        assert len(node_files.SHA256) == 135
        for dataset in planetoid.SIZES:
            for part in ("allx", "ally", "tx", "ty", "graph", "test.index"):
                assert re.fullmatch("[0-9a-f]{64}", node_files.SHA256[f"{dataset}/raw/ind.{dataset}.{part}"])
            assert set(node_files.split_urls(dataset)) <= set(node_files.SHA256)

    def test_errors_of_the_command_line_are_one_line(self, tmp_path):
        with pytest.raises(SystemExit) as error:
            planetoid.main(["cora", "--source", str(tmp_path), "--folder", str(tmp_path)])
        assert re.fullmatch(rf"error: {tmp_path}: has neither raw/ind.cora.graph nor .*", error.value.code)


class TestPublishedFiles:
    @pytest.fixture(autouse=True)
    def published_sizes(self, monkeypatch, six_nodes):
        monkeypatch.setitem(planetoid.SIZES, "cora", (2708, 1433, 7, 10556))

    def test_checksums(self, raw_data):
        for place, digest in node_files.SHA256.items():
            if place.startswith(("cora", "citeseer", "pubmed")):
                assert hashlib.sha256((raw_data / place).read_bytes()).hexdigest() == digest

    @pytest.mark.parametrize(
        ("name", "class_sizes", "without_edges", "mean_words"),
        [
            ("cora", [351, 217, 418, 818, 426, 298, 180], 0, 18.2),
            ("citeseer", [264, 590, 668, 701, 596, 508], 48, 31.6),
            ("pubmed", [4103, 7739, 7875], 0, 50.1),
        ],
    )
    def test_facts(self, name, class_sizes, without_edges, mean_words, raw_data):
        dataset = planetoid.read(name, raw_data)
        adjacency = dataset.adjacency()
        assert (adjacency != adjacency.T).nnz == 0
        assert not adjacency.diagonal().any()
        assert (np.diff(adjacency.indptr) == 0).sum() == without_edges
        np.testing.assert_array_equal(np.bincount(dataset.labels), class_sizes)
        assert round(np.mean((dataset.nodes != 0).sum(axis=1)), 1) == mean_words
        assert dataset.splits["train"].shape == (10, dataset.num_nodes)

    def test_citeseers_missing_papers(self, raw_data):
        dataset = planetoid.read("citeseer", raw_data)
        listed = np.loadtxt(raw_data / "citeseer/raw/ind.citeseer.test.index", dtype=int)
        missing = np.setdiff1d(np.arange(2312, 3327), listed)
        assert len(missing) == 15
        assert not dataset.nodes[missing].any()
        assert not dataset.labels[missing].any()
        assert np.isin(missing, dataset.senders).all()
        known = load_arrays(raw_data / "citeseer/raw/ind.citeseer.tx").toarray()
        np.testing.assert_array_equal(dataset.nodes[listed], known)

    def test_as_a_script_from_the_repository_root(self, raw_data, tmp_path):
        command = [sys.executable, "data_prep/planetoid.py", "cora", "--source", raw_data, "--folder", tmp_path]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[1] == (
            "2708 nodes with 1433 features, 10556 directed edges, 7 classes; 10 published splits, the first: train "
            "1192, valid 796, test 497"
        )
