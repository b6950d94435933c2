"""Graph-SST2, of which the published files are not at hand: a small set of files of the same layout."""

import json
import os
import pickle
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from data_prep import graph_sst2
from gnnjax.data import load
from gnnjax.errors import DataError

ROOT = Path(__file__).parents[2]
# Words and undirected edges of each graph, nodes numbered within it.
SENTENCES = [
    ("a gorgeous film", [(1, 2), (2, 0)]),
    ("dull", []),
    ("not a good film", [(0, 1), (1, 2), (2, 3), (3, 0)]),
    ("bad film", [(0, 1)]),
]
LABELS = (1, 0, 0, 0)


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()
    write(folder, SENTENCES, LABELS)
    return folder


def write(folder, sentences, labels):
    words = [text.split() for text, _ in sentences]
    starts = np.cumsum([0, *map(len, words)])
    features = np.arange(starts[-1] * 768, dtype=np.float32).reshape(-1, 768) / 1000
    contents = {
        "node_features.pkl": pickle.dumps(features),
        "node_indicator.txt": lines(i + 1 for i, sentence in enumerate(words) for _ in sentence),
        "edge_index.txt": lines(
            f"{start + a} {start + b}" for start, (_, edges) in zip(starts, sentences, strict=False) for a, b in edges
        ),
        "graph_labels.txt": lines(labels),
        "split_indices.txt": lines([0] * len(words)),
        "sentence_tokens.json": json.dumps({str(i): sentence for i, sentence in enumerate(words)}).encode(),
    }
    for name, content in contents.items():
        (folder / f"Graph-SST2_{name}").write_bytes(content)


def lines(values) -> bytes:
    return "".join(f"{value}\n" for value in values).encode()


class TestReadRaw:
    def test_graphs(self, raw):
        dataset = graph_sst2.read_raw(raw)
        assert (dataset.name, dataset.task, dataset.kind) == ("graph_sst2", "binary", "sentence")
        np.testing.assert_array_equal(dataset.n_node, [3, 1, 4, 2])
        np.testing.assert_array_equal(dataset.n_edge, [4, 0, 8, 2])
        np.testing.assert_array_equal(dataset.labels, np.float32([[1], [0], [0], [0]]), strict=True)
        np.testing.assert_array_equal(dataset.edges, np.ones((14, 1), np.float32), strict=True)
        assert dataset.nodes.shape == (10, 768)
        assert dataset.nodes[9, 767] == np.float32(7.679)
        assert dataset.edge_labels is None

    def test_edges_in_both_directions_numbered_within_the_graph(self, raw):
        dataset = graph_sst2.read_raw(raw)
        for index, (_, edges) in enumerate(SENTENCES):
            graph = dataset[index]
            found = list(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))
            assert sorted(found) == sorted([*edges, *((b, a) for a, b in edges)])

    def test_words(self, raw):
        dataset = graph_sst2.read_raw(raw)
        for index, (text, _) in enumerate(SENTENCES):
            names = dataset.vocabulary[dataset.node_names[dataset.node_slice(index)]]
            assert " ".join(names) == text
        assert len(dataset.vocabulary) == 7

    def test_split(self, raw):
        dataset = graph_sst2.read_raw(raw)
        assert {name: indices.tolist() for name, indices in dataset.splits.items()} == {
            "train": [2],
            "valid": [],
            "test": [0],
        }

    def test_zip_with_the_files_in_a_folder(self, raw, tmp_path):
        archive = pack(raw, tmp_path / "Graph-SST2.zip", "Graph-SST2/raw/")
        assert graph_sst2.read_raw(archive).fingerprint() == graph_sst2.read_raw(raw).fingerprint()

    def test_zip_cannot_write_outside(self, raw, tmp_path):
        archive = pack(raw, tmp_path / "a" / "Graph-SST2.zip", "../../../")
        graph_sst2.read_raw(archive)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "given"]


def pack(folder, archive, prefix):
    archive.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive, "w") as file:
        for path in folder.iterdir():
            file.write(path, prefix + path.name)
    return archive


class TestDegreeBiasedSplit:
    def test_thresholds_belong_to_the_split(self):
        n_node = np.array([14, 56, 10, 100_000_000, 100_000_000, 100_000_000, 100_000_000])
        n_edge = np.array([22, 99, 17, 176_785_714, 176_785_713, 157_142_857, 157_142_858])
        split = graph_sst2.degree_biased_split(n_node, n_edge)
        assert split["train"].tolist() == [1, 3]
        # 22 / 14 is above the rounded threshold.
        assert split["test"].tolist() == [5]

    def test_first_tenth_of_the_training_graphs_validates(self):
        n_node, n_edge = np.full(50, 4), np.where(np.arange(50) % 2, 8, 6)
        split = graph_sst2.degree_biased_split(n_node, n_edge)
        assert split["valid"].tolist() == [1, 3]
        assert split["train"].tolist() == list(range(5, 50, 2))
        assert split["test"].tolist() == list(range(0, 50, 2))

    def test_graphs_of_two_edges_are_left_out(self):
        split = graph_sst2.degree_biased_split(np.array([2, 1, 3]), np.array([2, 2, 4]))
        assert {name: indices.tolist() for name, indices in split.items()} == {"train": [], "valid": [], "test": [2]}


class TestBadInput:
    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("graph_labels.txt", lines([1, 0, 0]), "node_indicator.txt: must number the 3 graphs"),
            ("graph_labels.txt", lines([1, 0, 2, 0]), "graph_labels.txt: must hold only 0 and 1, graph 2 has not"),
            ("graph_labels.txt", b"one\n", "graph_labels.txt: is not a table of integers"),
            (
                "node_indicator.txt",
                lines([1, 1, 1]),
                "indicator.txt: has 3 nodes, Graph-SST2_node_features.pkl has 10",
            ),
            ("node_indicator.txt", lines([2, 1, 1, 1, 3, 3, 3, 3, 4, 4]), "must number the 4 graphs"),
            ("edge_index.txt", b"0 1\n0 3\n", "edge_index.txt: line 2 joins nodes of two graphs"),
            ("edge_index.txt", b"0 10\n", "edge_index.txt: has a node outside 0 .. 9"),
            ("edge_index.txt", b"0 1 2\n", "edge_index.txt: must have 2 numbers per line, has an array [1, 3]"),
            ("edge_index.txt", b"0 1\n2", "edge_index.txt: is not a table of integers"),
            ("sentence_tokens.json", b'{"0": ["a"', "sentence_tokens.json: must map each graph to a list of words"),
            ("sentence_tokens.json", b'["a"]', "sentence_tokens.json: must map each graph to a list of words"),
            ("sentence_tokens.json", b'{"0": ["a"]}', "sentence_tokens.json: has 1 sentences for 4 graphs"),
            (
                "sentence_tokens.json",
                b'{"0": ["a", "gorgeous", "film"], "1": [], "2": [], "3": []}',
                "graph 1 has 0 words for 1 nodes",
            ),
            (
                "node_features.pkl",
                pickle.dumps(np.zeros(10)),
                "array of floats [nodes, features], is float64[10]",
            ),
            ("node_features.pkl", pickle.dumps([1]), "must be an array of floats [nodes, features], is list"),
            ("node_features.pkl", b"\x80\x04", "node_features.pkl: is not a readable pickle of arrays"),
        ],
    )
    def test_names_the_file(self, raw, name, content, message):
        (raw / f"Graph-SST2_{name}").write_bytes(content)
        with pytest.raises(DataError, match=re.escape(message)):
            graph_sst2.read_raw(raw)

    def test_a_crafted_pickle_runs_nothing(self, raw, tmp_path):
        class Crafted:
            def __reduce__(self):
                return os.mkdir, (str(tmp_path / "harm"),)

        (raw / "Graph-SST2_node_features.pkl").write_bytes(pickle.dumps(Crafted()))
        with pytest.raises(DataError, match=r"asks for '.*mkdir', which is refused"):
            graph_sst2.read_raw(raw)
        assert not (tmp_path / "harm").exists()

    def test_missing_file(self, raw):
        (raw / "Graph-SST2_edge_index.txt").unlink()
        with pytest.raises(DataError, match=r"_edge_index\.txt is missing; it is in Graph-SST2\.zip from http"):
            graph_sst2.read_raw(raw)

    def test_neither_folder_nor_zip(self, tmp_path):
        (tmp_path / "Graph-SST2.zip").write_bytes(b"<html>Sign in</html>")
        with pytest.raises(DataError, match=r"Graph-SST2\.zip: is neither a folder nor a readable zip archive"):
            graph_sst2.read_raw(tmp_path / "Graph-SST2.zip")


class TestPrepare:
    def test_default_source(self, raw, tmp_path, capsys):
        pack(raw, tmp_path / "raw" / "Graph-SST2.zip", "")
        path = graph_sst2.prepare(folder=tmp_path)
        assert path == tmp_path / "processed" / "graph_sst2.npz"
        assert graph_sst2.prepare(raw, folder=tmp_path) == path
        assert capsys.readouterr().out == f"{path}: written\n{path}: already there\n"
        assert load(path).vocabulary.tolist() == graph_sst2.read_raw(raw).vocabulary.tolist()

    def test_says_which_file_to_put_where(self, tmp_path):
        expected = f"{tmp_path / 'raw' / 'Graph-SST2.zip'}: there is no such file; fetch Graph-SST2.zip from"
        with pytest.raises(DataError, match=re.escape(expected)):
            graph_sst2.prepare(folder=tmp_path)

    def test_command_line(self, raw, tmp_path, capsys):
        graph_sst2.main(["--source", str(raw), "--folder", str(tmp_path)])
        assert capsys.readouterr().out.splitlines()[1].startswith("4 graphs, 10 nodes, 14 directed edges; split ")

    def test_help_as_a_script_from_the_repository_root(self):
        command = [sys.executable, "data_prep/graph_sst2.py", "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "python data_prep/graph_sst2.py --source" in done.stdout
