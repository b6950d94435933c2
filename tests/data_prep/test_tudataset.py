"""The script for the TU collection: download, options, and what is said of a file that is made in another way."""

import runpy
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data_prep import tudataset
from gnnjax.data import load
from gnnjax.errors import DataError

ROOT = Path(__file__).parents[2]
FILES = {"A": "1, 2\n2, 1\n", "graph_indicator": "1\n1\n2\n", "graph_labels": "1\n2\n", "node_labels": "0\n3\n0\n"}


def write_zip(path, files=FILES, name="DS-1"):
    with zipfile.ZipFile(path, "w") as archive:
        for field, text in files.items():
            archive.writestr(f"{name}/{name}_{field}.txt", text)
    return path


class TestPrepare:
    def test_download(self, server, tmp_path, monkeypatch):
        monkeypatch.setattr(tudataset, "URL", server.url)
        archive = write_zip(tmp_path / "published.zip")
        server.body = archive.read_bytes()[:-50]
        with pytest.raises(DataError, match=r"readable zip .*; the download was removed"):
            tudataset.prepare("DS-1", folder=tmp_path / "data")
        assert not any(path.is_file() for path in (tmp_path / "data").rglob("*"))
        server.body = archive.read_bytes()
        path = tudataset.prepare("DS-1", folder=tmp_path / "data")
        assert path == tmp_path / "data" / "processed" / "tu_DS-1.npz"
        data = load(path)
        assert (data.name, data.task, len(data), data.in_features) == ("DS-1", "binary", 2, 2)
        assert f"{server.url}/DS-1.zip" in data.source
        tudataset.prepare("DS-1", folder=tmp_path / "data")
        assert server.requests == 2

    def test_made_in_another_way(self, tmp_path):
        archive = write_zip(tmp_path / "DS-1.zip", FILES | {"graph_attributes": "0.5\n1.5\n"})
        tudataset.prepare("DS-1", archive, folder=tmp_path)
        options = {"folder": tmp_path, "regression": True, "labels_as": "categories"}
        with pytest.raises(DataError, match=r"tu_DS-1\.npz: was made in another way .*force to replace it"):
            tudataset.prepare("DS-1", archive, **options)
        data = load(tudataset.prepare("DS-1", archive, **options, force=True))
        np.testing.assert_array_equal(data.labels, [[0.5], [1.5]])
        assert (data.task, data.in_features) == ("regression", (2,))

    @pytest.mark.parametrize("name", ["", "../evil", "a/b", "-x", "a b", "é"])
    def test_names(self, tmp_path, name):
        with pytest.raises(DataError, match="is not a name of the TU collection"):
            tudataset.prepare(name, folder=tmp_path)
        assert not any(tmp_path.iterdir())

    def test_another_dataset_in_the_archive(self, tmp_path):
        archive = write_zip(tmp_path / "DS-1.zip")
        with pytest.raises(DataError, match=rf"{archive}: there is no file 'MUTAG_A\.txt'"):
            tudataset.prepare("MUTAG", archive, folder=tmp_path)


class TestCommandLine:
    def test_by_hand(self, tmp_path, capsys):
        files = {field: text for field, text in FILES.items() if field != "node_labels"}
        archive = write_zip(tmp_path / "DS-1.zip", files)
        arguments = ["--name", "DS-1", "--source", str(archive), "--folder", str(tmp_path)]
        tudataset.main([*arguments, "--without-features", "degree"])
        assert capsys.readouterr().out.splitlines()[1] == "2 graphs, 3 nodes, 2 directed edges"
        assert load(tmp_path / "processed" / "tu_DS-1.npz").in_features == 2
        with pytest.raises(SystemExit, match=r"error: .*was made in another way"):
            tudataset.main(arguments)

    def test_help_as_a_script(self, monkeypatch, capsys):
        script = str(ROOT / "data_prep" / "tudataset.py")
        monkeypatch.setattr(sys, "argv", [script, "--help"])
        with pytest.raises(SystemExit, match="0"):
            runpy.run_path(script, run_name="__main__")
        assert "--labels-as {one-hot,categories}" in capsys.readouterr().out

    def test_published_file(self, tmp_path, raw_data, capsys):
        archive = raw_data / "mutag" / "raw" / "MUTAG.zip"
        if not archive.exists():
            pytest.skip(f"there is no {archive}")
        tudataset.main(["--name", "MUTAG", "--source", str(archive), "--folder", str(tmp_path)])
        assert capsys.readouterr().out.splitlines()[1] == "188 graphs, 3371 nodes, 7442 directed edges"
