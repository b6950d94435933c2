"""OGB's molecules: what is read from the published layout, and what is said of files that are not those."""

import gzip
import re
import runpy
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data_prep import ogbg_mol
from gnnjax.data import load
from gnnjax.errors import DataError

ROOT = Path(__file__).parents[2]

# Ethanol, the dummy atom by itself, and carbon monoxide.
FILES = {
    "raw/num-node-list": "3\n1\n2\n",
    "raw/num-edge-list": "2\n0\n1\n",
    "raw/edge": "0,1\n1,2\n1,0\n",
    "raw/edge-feat": "0,0,0\n0,0,1\n2,0,0\n",
    "raw/node-feat": "5,0,4,5,3,0,2,0,0\n5,0,4,5,2,0,2,0,0\n7,0,2,5,1,0,2,0,0\n118,0,0,5,0,0,5,0,0\n"
    "5,0,1,4,0,0,0,0,0\n7,0,1,6,0,0,0,0,0\n",
    "raw/graph-label": "1\n0\n1\n",
    "split/scaffold/train": "0\n",
    "split/scaffold/valid": "2\n",
    "split/scaffold/test": "1\n",
}
# The label of clintox's second task is missing for the first graph.
TWO_TASKS = FILES | {"raw/graph-label": "1.0,\n0.0,1.0\n1.0,0.0\n"}


def write_folder(folder, files):
    for name, text in files.items():
        path = folder / f"{name}.csv.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()))
    return folder


def write_zip(path, files):
    """As published: everything below a folder of the dataset's name."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"bace/{name}.csv.gz", gzip.compress(text.encode()))
    return path


@pytest.fixture(autouse=True)
def three_graphs(request, monkeypatch):
    if request.cls is not TestPublishedFiles:
        for dataset, (_, num_tasks) in ogbg_mol.SIZES.items():
            monkeypatch.setitem(ogbg_mol.SIZES, dataset, (3, num_tasks))


class TestRead:
    def test_graphs(self, tmp_path):
        dataset = ogbg_mol.read(write_folder(tmp_path, FILES), "bace")
        np.testing.assert_array_equal(dataset.n_node, [3, 1, 2])
        np.testing.assert_array_equal(dataset.n_edge, [4, 0, 2])
        np.testing.assert_array_equal(dataset.senders, [0, 1, 1, 2, 1, 0])
        np.testing.assert_array_equal(dataset.receivers, [1, 0, 2, 1, 0, 1])
        np.testing.assert_array_equal(
            dataset.edges, np.int32([[0, 0, 0]] * 2 + [[0, 0, 1]] * 2 + [[2, 0, 0]] * 2), strict=True
        )
        assert dataset.nodes.dtype == np.int32
        assert dataset.nodes[2].tolist() == [7, 0, 2, 5, 1, 0, 2, 0, 0]
        assert dataset.node_categories == (119, 5, 12, 12, 10, 6, 6, 2, 2)
        assert dataset.edge_categories == (5, 6, 2)
        np.testing.assert_array_equal(dataset.labels, np.float32([[1], [0], [1]]), strict=True)
        assert {name: part.tolist() for name, part in dataset.splits.items()} == {
            "train": [0],
            "valid": [2],
            "test": [1],
        }
        assert dataset.vocabulary[dataset.node_names].tolist() == ["C", "C", "O", "*", "C", "O"]
        assert (dataset.name, dataset.task, dataset.kind) == ("ogbg_molbace", "binary", "molecule")

    def test_missing_labels_of_several_tasks(self, tmp_path):
        dataset = ogbg_mol.read(write_folder(tmp_path, TWO_TASKS), "clintox")
        assert dataset.task == "multilabel"
        np.testing.assert_array_equal(dataset.labels, np.float32([[1, np.nan], [0, 1], [1, 0]]), strict=True)

    def test_real_values(self, tmp_path):
        files = FILES | {"raw/graph-label": "-0.77\nnan\n2\n"}
        dataset = ogbg_mol.read(write_folder(tmp_path, files), "esol")
        assert dataset.task == "regression"
        np.testing.assert_array_equal(dataset.labels, np.float32([[-0.77], [np.nan], [2]]), strict=True)

    def test_layouts(self, tmp_path):
        expected = ogbg_mol.read(write_folder(tmp_path / "ogbg_molbace", FILES), "bace").fingerprint()
        write_folder(tmp_path / "unzipped" / "bace", FILES)
        archive = write_zip(tmp_path / "bace.zip", FILES)
        for path in (tmp_path, tmp_path / "unzipped", archive):
            assert ogbg_mol.read(path, "bace").fingerprint() == expected


class TestBadInput:
    @pytest.mark.parametrize("name", ["pcba", ""])
    def test_other_datasets(self, tmp_path, name):
        message = f"dataset '{name}' is not one of hiv, bace, .*, lipo"
        with pytest.raises(DataError, match=message):
            ogbg_mol.prepare(name, folder=tmp_path)
        with pytest.raises(DataError, match=message):
            ogbg_mol.read(tmp_path, name)

    def test_wrong_folder(self, tmp_path):
        message = (
            rf"{tmp_path}.*: is neither an archive nor a folder with raw/ and split/scaffold/; get https://.*bace\.zip"
        )
        for path in (tmp_path, tmp_path / "nowhere"):
            with pytest.raises(DataError, match=message):
                ogbg_mol.read(path, "bace")

    @pytest.mark.parametrize("missing", FILES)
    def test_missing_file(self, tmp_path, missing):
        files = {name: text for name, text in FILES.items() if name != missing}
        message = rf"there is no file '{missing}\.csv\.gz'; get https://.*/bace\.zip"
        with pytest.raises(DataError, match=message):
            ogbg_mol.read(write_folder(tmp_path / "folder", files), "bace")
        with pytest.raises(DataError, match=message):
            ogbg_mol.read(write_zip(tmp_path / "bace.zip", files), "bace")

    def test_another_dataset_of_the_same_layout(self, tmp_path, monkeypatch):
        monkeypatch.setitem(ogbg_mol.SIZES, "bbbp", (2039, 1))
        with pytest.raises(DataError, match=r"'raw/num-node-list\.csv\.gz' must have 2039 rows, has 3; get .*bbbp"):
            ogbg_mol.read(write_folder(tmp_path, FILES), "bbbp")

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("raw/num-edge-list", "2\n0\n", "'raw/num-edge-list.csv.gz' must have 3 rows, has 2"),
            ("raw/num-node-list", "3\n1\n1\n", "'raw/node-feat.csv.gz' must have 5 rows, has 6"),
            ("raw/edge", "0,1\n", "'raw/edge.csv.gz' must have 3 rows, has 1"),
            ("raw/edge", "0\n1\n1\n", "'raw/edge.csv.gz' must have 2 columns, has 1"),
            ("raw/edge", "0,1\n1,3\n1,0\n", "graph 0, field 'senders': node 3 is outside 0 .. 2"),
            ("raw/edge-feat", "0,0,0\n0,0,2\n2,0,0\n", "graph 0, field 'edges': has a value outside"),
            ("raw/edge-feat", "0,0,0\n0,0\n2,0,0\n", "'raw/edge-feat.csv.gz' is not a table of numbers"),
            ("raw/node-feat", "5,0\n" * 6, "'raw/node-feat.csv.gz' must have 9 columns, has 2"),
            ("raw/graph-label", "1,0\n0,1\n1,1\n", "'raw/graph-label.csv.gz' must have 1 columns, has 2"),
            ("raw/graph-label", "1\n0\n", "'raw/graph-label.csv.gz' must have 3 rows, has 2"),
            ("raw/graph-label", "1\n0\n2\n", "graph 2, field 'labels'"),
            ("split/scaffold/test", "0\n", "'split/scaffold' does not put each of the 3 graphs into one of"),
            ("split/scaffold/test", "", "'split/scaffold' does not put each of the 3 graphs into one of"),
        ],
    )
    def test_names_the_file(self, tmp_path, name, text, message):
        write_folder(tmp_path, FILES | {name: text})
        with pytest.raises(DataError, match=re.escape(message)) as error:
            ogbg_mol.read(tmp_path, "bace")
        assert str(error.value).startswith(f"{tmp_path}: ")

    def test_truncated_file(self, tmp_path):
        path = write_folder(tmp_path, FILES) / "raw" / "edge.csv.gz"
        path.write_bytes(path.read_bytes()[:-10])
        with pytest.raises(DataError, match=r"'raw/edge\.csv\.gz' is damaged"):
            ogbg_mol.read(tmp_path, "bace")


class TestPrepare:
    def test_download(self, server, tmp_path, monkeypatch):
        monkeypatch.setattr(ogbg_mol, "URL", server.url)
        archive = write_zip(tmp_path / "published.zip", FILES)
        server.body = archive.read_bytes()[:-50]
        with pytest.raises(DataError, match=rf"readable zip .*get {server.url}/bace\.zip; the download was removed"):
            ogbg_mol.prepare("bace", folder=tmp_path / "data")
        assert not any(path.is_file() for path in (tmp_path / "data").rglob("*"))

        server.body = archive.read_bytes()
        path = ogbg_mol.prepare("bace", folder=tmp_path / "data")
        assert path == tmp_path / "data" / "processed" / "ogbg_molbace.npz"
        assert load(path).fingerprint() == ogbg_mol.read(archive, "bace").fingerprint()
        assert server.requests == 2

    def test_help_as_a_script(self, monkeypatch, capsys):
        script = str(ROOT / "data_prep" / "ogbg_mol.py")
        monkeypatch.setattr(sys, "argv", [script, "--help"])
        with pytest.raises(SystemExit, match="0"):
            runpy.run_path(script, run_name="__main__")
        assert "{hiv,bace,bbbp,clintox,sider,tox21,esol,freesolv,lipo}" in capsys.readouterr().out

    def test_command_line(self, tmp_path, capsys):
        source = write_folder(tmp_path / "clintox", TWO_TASKS)
        ogbg_mol.main(["--dataset", "clintox", "--source", str(source), "--folder", str(tmp_path)])
        summary = "3 graphs, 6 nodes, 6 directed edges; split test 1, train 1, valid 1"
        assert capsys.readouterr().out.splitlines()[1] == summary


class TestPublishedFiles:
    @pytest.mark.parametrize(
        ("dataset", "num_nodes", "num_edges", "splits"),
        [
            ("bace", 51_577, 111_536, (1210, 151, 152)),
            ("bbbp", 49_068, 105_842, (1631, 204, 204)),
            ("clintox", 38_637, 82_372, (1181, 148, 148)),
            ("sider", 48_006, 100_912, (1141, 143, 143)),
            ("tox21", 145_459, 302_190, (6264, 783, 784)),
            ("hiv", 1_049_163, 2_259_376, (32901, 4113, 4113)),
            ("esol", 14_991, 30_856, (902, 113, 113)),
        ],
    )
    def test_facts(self, dataset, num_nodes, num_edges, splits, raw_data):
        data = ogbg_mol.read(raw_data, dataset)
        assert (len(data), data.labels.shape[1]) == ogbg_mol.SIZES[dataset]
        assert (len(data.nodes), len(data.senders)) == (num_nodes, num_edges)
        assert tuple(len(data.splits[part]) for part in ("train", "valid", "test")) == splits
        assert np.isnan(data.labels).any() == (dataset == "tox21")
        assert (data.task == "regression") == (dataset in ogbg_mol.REGRESSION)
        np.testing.assert_array_equal(data.reverse_edges[::2], data.reverse_edges[1::2] + 1)
