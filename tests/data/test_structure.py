"""Distances, the bias made of them, and positions, against networkx; and a cache that changes nothing."""

import dataclasses

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.node_data import NAMES
from gnnjax import host_memory
from gnnjax.data import (
    NodeDataset,
    distance_bias,
    laplacian_encoding,
    shortest_path_distances,
    sorted_unique_edges,
    structure,
)
from gnnjax.errors import MemoryLimitError
from tests.random_graphs import random_node_dataset


def dataset(num_nodes, edges) -> NodeDataset:
    senders, receivers = sorted_unique_edges(*np.reshape(edges, (-1, 2)).T.astype(int))
    nodes = np.ones((num_nodes, 1), np.float32)
    return NodeDataset("small", nodes, senders, receivers, np.zeros(num_nodes, np.int32), 1)


# 0 -> 1 -> 2, 2 -> 2; node 3 is isolated.
CHAIN = dataset(4, [(0, 1), (1, 2), (2, 2)])
GRAPHS = st.builds(
    dataset,
    st.just(9),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=25),
)


def normalized_laplacian(graph: NodeDataset) -> np.ndarray:
    undirected = networkx.Graph(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))
    undirected.add_nodes_from(range(graph.num_nodes))
    undirected.remove_edges_from(list(networkx.selfloop_edges(undirected)))
    return networkx.normalized_laplacian_matrix(undirected, range(graph.num_nodes)).toarray()


class TestDistances:
    def test_by_hand(self):
        expected = np.int16([[0, 1, 2, -1], [-1, 0, 1, -1], [-1, -1, 0, -1], [-1, -1, -1, 0]])
        np.testing.assert_array_equal(shortest_path_distances(CHAIN), expected, strict=True)

    @given(GRAPHS)
    def test_as_networkx(self, graph):
        directed = networkx.DiGraph(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))
        directed.add_nodes_from(range(9))
        expected = np.full((9, 9), -1)
        for sender, lengths in networkx.all_pairs_shortest_path_length(directed):
            expected[sender, list(lengths)] = list(lengths.values())
        np.testing.assert_array_equal(shortest_path_distances(graph), expected)

    def test_sources_in_several_chunks(self, monkeypatch):
        graph = random_node_dataset(0, 50)
        expected = shortest_path_distances(graph)
        monkeypatch.setattr(structure, "_SOURCES_AT_ONCE", 7)
        np.testing.assert_array_equal(shortest_path_distances(graph), expected, strict=True)

    def test_one_node(self):
        np.testing.assert_array_equal(shortest_path_distances(dataset(1, [])), [[0]])

    def test_what_does_not_fit_in_memory_is_refused(self, monkeypatch):
        monkeypatch.setattr(host_memory, "available_memory", lambda: 31)
        message = r"small: the distance matrix of 4 nodes needs 0\.0 GB .*; use a sparse model \(SC or SL\)"
        with pytest.raises(MemoryLimitError, match=message):
            shortest_path_distances(CHAIN)
        monkeypatch.setattr(host_memory, "available_memory", lambda: 32)
        distances = shortest_path_distances(CHAIN)
        with pytest.raises(MemoryLimitError, match=r"the distance bias of 4 nodes needs .*; use a sparse model"):
            distance_bias(distances)

    def test_a_path_too_long_for_its_numbers(self, monkeypatch):
        monkeypatch.setattr(structure, "_LONGEST_PATH", 1)
        with pytest.raises(ValueError, match="small: a path of 2 edges is longer than"):
            shortest_path_distances(CHAIN)


class TestDistanceBias:
    def test_by_hand(self):
        expected = np.float32([[0, 1, 1 / 2, -1], [-1, 0, 1, -1], [-1, -1, 0, -1], [-1, -1, -1, 0]])
        np.testing.assert_array_equal(distance_bias(shortest_path_distances(CHAIN)), expected, strict=True)

    def test_every_distance(self):
        distances = np.arange(-1, 32767, dtype=np.int16).reshape(128, 256)
        expected = np.array([-1.0, 0.0, *(1 / np.arange(1, 32767))], np.float32).reshape(128, 256)
        np.testing.assert_allclose(distance_bias(distances), expected, rtol=1e-7)


class TestLaplacianEncoding:
    def test_by_hand(self):
        # The isolated node is the second component; the other eigenvalues of the path 0-1-2 are 1 and 2.
        root = np.sqrt(1 / 2)
        expected = np.float32([[0, root, -1 / 2, 0], [0, 0, root, 0], [0, -root, -1 / 2, 0], [1, 0, 0, 0]])
        encoding = laplacian_encoding(CHAIN, 4)
        np.testing.assert_allclose(encoding, expected, atol=1e-7)
        assert encoding.dtype == np.float32

    @given(GRAPHS, st.booleans())
    def test_eigenvectors_in_order(self, graph, skip_null_space):
        laplacian = normalized_laplacian(graph)
        values = np.linalg.eigvalsh(laplacian)
        skipped = int((values < 1e-9).sum()) if skip_null_space else 1
        encoding = laplacian_encoding(graph, 12, skip_null_space=skip_null_space).astype(np.float64)
        found = 9 - skipped
        np.testing.assert_allclose(laplacian @ encoding[:, :found], encoding[:, :found] * values[skipped:], atol=1e-5)
        np.testing.assert_allclose(encoding[:, :found].T @ encoding[:, :found], np.eye(found), atol=1e-5)
        np.testing.assert_array_equal(encoding[:, found:], np.zeros((9, 12 - found)))
        leading = np.abs(encoding[:, :found]).argmax(axis=0)
        magnitudes = np.abs(encoding[leading, range(found)])
        first = np.argmax(np.abs(encoding[:, :found]) > (1 - 1e-5) * magnitudes, axis=0)
        assert (encoding[first, range(found)] > 0).all()

    def test_components_by_size_and_then_by_first_node(self):
        graph = dataset(8, [(6, 7), (2, 1), (1, 0), (4, 5)])
        encoding = laplacian_encoding(graph, 3)
        half = np.sqrt(1 / 2)
        np.testing.assert_allclose(encoding[:, 0], [0, 0, 0, 0, half, half, 0, 0], atol=1e-7)
        np.testing.assert_allclose(encoding[:, 1], [0, 0, 0, 0, 0, 0, half, half], atol=1e-7)
        np.testing.assert_allclose(encoding[:, 2], [0, 0, 0, 1, 0, 0, 0, 0], atol=1e-7)

    @pytest.mark.parametrize("skip_null_space", [False, True])
    def test_large_graphs_as_small_ones(self, monkeypatch, skip_null_space):
        graph = random_node_dataset(1, 80)
        expected = laplacian_encoding(graph, 6, skip_null_space=skip_null_space)
        monkeypatch.setattr(structure, "_DENSE_NODES", 0)
        found = laplacian_encoding(graph, 6, skip_null_space=skip_null_space)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_array_equal(found, laplacian_encoding(graph, 6, skip_null_space=skip_null_space))

    def test_direction_and_self_loops_do_not_matter(self):
        graph = random_node_dataset(2)
        everything = np.arange(graph.num_nodes)
        senders, receivers = sorted_unique_edges(
            np.concatenate([graph.senders, graph.receivers, everything]),
            np.concatenate([graph.receivers, graph.senders, everything]),
        )
        other = dataclasses.replace(graph, senders=senders, receivers=receivers)
        np.testing.assert_array_equal(laplacian_encoding(graph), laplacian_encoding(other))

    @pytest.mark.parametrize("graph", [dataset(1, []), dataset(3, []), dataset(2, [(0, 0), (0, 1)])])
    def test_tiny_graphs(self, graph):
        encoding = laplacian_encoding(graph)
        assert encoding.shape == (graph.num_nodes, 16)
        np.testing.assert_allclose(
            (encoding**2).sum(axis=0), [1] * (graph.num_nodes - 1) + [0] * (17 - graph.num_nodes)
        )

    def test_size(self):
        with pytest.raises(ValueError, match="size must be at least 1, is 0"):
            laplacian_encoding(CHAIN, 0)


COMPUTATIONS = {
    "_distances": shortest_path_distances,
    "_encoding": laplacian_encoding,
}


@pytest.mark.parametrize("function", COMPUTATIONS)
class TestCache:
    @pytest.fixture
    def calls(self, function, monkeypatch):
        """How often the result was computed, as a list of that length."""
        calls = []
        compute = getattr(structure, function)

        def counted(*arguments):
            calls.append(1)
            return compute(*arguments)

        monkeypatch.setattr(structure, function, counted)
        return calls

    def test_computed_once_for_each_dataset(self, function, calls, tmp_path):
        compute = COMPUTATIONS[function]
        for repetition in range(2):
            for number, graph in enumerate((random_node_dataset(0), random_node_dataset(1))):
                cached = compute(graph, cache=tmp_path / "new")
                assert len(calls) == (2 if repetition else number + 1)
                np.testing.assert_array_equal(cached, compute(graph), strict=True)
                calls.pop()

    def test_damaged_and_foreign_files_are_made_again(self, function, calls, tmp_path):
        compute = COMPUTATIONS[function]
        graph = random_node_dataset(0)
        expected = compute(graph, cache=tmp_path)
        (path,) = tmp_path.iterdir()
        content = path.read_bytes()
        compute(random_node_dataset(1), cache=tmp_path)
        (foreign,) = set(tmp_path.iterdir()) - {path}
        damaged = bytearray(content)
        damaged[len(damaged) // 2] ^= 255
        np.savez(tmp_path / "other.npz", values=np.zeros(3))
        for bad in (content[:-30], bytes(damaged), b"", foreign.read_bytes(), (tmp_path / "other.npz").read_bytes()):
            path.write_bytes(bad)
            calls.clear()
            np.testing.assert_array_equal(compute(graph, cache=tmp_path), expected, strict=True)
            assert len(calls) == 1
            np.testing.assert_array_equal(compute(graph, cache=tmp_path), expected, strict=True)
            assert len(calls) == 1

    def test_a_failed_write_leaves_nothing(self, function, calls, tmp_path, monkeypatch):
        def disk_full(file, **arrays):
            file.write(b"half")
            raise OSError("No space left on device")

        monkeypatch.setattr(np, "savez_compressed", disk_full)
        with pytest.raises(OSError, match="No space left"):
            COMPUTATIONS[function](random_node_dataset(0), cache=tmp_path)
        assert calls
        assert not list(tmp_path.iterdir())


def test_each_size_has_its_own_cache(tmp_path):
    graph = random_node_dataset(0)
    for size in (3, 5):
        for skip_null_space in (False, True):
            arguments = {"size": size, "skip_null_space": skip_null_space}
            for _ in range(2):
                cached = laplacian_encoding(graph, cache=tmp_path, **arguments)
                np.testing.assert_array_equal(cached, laplacian_encoding(graph, **arguments))
    assert len(list(tmp_path.iterdir())) == 4


class TestPublishedGraphs:
    @pytest.mark.parametrize("name", ["texas", "cornell", "chameleon"])
    def test_distances_by_powers_of_the_adjacency(self, name, raw_data):
        graph = NAMES[name].read(name, raw_data)
        distances = shortest_path_distances(graph)
        adjacency = graph.adjacency(self_loops=True)
        reached = np.eye(graph.num_nodes, dtype=bool)
        for hops in range(distances.max() + 1):
            np.testing.assert_array_equal((distances >= 0) & (distances <= hops), reached)
            reached = (adjacency @ reached.astype(np.float32)) > 0
        np.testing.assert_array_equal(distances >= 0, reached)

    @pytest.mark.parametrize("name", ["wisconsin", "citeseer", "cora"])
    @pytest.mark.parametrize("skip_null_space", [False, True])
    def test_encoding_is_of_eigenvectors(self, name, skip_null_space, raw_data):
        graph = NAMES[name].read(name, raw_data)
        encoding = laplacian_encoding(graph, skip_null_space=skip_null_space).astype(np.float64)
        product = normalized_laplacian(graph) @ encoding
        values = (encoding * product).sum(axis=0)
        np.testing.assert_allclose(product, encoding * values, atol=1e-5)
        np.testing.assert_allclose(encoding.T @ encoding, np.eye(16), atol=1e-5)
        assert (np.diff(values) > -1e-6).all()
        assert (values > 1e-4).all() == (skip_null_space or name == "wisconsin")
