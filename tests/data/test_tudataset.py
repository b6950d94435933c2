"""The TU collection's text layout: read as it is meant, wherever it lies, and every damaged file is named."""

import contextlib
import re
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep import mutag
from gnnjax.data.tudataset import read_tudataset
from gnnjax.errors import DataError
from tests.data.damage import damaged_bytes
from tests.random_graphs import random_dataset

# A path of three nodes, a pair, and a node without edges.
FILES = {
    "A": "1, 2\n2, 1\n2, 3\n3, 2\n4, 5\n5, 4\n",
    "graph_indicator": "1\n1\n1\n2\n2\n3\n",
    "graph_labels": "1\n-1\n1\n",
    "node_labels": "6\n7\n6\n9\n9\n7\n",
    "edge_labels": "2\n2\n1\n1\n2\n2\n",
}
ATTRIBUTES = {
    "node_attributes": "0.5, 1\n1.5, 2\n2.5, 3\n3.5, 4\n4.5, 5\n5.5, 6\n",
    "edge_attributes": "1e-1\n2e-1\n3e-1\n4e-1\n5e-1\n6e-1\n",
    "graph_attributes": "0.25, 1\n-1.5, nan\n3, 2\n",
}


def write_text(folder, files, name="DS"):
    folder.mkdir(parents=True, exist_ok=True)
    for field, text in files.items():
        (folder / f"{name}_{field}.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def write_zip(path, files, prefix="", name="DS"):
    with zipfile.ZipFile(path, "w") as archive:
        for field, text in files.items():
            archive.writestr(f"{prefix}{name}_{field}.txt", text)
    return path


class TestRead:
    def test_by_hand(self, tmp_path):
        data = read_tudataset(write_text(tmp_path, FILES), kind="molecule")
        np.testing.assert_array_equal(data.n_node, [3, 2, 1])
        np.testing.assert_array_equal(data.n_edge, [4, 2, 0])
        np.testing.assert_array_equal(data.senders, [0, 1, 1, 2, 0, 1])
        np.testing.assert_array_equal(data.receivers, [1, 0, 2, 1, 1, 0])
        np.testing.assert_array_equal(data.nodes, np.eye(3, dtype=np.float32)[[0, 1, 0, 2, 2, 1]], strict=True)
        np.testing.assert_array_equal(data.edges, np.eye(2, dtype=np.float32)[[1, 1, 0, 0, 1, 1]], strict=True)
        np.testing.assert_array_equal(data.labels, np.float32([[1], [0], [1]]), strict=True)
        assert data.vocabulary[data.node_names].tolist() == ["6", "7", "6", "9", "9", "7"]
        assert (data.name, data.task, data.kind) == ("DS", "binary", "molecule")

    def test_attributes_come_before_labels(self, tmp_path):
        data = read_tudataset(write_text(tmp_path, FILES | ATTRIBUTES))
        np.testing.assert_array_equal(data.nodes[:2], np.float32([[0.5, 1, 1, 0, 0], [1.5, 2, 0, 1, 0]]), strict=True)
        np.testing.assert_array_equal(data.edges[0], np.float32([0.1, 0, 1]), strict=True)
        assert data.task == "binary"

    def test_regression(self, tmp_path):
        targets = np.float32([[0.25, 1], [-1.5, np.nan], [3, 2]])
        write_text(tmp_path, FILES | ATTRIBUTES)
        np.testing.assert_array_equal(read_tudataset(tmp_path, task="regression").labels, targets, strict=True)
        (tmp_path / "DS_graph_labels.txt").unlink()
        data = read_tudataset(tmp_path)
        np.testing.assert_array_equal(data.labels, targets, strict=True)
        assert data.task == "regression"
        (tmp_path / "DS_graph_attributes.txt").unlink()
        write_text(tmp_path, {"graph_labels": "0.5\n1\n-2e3\n"})
        np.testing.assert_array_equal(read_tudataset(tmp_path, task="regression").labels, [[0.5], [1], [-2000]])

    def test_classes(self, tmp_path):
        data = read_tudataset(write_text(tmp_path, FILES | {"graph_labels": "7\n3\n-2\n"}))
        np.testing.assert_array_equal(data.labels, np.int32([2, 1, 0]), strict=True)
        assert (data.task, data.num_classes) == ("multiclass", 3)
        data = read_tudataset(write_text(tmp_path, FILES), task="multiclass")
        assert (data.task, data.num_classes) == ("multiclass", 2)

    def test_categories(self, tmp_path):
        two_columns = {"node_labels": "".join(f"{5 * i}, {i % 2}\n" for i in (0, 1, 0, 2, 2, 1))}
        data = read_tudataset(write_text(tmp_path, FILES | two_columns), labels_as="categories")
        assert (data.in_features, data.edge_features) == ((3, 2), (2,))
        np.testing.assert_array_equal(data.nodes[:, 0], np.int32([0, 1, 0, 2, 2, 1]), strict=True)
        np.testing.assert_array_equal(data.edges[:, 0], [1, 1, 0, 0, 1, 1])
        with pytest.raises(DataError, match=r"'DS_node_labels\.txt': cannot be categories beside 'node_attributes'"):
            read_tudataset(write_text(tmp_path, FILES | ATTRIBUTES), labels_as="categories")
        with pytest.raises(ValueError, match="labels_as is 'text'"):
            read_tudataset(tmp_path, labels_as="text")

    def test_without_features(self, tmp_path):
        files = {field: FILES[field] for field in ("A", "graph_indicator", "graph_labels")}
        write_text(tmp_path, files)
        np.testing.assert_array_equal(read_tudataset(tmp_path).nodes, np.ones((6, 1)))
        degrees = read_tudataset(tmp_path, without_features="degree").nodes.argmax(axis=1)
        np.testing.assert_array_equal(degrees, [1, 2, 1, 1, 1, 0])

    def test_no_edges(self, tmp_path):
        data = read_tudataset(write_text(tmp_path, FILES | {"A": "", "edge_labels": ""}))
        assert (len(data.senders), data.edges) == (0, None)

    @pytest.mark.parametrize("place", ["", "raw", "DS/raw"])
    def test_places(self, tmp_path, place):
        expected = read_tudataset(write_text(tmp_path / "plain", FILES)).fingerprint()
        write_text(tmp_path / "folder" / place, FILES)
        assert read_tudataset(tmp_path / "folder").fingerprint() == expected
        archive = write_zip(tmp_path / "DS.zip", FILES, prefix=f"{place}/" if place else "")
        with zipfile.ZipFile(archive, "a") as more:
            more.writestr("__MACOSX/._DS_A.txt", b"\0\1")
        assert read_tudataset(archive).fingerprint() == expected

    def test_several_datasets(self, tmp_path):
        write_text(tmp_path, FILES)
        write_text(tmp_path, FILES | {"graph_labels": "1\n2\n3\n"}, name="DS2")
        with pytest.raises(DataError, match=r"there are several datasets \(DS2_A\.txt, DS_A\.txt\); give the name"):
            read_tudataset(tmp_path)
        assert read_tudataset(tmp_path, "DS").task == "binary"
        assert read_tudataset(tmp_path, "DS2").task == "multiclass"

    @given(seed=st.integers(0, 1000), num_graphs=st.integers(4, 6))
    def test_round_trip_in_any_order(self, tmp_path_factory, seed, num_graphs):
        """Neither the order of the nodes of different graphs nor that of the edges of different graphs matters."""
        expected = random_dataset(seed, num_graphs, edge_features=2)
        random = np.random.default_rng(seed)
        graph_of_node = np.repeat(np.arange(num_graphs), expected.n_node)
        graph_of_edge = np.repeat(np.arange(num_graphs), expected.n_edge)
        node_order, edge_order = (_mixed_graphs(random, ids) for ids in (graph_of_node, graph_of_edge))
        line = np.argsort(node_order) + 1
        shift = expected.node_offsets[graph_of_edge]
        pairs = line[np.stack([expected.senders + shift, expected.receivers + shift], axis=1)]
        tables = {
            "A": pairs[edge_order],
            "graph_indicator": graph_of_node[node_order, None] + 1,
            "node_attributes": expected.nodes[node_order].astype(float),
            "edge_attributes": expected.edges[edge_order].astype(float),
            "graph_labels": np.arange(num_graphs)[:, None],
        }
        files = {
            field: "".join(", ".join(map(repr, row)) + "\n" for row in table.tolist())
            for field, table in tables.items()
        }
        found = read_tudataset(write_text(tmp_path_factory.mktemp("tu"), files))
        for field in ("n_node", "n_edge", "nodes", "senders", "receivers", "edges"):
            np.testing.assert_array_equal(getattr(found, field), getattr(expected, field), strict=True)


def _mixed_graphs(random, graph_ids):
    """An order of rows in which those of one graph keep theirs."""
    order = np.empty(len(graph_ids), int)
    order[np.argsort(random.permutation(graph_ids), kind="stable")] = np.arange(len(graph_ids))
    return order


class TestBadInput:
    @pytest.mark.parametrize("missing", ["A", "graph_indicator", "graph_labels"])
    def test_missing_file(self, tmp_path, missing):
        files = {field: text for field, text in FILES.items() if field != missing}
        for path in (write_text(tmp_path / "folder", files), write_zip(tmp_path / "DS.zip", files)):
            with pytest.raises(
                DataError, match=rf"^{path}: there is no file 'DS_{missing}\.txt'; the .*layout has DS_A"
            ):
                read_tudataset(path)

    def test_neither_folder_nor_archive(self, tmp_path):
        (tmp_path / "text.zip").write_text("text")
        for path in (tmp_path / "nowhere", tmp_path / "text.zip"):
            with pytest.raises(DataError, match=f"^{path}: is neither a folder nor a readable zip archive"):
                read_tudataset(path)

    @pytest.mark.parametrize(
        ("field", "text", "message"),
        [
            ("A", "1, 2\n2, 7\n", "line 2: [2, 7] is outside 1 .. 6"),
            ("A", "0, 2\n", "line 1: [0, 2] is outside 1 .. 6"),
            ("A", "1, 2\n2, -1\n", "line 2: [2, -1] is outside 1 .. 6"),
            ("A", "1, 99999999999999999999\n", "is not a table of numbers (line 1: b'1, 99999999999999999999')"),
            ("A", "1, 2\n3, 4\n", "line 2: the edge joins two graphs"),
            ("A", "1, 2\n3, x\n", "is not a table of numbers (line 2: b'3, x')"),
            ("A", "1, 2\n\n3\n", "(line 3: b'3' does not have 2 entries, as those before)"),
            ("A", "1, 2.0\n", "(line 1: b'1, 2.0')"),
            ("A", b"1, 2\n\xff, 2\n", "(line 2: b'\\xff, 2')"),
            ("A", "1 2\n", "(line 1: b'1 2')"),
            ("A", "1\n", "must have 2 columns, has 1"),
            ("graph_indicator", "", "there are no nodes"),
            ("graph_indicator", "1\n2\n2\n4\n4\n4\n", "graph 3 has no nodes, but there are 4 graphs"),
            ("graph_indicator", "1\n2\n2\n3\n3\n7\n", "line 6: [7] is outside 1 .. 6"),
            ("graph_indicator", "0\n1\n1\n1\n1\n1\n", "line 1: [0] is outside 1 .. 6"),
            ("graph_indicator", f"1\n{2**62}\n1\n1\n1\n1\n", "line 2: [4611686018427387904] is outside 1 .. 6"),
            ("graph_labels", "1\n2\n", "must have 3 lines, has 2"),
            ("graph_labels", "1\n1\n1\n", "there is only one class, 1"),
            ("graph_labels", "a\nb\na\n", "is not a table of numbers (line 1: b'a')"),
            ("graph_labels", "0.5\n1\n2\n", "is not a table of numbers (line 1: b'0.5')"),
            ("graph_labels", "1, 2\n1, 1\n2, 1\n", "must have 1 columns, has 2"),
            ("node_labels", "6\n7\n", "must have 6 lines, has 2"),
            ("node_labels", "", "must have 6 lines, has 0"),
            ("edge_labels", "6\n7\n", "must have 6 lines, has 2"),
            ("node_attributes", "1\n2\nnan\n4\n5\n6\n", "line 3: [nan] must be finite"),
            ("node_attributes", "1\n2\n1e300\n4\n5\n6\n", "line 3: [1e+300] must be finite"),
            ("node_attributes", "1,\n2,\n3,\n4,\n5,\n6,1\n", "line 1: [1.0, nan] must be finite"),
            ("edge_attributes", "1\n2\n-inf\n4\n5\n6\n", "line 3: [-inf] must be finite"),
        ],
    )
    def test_names_the_file_and_the_line(self, tmp_path, field, text, message):
        write_text(tmp_path, FILES | {field: text})
        with pytest.raises(DataError, match=re.escape(message)) as error:
            read_tudataset(tmp_path)
        assert str(error.value).startswith(f"{tmp_path}: 'DS_{field}.txt'")

    def test_targets(self, tmp_path):
        write_text(tmp_path, FILES | {"graph_attributes": "1\ninf\n2\n"})
        with pytest.raises(DataError, match=r"'DS_graph_attributes\.txt', line 2: is infinite"):
            read_tudataset(tmp_path, task="regression")

    def test_task_that_does_not_fit(self, tmp_path):
        write_text(tmp_path, FILES | {"graph_labels": "0\n1\n2\n"})
        with pytest.raises(DataError, match=r"'DS_graph_labels\.txt': has 3 classes, which are no binary task"):
            read_tudataset(tmp_path, task="binary")

    def test_too_many_labels_for_one_hot(self, tmp_path, monkeypatch):
        monkeypatch.setattr("gnnjax.data.tudataset._MOST_COLUMNS", 2)
        with pytest.raises(DataError, match=r"'DS_node_labels\.txt': has 3 different labels, too many for one-hot"):
            read_tudataset(write_text(tmp_path, FILES))

    def test_archive_with_names_that_lead_outside(self, tmp_path):
        folder = tmp_path / "inner"
        folder.mkdir()
        archive = write_zip(folder / "DS.zip", FILES, prefix="../evil/")
        with zipfile.ZipFile(archive, "a") as more:
            more.writestr("/gnnjax_evil.txt", "evil")
            more.writestr("../evil.txt", "evil")
        before = sorted(tmp_path.rglob("*"))
        assert len(read_tudataset(archive)) == 3
        assert sorted(tmp_path.rglob("*")) == before

    @given(data=st.data())
    def test_damage(self, tmp_path_factory, data):
        """Whatever happens to a file, a dataset comes out or a DataError that names the archive."""
        files = {field: text.encode() for field, text in (FILES | ATTRIBUTES).items()}
        field = data.draw(st.sampled_from(sorted(files)))
        entries = [b"nan", b"", b"-1", b"1e40", b"%d" % 2**63, b"inf", b"0x1", b"#"]
        content = data.draw(damaged_bytes(files[field], entries, [b"1", b"2", b"5"]))
        archive = write_zip(tmp_path_factory.mktemp("tu") / "DS.zip", files | {field: content})
        try:
            read_tudataset(archive, task=data.draw(st.sampled_from([None, "regression"])))
        except DataError as error:
            message = str(error)
        else:
            return
        assert message.startswith(f"{archive}: ")

    @given(data=st.data())
    def test_damaged_archive(self, tmp_path_factory, data):
        path = write_zip(tmp_path_factory.mktemp("tu") / "DS.zip", FILES)
        content = bytearray(path.read_bytes())
        if data.draw(st.booleans()):
            del content[data.draw(st.integers(0, len(content))) :]
        else:
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        with contextlib.suppress(DataError):
            read_tudataset(path)


class TestPublishedFiles:
    @pytest.mark.parametrize(
        ("archive", "facts"),
        [
            ("mutag/raw/MUTAG.zip", (188, 3371, 7442, 7, 4, 125)),
            ("mutagenicity/raw/Mutagenicity.zip", (4337, 131_488, 266_894, 14, 3, 1936)),
        ],
    )
    def test_facts(self, raw_data, archive, facts):
        if not (raw_data / archive).exists():
            pytest.skip(f"there is no {archive}")
        data = read_tudataset(raw_data / archive)
        sizes = (len(data), len(data.nodes), len(data.senders), data.in_features, data.edge_features)
        assert (*sizes, data.labels.sum()) == facts

    def test_same_graphs_as_the_script_keeps(self, raw_data):
        data = read_tudataset(raw_data / "mutagenicity" / "raw" / "Mutagenicity.zip")
        expected = mutag.read(raw_data / "mutagenicity")
        graphs = {_content(data, index) for index in range(len(data))}
        assert all(_content(expected, index) in graphs for index in range(0, len(expected), 10))


def _content(data, index):
    graph = data[index]
    return b"".join(array.tobytes() for array in (graph.nodes, graph.senders, graph.receivers))
