"""BA-2Motifs: what the published file holds, how the command prepares it, and how a download may go wrong."""

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_prep import ba2motifs
from gnnjax.data import generate_ba2motifs, load
from gnnjax.errors import DataError
from tests.motifs import generated, motif_edges, undirected_edges

ROOT = Path(__file__).parents[2]
FINGERPRINT = "4a97d4dbdf8c3ceb56a0172aa839586ec87c933864f3df1caee69a07ea7bdde8"


def to_arrays(dataset) -> dict[str, np.ndarray]:
    """The three arrays of the published file, in the types of the published file."""
    adjacency = np.zeros((len(dataset), 25, 25))
    graph_ids = np.repeat(np.arange(len(dataset)), dataset.n_edge)
    adjacency[graph_ids, dataset.senders, dataset.receivers] = 1
    return {
        "dense_edges": adjacency,
        "node_features": dataset.nodes.reshape(-1, 25, 10).astype(float),
        "graph_labels": np.eye(2)[dataset.labels[:, 0].astype(int)],
    }


def pickled(arrays: dict[str, np.ndarray], protocol: int = 3) -> bytes:
    return pickle.dumps(tuple(arrays.values()), protocol)


@pytest.fixture
def published(monkeypatch):
    """Arrays of the published form that pass for the published ones, since those may not be at hand."""
    arrays = to_arrays(generated())
    monkeypatch.setattr(ba2motifs, "OFFICIAL_CHECKSUM", ba2motifs._content_checksum(*arrays.values()))
    return arrays


class TestReadOfficial:
    @pytest.mark.parametrize("protocol", range(5))
    def test_pickle(self, published, tmp_path, protocol):
        path = tmp_path / "BA-2motif.pkl"
        path.write_bytes(pickled(published, protocol))
        assert ba2motifs.read_official(path).fingerprint() == generated().fingerprint()

    def test_npz_of_other_types(self, published, tmp_path):
        path = tmp_path / "arrays.npz"
        np.savez(
            path,
            dense_edges=published["dense_edges"].astype(np.uint8),
            node_features=published["node_features"].astype(np.float32),
            graph_labels=published["graph_labels"].astype(bool),
        )
        assert ba2motifs.read_official(path).fingerprint() == generated().fingerprint()

    @pytest.mark.parametrize(
        ("field", "change", "message"),
        [
            (
                "dense_edges",
                lambda a: a[:-1],
                "must be an array of numbers [1000, 25, 25], is float64[999, 25, 25]",
            ),
            ("dense_edges", lambda a: a * 2, "graph 0, field 'dense_edges': has an entry other than 0 and 1"),
            ("dense_edges", lambda a: a.astype("S1"), "must be an array of numbers [1000, 25, 25], is |S1["),
            (
                "node_features",
                lambda a: a[..., :9],
                "'node_features' must be an array of numbers [1000, 25, 10]",
            ),
            ("node_features", lambda a: "none", "field 'node_features' must be an array of numbers"),
            (
                "graph_labels",
                lambda a: a[:, 1],
                "field 'graph_labels' must be an array of numbers [1000, 2], is",
            ),
            ("graph_labels", lambda a: a.argmax(1), "[1000, 2], is int64[1000]"),
            ("graph_labels", lambda a: a * 0, "graph 0, field 'graph_labels': is not one-hot"),
            ("graph_labels", lambda a: a - 0.5, "graph 0, field 'graph_labels': is not one-hot"),
        ],
    )
    def test_names_file_and_field(self, published, tmp_path, field, change, message):
        path = tmp_path / "BA-2motif.pkl"
        path.write_bytes(pickled(published | {field: change(published[field])}))
        with pytest.raises(DataError, match=re.escape(message)) as error:
            ba2motifs.read_official(path)
        assert str(error.value).startswith(f"{path}: ")

    def test_names_the_graph(self, published, tmp_path):
        path = tmp_path / "BA-2motif.pkl"
        published["dense_edges"][17, 3, 21] = 1
        path.write_bytes(pickled(published))
        with pytest.raises(DataError, match="graph 17, field 'dense_edges': is not symmetric"):
            ba2motifs.read_official(path)
        published["dense_edges"][17, 3, 21] = 0
        published["node_features"][41, 0, 0] = np.nan
        path.write_bytes(pickled(published))
        with pytest.raises(DataError, match="graph 41, field 'node_features': has a value that is not finite"):
            ba2motifs.read_official(path)

    def test_one_changed_value_is_noticed(self, published, tmp_path):
        path = tmp_path / "BA-2motif.pkl"
        published["node_features"][999, 24, 9] = 0.2
        path.write_bytes(pickled(published))
        expected = f"expected content SHA-256 {ba2motifs.OFFICIAL_CHECKSUM}, found [0-9a-f]{{64}}; delete the file"
        with pytest.raises(DataError, match=expected):
            ba2motifs.read_official(path)

    def test_other_contents(self, published, tmp_path):
        path = tmp_path / "BA-2motif.pkl"
        path.write_bytes(pickle.dumps(published["dense_edges"]))
        with pytest.raises(DataError, match="must hold the three arrays dense_edges, node_features"):
            ba2motifs.read_official(path)
        np.savez(tmp_path / "arrays.npz", dense_edges=published["dense_edges"])
        with pytest.raises(DataError, match=r"arrays\.npz: field 'node_features' is missing"):
            ba2motifs.read_official(tmp_path / "arrays.npz")


class TestPrepare:
    def test_same_seed_same_bytes(self, tmp_path):
        first, again, other = (
            ba2motifs.prepare(folder=tmp_path / name, seed=seed, num_graphs=20).read_bytes()
            for name, seed in (("a", 3), ("b", 3), ("c", 4))
        )
        assert first == again
        assert first != other

    def test_every_draw_has_its_own_file(self, tmp_path):
        paths = {
            ba2motifs.prepare(folder=tmp_path, seed=seed, num_graphs=num_graphs)
            for seed in (0, 1)
            for num_graphs in (10, 20)
        }
        assert {path.name for path in paths} == {
            f"ba2motifs-generated-seed{seed}-{num_graphs}graphs.npz" for seed in (0, 1) for num_graphs in (10, 20)
        }
        assert ba2motifs.prepare(folder=tmp_path) == tmp_path / "processed" / "ba2motifs-generated-seed0.npz"

    def test_makes_a_file_once_unless_forced_or_damaged(self, tmp_path, capsys):
        path = ba2motifs.prepare(folder=tmp_path, num_graphs=10)
        assert capsys.readouterr().out == f"{path}: written\n"
        before = path.stat().st_mtime_ns
        assert ba2motifs.prepare(folder=tmp_path, num_graphs=10) == path
        assert capsys.readouterr().out == f"{path}: already there\n"
        assert path.stat().st_mtime_ns == before
        ba2motifs.prepare(folder=tmp_path, num_graphs=10, force=True)
        assert capsys.readouterr().out == f"{path}: written\n"
        content = path.read_bytes()
        path.write_bytes(content[:100])
        ba2motifs.prepare(folder=tmp_path, num_graphs=10)
        assert path.read_bytes() == content

    def test_local_copy(self, published, tmp_path):
        copy = tmp_path / "copy.pkl"
        copy.write_bytes(pickled(published))
        path = ba2motifs.prepare(copy, folder=tmp_path)
        assert path == tmp_path / "processed" / "ba2motifs-official.npz"
        assert load(path).fingerprint() == generated().fingerprint()

    def test_unknown_source(self, tmp_path):
        expected = "source 'offical' is neither 'generated' nor 'official' nor a file"
        with pytest.raises(DataError, match=expected):
            ba2motifs.prepare("offical", folder=tmp_path)
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def server(server, monkeypatch):
    monkeypatch.setattr(ba2motifs, "URL", f"{server.url}/BA-2motif.pkl")
    return server


class TestDownload:
    def test_is_kept_and_used_again(self, published, server, tmp_path):
        server.body = pickled(published)
        path = ba2motifs.prepare("official", folder=tmp_path)
        assert load(path).fingerprint() == generated().fingerprint()
        assert os.listdir(tmp_path / "raw") == ["BA-2motif.pkl"]
        content = path.read_bytes()
        ba2motifs.prepare("official", folder=tmp_path, force=True)
        assert server.requests == 1
        assert path.read_bytes() == content

    @pytest.mark.parametrize(
        ("status", "missing", "message"),
        [(404, 0, "the download failed (404 "), (200, 1000, "the download failed ("), (500, 0, "(500 ")],
    )
    def test_failure_says_what_to_do_and_leaves_nothing(self, published, server, tmp_path, status, missing, message):
        server.status, server.body, server.missing = status, pickled(published)[:5000], missing
        with pytest.raises(DataError, match=re.escape(message)) as error:
            ba2motifs.prepare("official", folder=tmp_path)
        raw = tmp_path / "raw" / "BA-2motif.pkl"
        assert str(error.value).startswith(f"{raw}: ")
        assert f"fetch {ba2motifs.URL} by hand and put it there" in str(error.value)
        assert "'--source generated', which needs no network" in str(error.value)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_wrong_body_is_removed_and_fetched_again(self, published, server, tmp_path):
        server.body = b"<html>Sign in to the network</html>"
        with pytest.raises(DataError, match=r"not a readable pickle of arrays .*; the download was removed"):
            ba2motifs.prepare("official", folder=tmp_path)
        server.body = pickled(published)[:-1000]
        with pytest.raises(DataError, match=r"truncated.*; the download was removed"):
            ba2motifs.prepare("official", folder=tmp_path)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
        server.body = pickled(published)
        assert len(load(ba2motifs.prepare("official", folder=tmp_path))) == 1000

    def test_a_bad_file_put_there_by_hand_is_left_to_its_owner(self, server, tmp_path):
        raw = tmp_path / "raw" / "BA-2motif.pkl"
        raw.parent.mkdir()
        raw.write_bytes(b"not it")
        with pytest.raises(DataError, match=re.escape(f"{raw}: is not a readable pickle")):
            ba2motifs.prepare("official", folder=tmp_path)
        assert raw.read_bytes() == b"not it"
        assert server.requests == 0

    def test_no_server(self, monkeypatch, tmp_path):
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(ba2motifs, "URL", "http://127.0.0.1:9/BA-2motif.pkl")
        with pytest.raises(DataError, match=r"the download failed .* by hand"):
            ba2motifs.prepare("official", folder=tmp_path)


class TestCommandLine:
    def test_as_a_script_from_the_repository_root(self, tmp_path):
        command = [
            sys.executable,
            "data_prep/ba2motifs.py",
            "--folder",
            tmp_path,
            "--num-graphs",
            "10",
            "--seed",
            "2",
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        path = tmp_path / "processed" / "ba2motifs-generated-seed2-10graphs.npz"
        assert done.stdout.splitlines() == [
            f"{path}: written",
            "10 graphs, 250 nodes, 510 directed edges, 110 of them signal",
        ]
        assert load(path).fingerprint() == generate_ba2motifs(10, seed=2).fingerprint()

    def test_help_shows_examples(self, capsys):
        with pytest.raises(SystemExit, match="0"):
            ba2motifs.main(["--help"])
        assert "python data_prep/ba2motifs.py --source official" in capsys.readouterr().out

    def test_data_errors_are_one_line(self, tmp_path):
        (tmp_path / "bad.pkl").write_bytes(b"bad")
        with pytest.raises(SystemExit) as error:
            ba2motifs.main(["--source", str(tmp_path / "bad.pkl"), "--folder", str(tmp_path)])
        # A text as the exit code is printed to stderr and turned into status 1.
        assert re.fullmatch(r"error: .*bad\.pkl: is not a readable pickle .*", error.value.code)

    @pytest.mark.parametrize("arguments", [["--num-graphs", "1"], ["--seed", "-1"], ["--num-graphs", "many"]])
    def test_bad_numbers(self, arguments, tmp_path, capsys):
        with pytest.raises(SystemExit, match="2"):
            ba2motifs.main([*arguments, "--folder", str(tmp_path)])
        assert arguments[0] in capsys.readouterr().err


@pytest.fixture(scope="module")
def official(raw_data):
    return ba2motifs.read_official(raw_data / "ba_2motifs" / "BA_2Motifs.npz")


class TestPublishedFile:
    def test_facts(self, official):
        assert len(official) == 1000
        np.testing.assert_array_equal(official.labels[:, 0], np.repeat([0, 1], 500))
        assert len(official.senders) == 50_960
        assert official.edge_labels.sum() == 11_040
        np.testing.assert_array_equal(official.nodes, np.full((25_000, 10), 0.1, np.float32), strict=True)

    def test_self_loops_at_node_20_take_the_place_of_the_bridge(self, official):
        bridges = [[(a, b) for a, b in undirected_edges(official, i) if a < 20 <= b] for i in range(1000)]
        loops = [[(a, b) for a, b in undirected_edges(official, i) if a == b] for i in range(1000)]
        assert sum(loop == [(20, 20)] for loop in loops) == 40
        assert all(
            (bridge, loop) in (([(0, 20)], []), ([], [(20, 20)])) for bridge, loop in zip(bridges, loops, strict=True)
        )

    def test_motifs_are_those_that_are_generated(self, official):
        for index in range(1000):
            assert motif_edges(official, index) - {(0, 0)} == motif_edges(generated(), index)

    def test_fingerprint(self, official):
        assert official.fingerprint() == FINGERPRINT

    def test_survives_as_a_pickle(self, official, tmp_path):
        path = tmp_path / "BA-2motif.pkl"
        path.write_bytes(pickled(to_arrays(official)))
        assert ba2motifs.read_official(path).fingerprint() == FINGERPRINT

    def test_prepared_from_a_local_copy(self, raw_data, tmp_path):
        raw = raw_data / "ba_2motifs" / "BA_2Motifs.npz"
        assert load(ba2motifs.prepare(raw, folder=tmp_path)).fingerprint() == FINGERPRINT
