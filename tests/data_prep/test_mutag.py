"""Mutagenicity: what is read from the published files, and what is said of files that are not those."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data_prep import mutag
from gnnjax.data import load
from gnnjax.errors import DataError

ROOT = Path(__file__).parents[2]

# A mutagen C-N=O with signal, a nonmutagen N-O whose marks do not count, a mutagen C-C without signal, which is left
# out, and a nonmutagen without edges.
FILES = {
    "graph_indicator": "1\n1\n1\n2\n2\n3\n3\n4\n",
    "graph_labels": "0\n1\n0\n1\n",
    "node_labels": "0\n4\n1\n4\n1\n0\n0\n2\n",
    "A": "1, 2\n2, 1\n2, 3\n3, 2\n4, 5\n5, 4\n6, 7\n7, 6\n",
    "edge_gt": "0\n0\n1\n1\n1\n1\n0\n0\n",
}


def write_text(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for field, text in files.items():
        (folder / f"Mutagenicity_{field}.txt").write_text(text)
    return folder


def write_zip(path, files, prefix=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for field, text in files.items():
            archive.writestr(f"{prefix}Mutagenicity_{field}.txt", text)
    return path


class TestRead:
    def test_graphs_labels_and_signal(self, tmp_path):
        dataset = mutag.read(write_text(tmp_path, FILES))
        np.testing.assert_array_equal(dataset.n_node, [3, 2, 1])
        np.testing.assert_array_equal(dataset.n_edge, [4, 2, 0])
        np.testing.assert_array_equal(dataset.labels, np.float32([[0], [1], [1]]), strict=True)
        np.testing.assert_array_equal(dataset.senders, [0, 1, 1, 2, 0, 1])
        np.testing.assert_array_equal(dataset.receivers, [1, 0, 2, 1, 1, 0])
        np.testing.assert_array_equal(dataset.edge_labels, [0, 0, 1, 1, 0, 0])
        np.testing.assert_array_equal(dataset.nodes, np.eye(14)[[0, 4, 1, 4, 1, 2]])
        assert dataset.vocabulary[dataset.node_names].tolist() == ["C", "N", "O", "N", "O", "Cl"]
        assert (dataset.kind, dataset.task) == ("molecule", "binary")

    def test_order_of_edges_between_graphs_does_not_matter(self, tmp_path):
        order = [4, 0, 6, 1, 2, 5, 3, 7]
        shuffled = {
            field: "".join(FILES[field].splitlines(keepends=True)[i] for i in order) for field in ("A", "edge_gt")
        }
        expected = mutag.read(write_text(tmp_path / "a", FILES))
        found = mutag.read(write_text(tmp_path / "b", FILES | shuffled))
        assert found.fingerprint() == expected.fingerprint()

    @pytest.mark.parametrize("place", ["Mutagenicity.zip", "raw/Mutagenicity.zip"])
    def test_archive_in_a_folder_or_by_itself(self, tmp_path, place):
        expected = mutag.read(write_text(tmp_path / "text", FILES)).fingerprint()
        path = write_zip(tmp_path / "archive" / place, FILES)
        assert mutag.read(path).fingerprint() == expected
        assert mutag.read(tmp_path / "archive").fingerprint() == expected

    def test_text_files_in_raw(self, tmp_path):
        write_text(tmp_path / "raw", FILES)
        assert len(mutag.read(tmp_path)) == 3


class TestBadInput:
    def test_wrong_folder(self, tmp_path):
        with pytest.raises(DataError, match=f"{tmp_path}: is neither Mutagenicity.zip nor a folder .*; get https://"):
            mutag.read(tmp_path)
        with pytest.raises(DataError, match=r"nowhere: is neither Mutagenicity\.zip nor a folder"):
            mutag.read(tmp_path / "nowhere")

    @pytest.mark.parametrize("missing", FILES)
    def test_missing_file(self, tmp_path, missing):
        files = {field: text for field, text in FILES.items() if field != missing}
        path = write_zip(tmp_path / "Mutagenicity.zip", files, prefix="Mutagenicity/")
        message = rf"zip: there is no file 'Mutagenicity_{missing}\.txt'; it must be from https://.* TU collection"
        with pytest.raises(DataError, match=message):
            mutag.read(path)

    def test_damaged_archives(self, tmp_path):
        path = write_zip(tmp_path / "Mutagenicity.zip", FILES)
        content = path.read_bytes()
        path.write_bytes(content[:-100])
        with pytest.raises(DataError, match=r"Mutagenicity\.zip: is neither a folder nor a readable zip"):
            mutag.read(path)
        path.write_bytes(content.replace(b"1\n1\n1\n2", b"1\n1\n2\n2", 1))
        with pytest.raises(DataError, match=r"'Mutagenicity_graph_indicator.txt' is damaged .*CRC"):
            mutag.read(path)

    @pytest.mark.parametrize(
        ("field", "text", "message"),
        [
            ("edge_gt", "0\n1\n", "must have 8 rows, has 2"),
            ("edge_gt", "0\n0\n1\n1\n1\n1\n0\n2\n", "row 8: [2] is outside 0 .. 1"),
            ("graph_labels", "0\n1\n0\n", "must have 4 rows, has 3"),
            ("graph_labels", "0,1\n1,0\n0,1\n1,0\n", "must have 1 columns, has 2"),
            ("graph_labels", "0\n1\n0\n-1\n", "row 4: [-1] is outside 0 .. 1"),
            ("node_labels", "0\n", "must have 8 rows, has 1"),
            ("node_labels", "0\n4\n1\n4\n1\n0\n0\n14\n", "row 8: [14] is outside 0 .. 13"),
            ("node_labels", "", "must have 8 rows, has 0"),
            ("graph_indicator", "2\n1\n1\n2\n2\n3\n3\n4\n", "does not count up from 1"),
            ("graph_indicator", "1\n1\n1\n2\n2\n4\n4\n4\n", "does not count up from 1"),
            ("graph_indicator", "", "does not count up from 1"),
            ("A", "1, 2\n1, 4\n", "must have 2 rows, has 8"),
            ("A", FILES["A"].replace("7, 6", "7, 9"), "row 8: [7 9] is outside 1 .. 8"),
            ("A", FILES["A"].replace("7, 6", "7, 8"), "row 8: the edge joins two graphs"),
            ("A", FILES["A"].replace("7, 6", "7, x"), "is not a table of numbers"),
        ],
    )
    def test_names_the_file_and_the_row(self, tmp_path, field, text, message):
        write_text(tmp_path, FILES | {field: text})
        named = "edge_gt" if (field, message) == ("A", "must have 2 rows, has 8") else field
        with pytest.raises(DataError, match=re.escape(message)) as error:
            mutag.read(tmp_path)
        assert f"{tmp_path}: 'Mutagenicity_{named}.txt'" in str(error.value)


class TestPrepare:
    def test_download(self, server, tmp_path, monkeypatch):
        archive = write_zip(tmp_path / "published.zip", FILES)
        server.body = archive.read_bytes()
        monkeypatch.setattr(mutag, "URL", f"{server.url}/Mutagenicity.zip")
        with pytest.raises(DataError, match=f"sent another file .* expected SHA-256 {mutag.SHA256}, found"):
            mutag.prepare(folder=tmp_path / "data")
        assert not any(path.is_file() for path in (tmp_path / "data").rglob("*"))

        monkeypatch.setattr(mutag, "SHA256", hashlib.sha256(server.body).hexdigest())
        path = mutag.prepare(folder=tmp_path / "data")
        assert path == tmp_path / "data" / "processed" / "mutag.npz"
        assert load(path).fingerprint() == mutag.read(archive).fingerprint()

    def test_as_a_script_from_the_repository_root(self, tmp_path):
        source = write_text(tmp_path / "raw", FILES)
        command = [sys.executable, "data_prep/mutag.py", "--source", source, "--folder", tmp_path]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[1] == "3 graphs, 6 nodes, 6 directed edges, 2 of them signal"


@pytest.fixture(scope="module")
def published(raw_data):
    return mutag.read(raw_data / "mutagenicity")


class TestPublishedFile:
    def test_facts(self, published):
        assert len(published) == 2951
        assert (published.labels == 0).sum() == 1015
        signal = np.add.reduceat(published.edge_labels, published.edge_offsets[:-1])
        np.testing.assert_array_equal(signal > 0, published.labels[:, 0] == 0)
        assert (len(published.nodes), len(published.senders), signal.sum()) == (88_926, 179_732, 5_708)

    def test_every_edge_has_its_reverse_with_the_same_label(self, published):
        shift = np.repeat(published.edge_offsets[:-1], published.n_edge)
        reverse = published.reverse_edges + shift
        np.testing.assert_array_equal(published.senders, published.receivers[reverse])
        np.testing.assert_array_equal(published.edge_labels, published.edge_labels[reverse])

    def test_signal_is_nitrogen_with_oxygen_or_hydrogen(self, published):
        signal = published.edge_labels == 1
        shift = np.repeat(published.node_offsets[:-1], published.n_edge)
        names = published.vocabulary[published.node_names]
        pairs = zip(
            names[(published.senders + shift)[signal]], names[(published.receivers + shift)[signal]], strict=True
        )
        assert {frozenset(pair) for pair in pairs} == {frozenset("NO"), frozenset("NH")}

    def test_fingerprint(self, published):
        assert published.fingerprint() == "ecee6d1156ea0ec4f42db9398cf55ad57da4d4d63715e3c433032257d592532a"
