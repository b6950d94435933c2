"""Spurious-Motif: every fact of the specification, on a smaller draw."""

import functools
import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from data_prep import spmotif
from gnnjax.data import load

ROOT = Path(__file__).parents[2]
MOTIFS = {
    "cycle": nx.cycle_graph(5),
    "house": nx.Graph([(0, 1), (1, 2), (2, 3), (3, 0), (0, 4), (1, 4)]),
    # Two nodes that have three neighbours in common.
    "crane": nx.complete_bipartite_graph(2, 3),
}
OWN_BASE = ("tree", "ladder", "wheel")


@functools.cache
def generated(bias=0.7, seed=0, graphs_per_class=(200, 150, 80)):
    return spmotif.generate(bias, seed, graphs_per_class)


def edges_of(dataset, index) -> list[tuple[int, int]]:
    graph = dataset[index]
    return list(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))


@functools.cache
def base_candidates(num_base) -> dict[tuple[str, int], set[tuple[int, int]]]:
    """The edges of every base of that many nodes, by kind and size."""
    graphs = {
        ("tree", height): nx.balanced_tree(branch, height)
        for branch in (2, 3)
        for height in range(6)
        if sum(branch**level for level in range(height + 1)) == num_base
    }
    if num_base > 3:
        graphs["wheel", num_base] = nx.wheel_graph(num_base)
    if num_base % 2 == 0:
        graphs["ladder", num_base // 2] = nx.ladder_graph(num_base // 2)
    return {base: {(min(pair), max(pair)) for pair in graph.edges} for base, graph in graphs.items()}


@functools.cache
def base_of(dataset, index) -> tuple[str, int]:
    """The kind and size of a graph's base, found by its edges, to which the random ones only add."""
    edges = set(edges_of(dataset, index))
    found = [base for base, own in base_candidates(int(dataset.n_node[index]) - 5).items() if own <= edges]
    assert len(found) == 1
    return found[0]


def bases_of(dataset, split, label) -> list[tuple[str, int]]:
    return [base_of(dataset, index) for index in dataset.splits[split] if dataset.labels[index] == label]


def base_edges(kind, size, num_base) -> int:
    return {"tree": num_base - 1, "ladder": 3 * size - 2, "wheel": 2 * (size - 1)}[kind]


class TestGenerate:
    def test_sizes_types_and_splits(self):
        dataset = generated()
        assert (dataset.name, dataset.task, dataset.num_classes) == ("spmotif_0.7", "multiclass", 3)
        assert len(dataset) == 3 * (200 + 150 + 80)
        assert dataset.edges is not None
        np.testing.assert_array_equal(dataset.edges, np.ones((len(dataset.senders), 1), np.float32), strict=True)
        assert dataset.nodes.shape == (dataset.n_node.sum(), 4)
        assert dataset.nodes.min() >= 0
        assert dataset.nodes.max() < 1
        np.testing.assert_allclose(dataset.nodes.mean(axis=0), 0.5, atol=0.01)
        assert list(dataset.splits) == ["train", "valid", "test"]
        np.testing.assert_array_equal(np.concatenate(list(dataset.splits.values())), np.arange(len(dataset)))
        for (split, indices), count in zip(dataset.splits.items(), (200, 150, 80), strict=True):
            np.testing.assert_array_equal(np.bincount(dataset.labels[indices]), [count] * 3, err_msg=split)

    def test_edges_are_stored_once_and_lead_to_higher_numbers(self):
        dataset = generated()
        assert (dataset.senders < dataset.receivers).all()
        for index in range(len(dataset)):
            edges = edges_of(dataset, index)
            assert len(set(edges)) == len(edges)
            assert nx.is_connected(nx.Graph(edges))

    def test_motif_is_the_class_and_its_edges_the_signal(self):
        dataset = generated()
        for index, label in enumerate(dataset.labels):
            num_base = dataset.n_node[index] - 5
            motif = [(a, b) for a, b in edges_of(dataset, index) if a >= num_base]
            assert nx.is_isomorphic(nx.Graph(motif), list(MOTIFS.values())[label])
            signal = np.array(edges_of(dataset, index))[dataset.edge_labels[dataset.edge_slice(index)] == 1]
            assert set(map(tuple, signal.tolist())) == set(motif)
            # The tip of the house's roof, and in the crane one of the three.
            assert [num_base in pair for pair in motif].count(True) == 2

    def test_node_0_of_the_motif_hangs_on_any_base_node(self):
        dataset = generated()
        places = []
        for index in range(len(dataset)):
            num_base = int(dataset.n_node[index]) - 5
            neighbours = [a for a, b in edges_of(dataset, index) if a < num_base and b == num_base]
            assert neighbours
            places.append(np.mean(neighbours) / num_base)
        assert 0.4 < np.mean(places) < 0.55

    def test_five_percent_random_edges_of_which_those_inside_the_motif_are_dropped(self):
        dataset = generated()
        dropped = 0
        for index, label in enumerate(dataset.labels):
            num_base = int(dataset.n_node[index]) - 5
            expected = base_edges(*base_of(dataset, index), num_base) + (5, 6, 6)[label] + 1
            missing = expected + int(0.05 * expected) - dataset.n_edge[index]
            assert 0 <= missing <= int(0.05 * expected)
            dropped += missing
        assert 0 < dropped < 0.02 * len(dataset)

    def test_own_bases_are_as_frequent_as_the_bias_in_training_only(self):
        dataset = generated()
        for label, own in enumerate(OWN_BASE):
            for split, share in (("train", 0.7), ("valid", 1 / 3), ("test", 1 / 3)):
                kinds = [kind for kind, _ in bases_of(dataset, split, label)]
                # Four standard deviations of a share.
                tolerance = 4 * np.sqrt(0.25 / len(kinds))
                assert abs(np.mean([kind == own for kind in kinds]) - share) < tolerance
                for other in set(OWN_BASE) - {own}:
                    assert abs(np.mean([kind == other for kind in kinds]) - (1 - share) / 2) < tolerance

    def test_base_sizes(self):
        dataset = generated()
        small = {"tree": {3}, "ladder": set(range(8, 12)), "wheel": set(range(15, 20))}
        large = {"tree": {3, 4, 5}, "ladder": set(range(30, 50)), "wheel": set(range(60, 80))}
        low = small | {"tree": {0, 1, 2}}
        for split, by_class in (("train", (small, low, low)), ("valid", (small,) * 3), ("test", (large,) * 3)):
            for label, sizes in enumerate(by_class):
                for kind, size in bases_of(dataset, split, label):
                    assert size in sizes[kind]
        seen = {base for label in range(3) for base in bases_of(dataset, "train", label)}
        assert seen == {(kind, size) for kind in small for size in small[kind] | low[kind]}

    @pytest.mark.parametrize("bias", [0, 1])
    def test_extreme_bias(self, bias):
        dataset = generated(bias, 0, (20, 1, 1))
        for label, own in enumerate(OWN_BASE):
            assert {kind == own for kind, _ in bases_of(dataset, "train", label)} == {bias == 1}

    def test_same_arguments_same_graphs(self):
        first, again, other_seed, other_bias = (
            spmotif.generate(bias, seed, (5, 3, 2)) for bias, seed in ((0.5, 1), (0.5, 1), (0.5, 2), (0.9, 1))
        )
        prints = {data.fingerprint() for data in (first, again, other_seed, other_bias)}
        assert first.fingerprint() == again.fingerprint()
        assert len(prints) == 3

    def test_validation_and_test_do_not_depend_on_the_bias(self):
        one, two = (spmotif.generate(bias, 1, (5, 3, 2)) for bias in (0.5, 0.9))
        for index in range(15, 30):
            np.testing.assert_array_equal(one[index].nodes, two[index].nodes)
            np.testing.assert_array_equal(one[index].senders, two[index].senders)

    @pytest.mark.parametrize(
        ("bias", "seed", "sizes"),
        [
            (-0.1, 0, (1, 1, 1)),
            (1.1, 0, (1, 1, 1)),
            (float("nan"), 0, (1, 1, 1)),
            (0.5, -1, (1, 1, 1)),
            (0.5, 0, (1, 0, 1)),
        ],
    )
    def test_refuses_arguments_out_of_range(self, bias, seed, sizes):
        with pytest.raises(ValueError, match=re.escape("bias must be 0 to 1, seed at least 0 and graphs_per_class")):
            spmotif.generate(bias, seed, sizes)


@pytest.fixture
def small(monkeypatch):
    """The processed file of a smaller draw, since the full one takes ten seconds."""
    monkeypatch.setattr(
        spmotif, "generate", functools.partial(lambda make, bias, seed: make(bias, seed, (4, 2, 2)), spmotif.generate)
    )


@pytest.mark.usefixtures("small")
class TestPrepare:
    def test_every_bias_and_seed_has_its_own_file(self, tmp_path):
        paths = [spmotif.prepare(bias, seed=seed, folder=tmp_path) for bias, seed in ((0.5, 0), (0.5, 1), (1, 0))]
        names = ["spmotif_0.5-seed0.npz", "spmotif_0.5-seed1.npz", "spmotif_1.0-seed0.npz"]
        assert paths == [tmp_path / "processed" / name for name in names]
        assert load(paths[0]).name == "spmotif_0.5"
        assert load(paths[0]).splits["valid"].tolist() == list(range(12, 18))

    def test_makes_a_file_once_unless_forced(self, tmp_path, capsys):
        path = spmotif.prepare(folder=tmp_path)
        content = path.read_bytes()
        spmotif.prepare(folder=tmp_path)
        spmotif.prepare(folder=tmp_path, force=True)
        assert capsys.readouterr().out == f"{path}: written\n{path}: already there\n{path}: written\n"
        assert path.read_bytes() == content

    def test_command_line(self, tmp_path, capsys):
        spmotif.main(["--bias", "0.9", "--seed", "3", "--folder", str(tmp_path)])
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == f"{tmp_path / 'processed' / 'spmotif_0.9-seed3.npz'}: written"
        assert lines[1].startswith("24 graphs, ")

    @pytest.mark.parametrize("arguments", [["--bias", "1.5"], ["--bias", "x"], ["--seed", "-1"]])
    def test_bad_numbers(self, arguments, tmp_path, capsys):
        with pytest.raises(SystemExit, match="2"):
            spmotif.main([*arguments, "--folder", str(tmp_path)])
        assert arguments[0] in capsys.readouterr().err


def test_help_as_a_script_from_the_repository_root():
    command = [sys.executable, "data_prep/spmotif.py", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "python data_prep/spmotif.py --bias 0.9" in done.stdout
