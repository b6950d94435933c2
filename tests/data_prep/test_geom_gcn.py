"""Web pages, actors and Wikipedia: what is read from the published text, and what is said of other files."""

import gzip
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_prep import geom_gcn, node_files
from gnnjax.data import load_nodes
from gnnjax.errors import DataError

ROOT = Path(__file__).parents[2]
EDGES, NODES = "out1_graph_edges.txt", "out1_node_feature_label.txt"

# 0 -> 2, 1 -> 0, 1 -> 1, and 0 -> 2 again.
EDGE_TEXT = "node_id\tnode_id\n1\t0\n0\t2\n1\t1\n0\t2\n"
NODE_TEXT = "node_id\tfeature\tlabel\n2\t0,1,1,0\t4\n0\t1,0,0,0\t0\n1\t0,0,0,1\t3\n"
FILM_TEXT = "node_id\tfeature(feature_amount:3)\tlabel\n2\t1,2\t4\n0\t0\t0\n1\t3\t3\n"


@pytest.fixture(autouse=True)
def three_nodes(monkeypatch):
    for name in ("cornell", "texas", "film"):
        monkeypatch.setitem(geom_gcn.SIZES, name, (3, 4, 4))


def write(folder, nodes=NODE_TEXT, edges=EDGE_TEXT):
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    (folder / "raw" / EDGES).write_text(edges)
    (folder / "raw" / NODES).write_text(nodes)
    return folder


def write_splits(folder, name):
    (folder / "splits").mkdir()
    parts = dict(zip(("train_mask", "val_mask", "test_mask"), np.eye(3, dtype=np.uint8), strict=True))
    for split in range(10):
        np.savez(folder / "splits" / f"{name}_split_0.6_0.2_{split}.npz", **parts)


class TestRead:
    @pytest.mark.parametrize(("name", "text"), [("texas", NODE_TEXT), ("film", FILM_TEXT)])
    def test_nodes_edges_and_classes(self, tmp_path, name, text):
        dataset = geom_gcn.read(name, write(tmp_path, text))
        np.testing.assert_array_equal(
            dataset.nodes, np.float32([[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 1, 0]]), strict=True
        )
        np.testing.assert_array_equal(dataset.labels, [0, 3, 4])
        np.testing.assert_array_equal(dataset.senders, [0, 1, 1])
        np.testing.assert_array_equal(dataset.receivers, [2, 0, 1])
        assert (dataset.name, dataset.num_classes, dataset.splits) == (name, 5, None)

    def test_gzipped_files_and_those_in_a_subfolder(self, tmp_path):
        folder = write(tmp_path / "texas")
        expected = geom_gcn.read("texas", folder).fingerprint()
        assert geom_gcn.read("texas", tmp_path).fingerprint() == expected
        for name in (EDGES, NODES):
            path = folder / "raw" / name
            path.with_name(f"{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
            assert geom_gcn.read("texas", tmp_path).fingerprint() == expected

    def test_splits(self, tmp_path):
        write_splits(write(tmp_path), "texas")
        dataset = geom_gcn.read("texas", tmp_path)
        for node, part in enumerate(("train", "valid", "test")):
            np.testing.assert_array_equal(dataset.splits[part], np.tile(np.arange(3) == node, (10, 1)))


class TestBadInput:
    def test_unknown_dataset(self, tmp_path):
        with pytest.raises(ValueError, match=r"must be one of cornell, texas, .*, is 'cora'"):
            geom_gcn.read("cora", tmp_path)
        with pytest.raises(ValueError, match=r"must be one of cornell, texas, .*, is 'cora'"):
            geom_gcn.prepare("cora", folder=tmp_path)

    def test_missing_files(self, tmp_path):
        with pytest.raises(
            DataError, match=rf"{tmp_path}: has neither raw/{EDGES} nor texas/raw/{EDGES}; get the files"
        ):
            geom_gcn.read("texas", tmp_path)
        (write(tmp_path) / "raw" / NODES).unlink()
        with pytest.raises(DataError, match=rf"there is no file '{NODES}\.gz'; get the files of https://.*/texas"):
            geom_gcn.read("texas", tmp_path)

    def test_damaged_gzip(self, tmp_path):
        path = write(tmp_path) / "raw" / NODES
        content = gzip.compress(path.read_bytes())
        path.unlink()
        path.with_name(f"{NODES}.gz").write_bytes(content[:-10])
        with pytest.raises(DataError, match=rf"'{NODES}\.gz' is damaged"):
            geom_gcn.read("texas", tmp_path)

    @pytest.mark.parametrize(
        ("nodes", "message"),
        [
            ("", "has 0 rows, the published file 3"),
            (NODE_TEXT[:-12], "has 2 rows, the published file 3"),
            (NODE_TEXT.replace("\t3", ""), "row 3 has 2 columns, must have 3"),
            (NODE_TEXT.replace("\t3", "\t5"), "row 3: '5' is not an integer in 0 .. 4"),
            (NODE_TEXT.replace("\t3", "\t-1"), "row 3: '-1' is not an integer in 0 .. 4"),
            (NODE_TEXT.replace("1\t0,0", "3\t0,0"), "row 3: '3' is not an integer in 0 .. 2"),
            (NODE_TEXT.replace("1\t0,0", "2\t0,0"), "names a node twice"),
            (NODE_TEXT.replace("0,0,0,1", "0,0,1"), "the features are not 4 numbers in each row ("),
            (NODE_TEXT.replace("0,0,0,1", "0,0,0,x"), "the features are not 4 numbers in each row ("),
            (re.sub(r",\d\t", "\t", NODE_TEXT), "has 3 features, the published file 4"),
            (NODE_TEXT.replace("0,0,0,1", "0,ö,0,1"), "the features are not 4 numbers in each row ("),
        ],
    )
    def test_names_the_row_of_the_nodes(self, tmp_path, nodes, message):
        write(tmp_path, nodes)
        with pytest.raises(DataError, match=re.escape(f"{tmp_path / 'raw'}: '{NODES}': {message}")) as error:
            geom_gcn.read("texas", tmp_path)
        assert str(error.value).endswith(f"; get the files of {geom_gcn.url('texas')} again")

    @pytest.mark.parametrize("columns", ["4", "-1", "70000", "x", ""])
    def test_film_columns(self, tmp_path, columns):
        write(tmp_path, FILM_TEXT.replace("1,2", f"1,{columns}"))
        with pytest.raises(DataError, match=rf"'{NODES}': the features are not 4 numbers in each row \("):
            geom_gcn.read("film", tmp_path)

    @pytest.mark.parametrize(
        ("edges", "message"),
        [
            (EDGE_TEXT[:-4], "has 3 rows, the published file 4"),
            (EDGE_TEXT.replace("1\t1", "1"), "row 3 has 1 columns, must have 2"),
            (EDGE_TEXT.replace("1\t1", "1\t3"), "row 3: '3' is not an integer in 0 .. 2"),
            (EDGE_TEXT.replace("1\t1", "-1\t1"), "row 3: '-1' is not an integer in 0 .. 2"),
            (EDGE_TEXT.replace("1\t1", "1.5\t1"), "row 3: '1.5' is not an integer in 0 .. 2"),
        ],
    )
    def test_names_the_row_of_the_edges(self, tmp_path, edges, message):
        write(tmp_path, edges=edges)
        with pytest.raises(DataError, match=re.escape(f"{tmp_path / 'raw'}: '{EDGES}': {message}")):
            geom_gcn.read("texas", tmp_path)

    def test_texas_features_as_cornells(self, tmp_path, monkeypatch):
        write(tmp_path)
        monkeypatch.setitem(node_files.SHA256, f"texas/raw/{NODES}", hashlib.sha256(NODE_TEXT.encode()).hexdigest())
        assert geom_gcn.read("texas", tmp_path).num_nodes == 3
        message = rf"'{NODES}': these are Texas's features, which an early version .* as Cornell's; get .*/master/"
        with pytest.raises(DataError, match=message):
            geom_gcn.read("cornell", tmp_path)
        write(tmp_path, NODE_TEXT.replace("\t3", "\t2"))
        assert geom_gcn.read("cornell", tmp_path).labels.tolist() == [0, 2, 4]


class TestPrepare:
    def test_download(self, server, tmp_path, monkeypatch):
        published = write(tmp_path / "published" / "texas")
        write_splits(published, "texas")
        server.files = {}
        for path in published.rglob("*.*"):
            place = path.relative_to(published.parent).as_posix()
            monkeypatch.setitem(node_files.SHA256, place, hashlib.sha256(path.read_bytes()).hexdigest())
            address = f"/new_data/texas/{path.name}" if path.suffix == ".txt" else f"/splits/{path.name}"
            server.files[address] = path.read_bytes()
        monkeypatch.setattr(node_files, "GEOM_GCN", server.url)
        monkeypatch.setattr(geom_gcn, "GEOM_GCN", server.url)

        nodes = server.files.pop(f"/new_data/texas/{NODES}")
        with pytest.raises(DataError, match=rf"{NODES}: .* sent another file than was published"):
            geom_gcn.prepare("texas", folder=tmp_path / "data")
        assert not (tmp_path / "data" / "processed").exists()
        assert not (tmp_path / "data" / "raw" / "texas" / "raw" / NODES).exists()

        server.files[f"/new_data/texas/{NODES}"] = nodes
        path = geom_gcn.prepare("texas", folder=tmp_path / "data")
        assert path == tmp_path / "data" / "processed" / "texas.npz"
        assert load_nodes(path).fingerprint() == geom_gcn.read("texas", published).fingerprint()

    def test_where_they_are_published(self):
        assert geom_gcn.url("texas") == f"{node_files.GEOM_GCN}/new_data/texas"
        assert geom_gcn.url("cornell").endswith("/geom-gcn/master/new_data/cornell")

    def test_every_published_file_has_a_checksum(self):
        for dataset in geom_gcn.SIZES:
            places = {f"{dataset}/raw/{name}" for name in (EDGES, NODES)} | set(node_files.split_urls(dataset))
            assert places <= set(node_files.SHA256)


@pytest.fixture(scope="module")
def published():
    """Reads a published graph once."""
    graphs = {}

    def read(name, raw_data):
        if name not in graphs:
            graphs[name] = geom_gcn.read(name, raw_data)
        return graphs[name]

    return read


class TestPublishedFiles:
    @pytest.fixture(autouse=True)
    def published_sizes(self, monkeypatch, three_nodes):
        monkeypatch.setattr(
            geom_gcn,
            "SIZES",
            geom_gcn.SIZES | {"cornell": (183, 1703, 298), "texas": (183, 1703, 325), "film": (7600, 932, 33391)},
        )

    @pytest.mark.parametrize("name", ["cornell", "texas", "wisconsin", "film", "chameleon", "squirrel"])
    def test_checksums(self, name, raw_data):
        for place, digest in node_files.SHA256.items():
            if place.startswith(f"{name}/"):
                path = raw_data / place
                content = path.read_bytes() if path.exists() else gzip.decompress(Path(f"{path}.gz").read_bytes())
                assert hashlib.sha256(content).hexdigest() == digest

    @pytest.mark.parametrize(
        ("name", "edges", "loops", "without_out_edges", "class_sizes", "num_train"),
        [
            ("cornell", 298, 3, 87, [38, 16, 30, 82, 17], 87),
            ("texas", 325, 16, 73, [33, 1, 18, 101, 30], 87),
            ("wisconsin", 515, 16, 81, [10, 70, 118, 32, 21], 120),
            ("film", 30019, 93, 636, [853, 1337, 1630, 1815, 1965], 3648),
            ("chameleon", 36101, 50, 0, [456, 460, 453, 521, 387], 1092),
            ("squirrel", 217073, 140, 0, [1042, 1040, 1039, 1040, 1040], 2496),
        ],
    )
    def test_facts(self, published, name, edges, loops, without_out_edges, class_sizes, num_train, raw_data):
        dataset = published(name, raw_data)
        assert dataset.num_edges == edges
        assert (dataset.senders == dataset.receivers).sum() == loops
        assert (np.bincount(dataset.senders, minlength=dataset.num_nodes) == 0).sum() == without_out_edges
        np.testing.assert_array_equal(np.bincount(dataset.labels), class_sizes)
        np.testing.assert_array_equal(np.unique(dataset.nodes), [0, 1])
        np.testing.assert_array_equal(dataset.splits["train"].sum(axis=1), np.full(10, num_train))

    def test_cornell_is_not_texas(self, published, raw_data):
        cornell, texas = (published(name, raw_data) for name in ("cornell", "texas"))
        assert (cornell.nodes != texas.nodes).any()

    def test_texas_file_is_refused_for_cornell(self, raw_data, tmp_path):
        (tmp_path / "raw").mkdir()
        os.symlink(raw_data / "cornell" / "raw" / EDGES, tmp_path / "raw" / EDGES)
        os.symlink(raw_data / "texas" / "raw" / NODES, tmp_path / "raw" / NODES)
        with pytest.raises(DataError, match="these are Texas's features"):
            geom_gcn.read("cornell", tmp_path)

    def test_as_a_script_from_the_repository_root(self, raw_data, tmp_path):
        command = [sys.executable, "data_prep/geom_gcn.py", "texas", "--source", raw_data, "--folder", tmp_path]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[1] == (
            "183 nodes with 1703 features, 325 directed edges, 5 classes; 10 published splits, the first: train 87, "
            "valid 59, test 37"
        )
