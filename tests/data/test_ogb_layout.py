"""OGB's CSV layout: generic features and molecules, and every file that does not fit is named."""

import contextlib
import gzip
import re
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data.ogb_layout import read_ogb_layout
from gnnjax.errors import DataError
from tests.data.damage import damaged_bytes

# A path of three nodes in which one edge is there in both directions, a node, and a pair.
FILES = {
    "raw/num-node-list": "3\n1\n2\n",
    "raw/num-edge-list": "3\n0\n1\n",
    "raw/edge": "0,1\n1,0\n2,1\n1,0\n",
    "raw/node-feat": "0.5,1\n1,2\n2,3\n3,4\n4,5\n5,6\n",
    "raw/edge-feat": "1\n2\n3\n4.5\n",
    "raw/graph-label": "1\n0\n1\n",
}
SPLIT = {"split/time/train": "0\n", "split/time/valid": "2\n", "split/time/test": "1\n"}
# Carbon monoxide twice.
MOLECULES = {
    "raw/num-node-list": "2\n2\n",
    "raw/num-edge-list": "1\n1\n",
    "raw/edge": "0,1\n1,0\n",
    "raw/node-feat": "5,0,1,4,0,0,0,0,0\n7,0,1,6,0,0,0,0,0\n" * 2,
    "raw/edge-feat": "2,0,0\n2,0,0\n",
    "raw/graph-label": "-0.5\n0.25\n",
}


def write(folder, files):
    for name, text in files.items():
        path = folder / f"{name}.csv.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text if isinstance(text, bytes) else text.encode()))
    return folder


class TestRead:
    def test_generic_features(self, tmp_path):
        data = read_ogb_layout(write(tmp_path / "mine", FILES), source="by hand")
        np.testing.assert_array_equal(data.n_node, [3, 1, 2])
        np.testing.assert_array_equal(data.senders, [0, 1, 2, 1, 1, 0])
        np.testing.assert_array_equal(data.receivers, [1, 0, 1, 2, 0, 1])
        np.testing.assert_array_equal(data.edges, np.float32([[1], [2], [3], [3], [4.5], [4.5]]), strict=True)
        np.testing.assert_array_equal(data.nodes[:2], np.float32([[0.5, 1], [1, 2]]), strict=True)
        np.testing.assert_array_equal(data.labels, np.float32([[1], [0], [1]]), strict=True)
        assert (data.name, data.task, data.kind, data.splits) == ("mine", "binary", "graph", None)
        assert data.source == "by hand"
        np.testing.assert_array_equal(read_ogb_layout(tmp_path / "mine", undirected=False).senders, [0, 1, 2, 1])

    def test_without_features(self, tmp_path):
        write(tmp_path, {name: text for name, text in FILES.items() if not name.endswith("feat")})
        data = read_ogb_layout(tmp_path, "mine", without_features="degree")
        np.testing.assert_array_equal(data.nodes.argmax(axis=1), [1, 2, 1, 0, 1, 1])
        assert data.edges is None

    def test_molecules(self, tmp_path):
        data = read_ogb_layout(write(tmp_path, MOLECULES), "mine", task="regression")
        np.testing.assert_array_equal(data.senders, [0, 1, 1, 0])
        np.testing.assert_array_equal(data.labels, np.float32([[-0.5], [0.25]]), strict=True)
        assert data.vocabulary[data.node_names].tolist() == ["C", "O"] * 2
        assert (data.kind, data.edge_features) == ("molecule", (5, 6, 2))
        plain = read_ogb_layout(tmp_path, "mine", task="regression", molecules=False)
        assert (plain.kind, plain.in_features, plain.edge_features) == ("graph", 9, 3)
        write(tmp_path, {"raw/node-feat": MOLECULES["raw/node-feat"].replace("7,", "200,")})
        assert read_ogb_layout(tmp_path, "mine", task="regression").kind == "graph"

    @pytest.mark.parametrize(
        ("labels", "task"),
        [("3\n0\n1\n", "multiclass"), ("1,\n0,1\n,0\n", "multilabel"), ("nan\n0\n1.0\n", "binary")],
    )
    def test_tasks(self, tmp_path, labels, task):
        assert read_ogb_layout(write(tmp_path, FILES | {"raw/graph-label": labels})).task == task

    def test_splits(self, tmp_path):
        expected = {"train": [0], "valid": [2], "test": [1]}
        data = read_ogb_layout(write(tmp_path, FILES | SPLIT))
        assert {part: indices.tolist() for part, indices in data.splits.items()} == expected
        write(tmp_path, {name.replace("time", "random"): text for name, text in SPLIT.items()})
        with pytest.raises(DataError, match="there are the splits random, time; choose one with split"):
            read_ogb_layout(tmp_path)
        assert read_ogb_layout(tmp_path, split="time").splits["test"].tolist() == [1]
        with pytest.raises(DataError, match=r"there is no file 'split/scaffold/train\.csv\.gz'"):
            read_ogb_layout(tmp_path, split="scaffold")

    def test_archive(self, tmp_path):
        expected = read_ogb_layout(write(tmp_path / "mine", FILES | SPLIT))
        with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
            for name, text in (FILES | SPLIT).items():
                archive.writestr(f"../evil/{name}.csv.gz", gzip.compress(text.encode()))
        before = sorted(tmp_path.parent.rglob("*"))
        found = read_ogb_layout(tmp_path / "mine.zip")
        assert (found.fingerprint(), found.name) == (expected.fingerprint(), "mine")
        assert sorted(tmp_path.parent.rglob("*")) == before


class TestBadInput:
    @pytest.mark.parametrize("missing", ["num-node-list", "num-edge-list", "edge", "graph-label"])
    def test_missing_file(self, tmp_path, missing):
        write(tmp_path, {name: text for name, text in FILES.items() if name != f"raw/{missing}"})
        with pytest.raises(DataError, match=rf"^{tmp_path}: there is no file 'raw/{missing}\.csv\.gz'; see ogb"):
            read_ogb_layout(tmp_path)

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("raw/num-node-list", "3\n1\n-2\n", "'raw/num-node-list.csv.gz', row 3: -2 is negative"),
            ("raw/num-node-list", "3\n0\n3\n", "graph 1, field 'node_features': has no rows"),
            ("raw/num-node-list", "", "'raw/num-edge-list.csv.gz' must have 0 rows, has 3"),
            (
                "raw/num-node-list",
                "3\n1\n99999999999\n",
                "'raw/num-node-list.csv.gz' is not a table of numbers (l",
            ),
            (
                "raw/num-node-list",
                "2147483647\n2147483647\n2147483647\n",
                "'raw/node-feat.csv.gz' must have 6442450941",
            ),
            ("raw/num-edge-list", "3\n0\n", "'raw/num-edge-list.csv.gz' must have 3 rows, has 2"),
            ("raw/num-edge-list", "3\n-1\n2\n", "'raw/num-edge-list.csv.gz', row 2: -1 is negative"),
            ("raw/edge", "0,1\n", "'raw/edge.csv.gz' must have 4 rows, has 1"),
            ("raw/edge", "0\n1\n2\n3\n", "'raw/edge.csv.gz' must have 2 columns, has 1"),
            ("raw/edge", "0,1\n1,0\n2,3\n1,0\n", "graph 0, field 'edge_index': node 3 is outside 0 .. 2"),
            ("raw/edge", "0,1\n1,0\n2,-1\n1,0\n", "graph 0, field 'edge_index': node -1 is outside 0 .. 2"),
            ("raw/edge", b"0,1\n1,\xff\n", "'raw/edge.csv.gz' is not a table of numbers (line 2: b'1,\\xff')"),
            ("raw/node-feat", "1,2\n" * 5, "'raw/node-feat.csv.gz' must have 6 rows, has 5"),
            ("raw/node-feat", "1,2\n" * 5 + "nan,1\n", "graph 2, field 'node_features': row 1, column 0 is nan"),
            ("raw/node-feat", "1,2\n" * 5 + "1e300,1\n", "graph 2, field 'node_features': row 1, column 0 is 1e+300"),
            ("raw/node-feat", "1,2\n" * 5 + "C,1\n", "is not a table of numbers (line 6: b'C,1')"),
            ("raw/edge-feat", "1\n2\n3\ninf\n", "graph 2, field 'edge_features': row 0, column 0 is inf"),
            ("raw/graph-label", "1\n0\n", "'raw/graph-label.csv.gz' must have 3 rows, has 2"),
            ("raw/graph-label", "1\n0\n0.5\n", "graph 2, field 'labels': is [0.5], neither 0, 1"),
            ("split/time/test", "0\n", "'split/time' does not put each of the 3 graphs into one of train, valid, test"),
            ("split/time/test", "1\n3\n", "'split/time' does not put each of the 3 graphs into one of"),
        ],
    )
    def test_names_the_file(self, tmp_path, name, text, message):
        write(tmp_path, FILES | SPLIT | {name: text})
        with pytest.raises(DataError, match=re.escape(message)) as error:
            read_ogb_layout(tmp_path, remedy="ask the publisher")
        assert str(error.value).startswith(f"{tmp_path}: ")

    def test_sizes_that_are_known(self, tmp_path):
        write(tmp_path, FILES)
        with pytest.raises(DataError, match=r"num-node-list\.csv\.gz' must have 4 rows, has 3; ask the publisher"):
            read_ogb_layout(tmp_path, num_graphs=4, remedy="ask the publisher")
        with pytest.raises(DataError, match=r"graph-label\.csv\.gz' must have 2 columns, has 1"):
            read_ogb_layout(tmp_path, num_tasks=2)

    def test_molecules(self, tmp_path):
        write(tmp_path, MOLECULES)
        with pytest.raises(DataError, match=r"graph 0, field 'labels': is \[-0\.5\], not 0, 1 .*task=\"regression\""):
            read_ogb_layout(tmp_path)
        both = {"raw/num-edge-list": "2\n0\n", "raw/graph-label": "0\n1\n"}
        with pytest.raises(DataError, match="graph 0, field 'edge': the bond 0 - 1 occurs more than once"):
            read_ogb_layout(write(tmp_path, both))
        with pytest.raises(DataError, match=r"node-feat\.csv\.gz' is not a table of numbers"):
            read_ogb_layout(write(tmp_path / "generic", FILES), molecules=True)

    @given(data=st.data())
    def test_damage(self, tmp_path_factory, data):
        """Whatever happens to a file, a dataset comes out or a DataError."""
        files = {name: text.encode() for name, text in (FILES | SPLIT).items()}
        name = data.draw(st.sampled_from(sorted(files)))
        entries = [b"nan", b"", b"-1", b"1e40", b"%d" % 2**63, b"inf", b"2147483647"]
        content = data.draw(damaged_bytes(files[name], entries, [b"0", b"1", b"2"]))
        folder = write(tmp_path_factory.mktemp("ogb"), files | {name: content})
        damaged = folder / f"{name}.csv.gz"
        if data.draw(st.booleans()):
            damaged.write_bytes(damaged.read_bytes()[: data.draw(st.integers(0, 40))])
        with contextlib.suppress(DataError):
            read_ogb_layout(folder)


class TestPublishedFiles:
    def test_esol(self, raw_data):
        data = read_ogb_layout(raw_data / "ogbg_molesol", task="regression")
        assert (len(data), len(data.nodes), len(data.senders)) == (1128, 14_991, 30_856)
        assert (data.kind, data.name, data.labels.shape) == ("molecule", "ogbg_molesol", (1128, 1))
        assert {part: len(indices) for part, indices in data.splits.items()} == {
            "train": 902,
            "valid": 113,
            "test": 113,
        }
