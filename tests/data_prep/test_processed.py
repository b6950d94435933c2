"""One processed file, made once, and what every script's command line does."""

import dataclasses

import numpy as np
import pytest

from data_prep.processed import argument_parser, make_processed, run_command_line
from gnnjax.data import generate_ba2motifs, load, load_nodes, save
from gnnjax.errors import DataError
from tests.random_graphs import random_node_dataset


@pytest.fixture
def dataset():
    return generate_ba2motifs(4)


class TestMakeProcessed:
    def test_once_unless_forced_or_unreadable(self, dataset, tmp_path, capsys):
        calls = []

        def make():
            calls.append(1)
            return dataset

        target = tmp_path / "processed" / "data.npz"
        for force, said, made in ((False, "written", 1), (False, "already there", 1), (True, "written", 2)):
            assert make_processed(target, make, force=force) == target
            assert capsys.readouterr().out == f"{target}: {said}\n"
            assert len(calls) == made
        target.write_bytes(target.read_bytes()[:100])
        make_processed(target, make)
        assert len(calls) == 3
        assert load(target).fingerprint() == dataset.fingerprint()

    def test_failure_leaves_the_old_file(self, dataset, tmp_path):
        def make():
            raise DataError("raw.zip: is damaged")

        target = make_processed(tmp_path / "data.npz", lambda: dataset)
        before = target.read_bytes()
        with pytest.raises(DataError, match="is damaged"):
            make_processed(target, make, force=True)
        assert target.read_bytes() == before

    def test_one_graph_with_node_labels(self, dataset, tmp_path, capsys):
        graph = random_node_dataset(0)
        target = tmp_path / "data.npz"
        # A set of graphs is not what is asked for, and replaced.
        save(dataset, target)
        for said in ("written", "already there"):
            make_processed(target, lambda: graph, read=load_nodes)
            assert capsys.readouterr().out == f"{target}: {said}\n"
        assert load_nodes(target).fingerprint() == graph.fingerprint()


class TestCommandLine:
    def test_prints_the_counts(self, dataset, tmp_path, capsys):
        save(dataset, tmp_path / "data.npz")
        run_command_line(lambda: tmp_path / "data.npz")
        assert capsys.readouterr().out == "4 graphs, 100 nodes, 204 directed edges, 44 of them signal\n"

    def test_prints_the_split(self, dataset, tmp_path, capsys):
        splits = {"train": np.array([0, 2, 3]), "valid": np.array([1])}
        save(dataclasses.replace(dataset, edge_labels=None, splits=splits), tmp_path / "data.npz")
        run_command_line(lambda: tmp_path / "data.npz")
        assert capsys.readouterr().out == "4 graphs, 100 nodes, 204 directed edges; split train 3, valid 1\n"

    def test_prints_the_counts_of_one_graph(self, tmp_path, capsys):
        graph = random_node_dataset(0)
        counts = f"20 nodes with 4 features, {graph.num_edges} directed edges, 3 classes"
        save(graph, tmp_path / "data.npz")
        run_command_line(lambda: tmp_path / "data.npz", load_nodes)
        assert capsys.readouterr().out == f"{counts}; 2 published splits, the first: train 8, valid 6, test 6\n"
        save(dataclasses.replace(graph, splits=None), tmp_path / "data.npz")
        run_command_line(lambda: tmp_path / "data.npz", load_nodes)
        assert capsys.readouterr().out == f"{counts}\n"

    @pytest.mark.parametrize(
        "problem", [DataError("a.zip: is damaged"), PermissionError("no access"), ImportError("needs rdkit")]
    )
    def test_problems_are_one_line(self, problem):
        def prepare():
            raise problem

        with pytest.raises(SystemExit) as error:
            run_command_line(prepare)
        assert error.value.code == f"error: {problem}"

    def test_common_arguments(self, capsys):
        parser = argument_parser("Prepares it.", "  python data_prep/it.py")
        assert vars(parser.parse_args([])) == {"folder": "data", "force": False}
        assert vars(parser.parse_args(["--folder", "x", "--force"])) == {"folder": "x", "force": True}
        with pytest.raises(SystemExit, match="0"):
            parser.parse_args(["--help"])
        assert "examples:\n  python data_prep/it.py" in capsys.readouterr().out
