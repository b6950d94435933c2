"""Attention graphs from edge lists against the same from dense matrices."""

import importlib
import itertools
from functools import partial, reduce
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep import planetoid
from gnnjax.errors import DataError, MemoryLimitError
from gnnjax.explain import attention_of_nodes
from gnnjax.explain.attention_of_nodes import attention_from, attention_to
from gnnjax.explain.sparse_attention_graph import (
    SparseAttentionGraph,
    average_sparse_attention_graph,
    sparse_attention_graph,
    sparse_head_path_graphs,
    sparse_rollout,
)
from gnnjax.ops.sparse import sparse_pattern, spmm

# The package's attribute of this name is the function.
module = importlib.import_module("gnnjax.explain.sparse_attention_graph")

# 0 attends to itself and 1, 1 to 0 and 2, 2 to itself alone; one head, then two heads whose mean is easy.
SENDERS, RECEIVERS = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 2, 2])
FIRST = [[0.5, 0.5, 0.25, 0.75, 1], [0.5, 0.5, 0.25, 0.75, 1]]
SECOND = [[1, 0, 0.5, 0.5, 1], [0.5, 0.5, 0, 1, 1]]
WEIGHTS = np.array([FIRST, SECOND], np.float32)
# Mean of the second layer's heads: rows (3/4, 1/4, 0), (1/4, 0, 3/4), (0, 0, 1); times the first layer's rows
# (1/2, 1/2, 0), (1/4, 0, 3/4), (0, 0, 1).
GRAPH = np.array([[7 / 16, 3 / 8, 3 / 16], [1 / 8, 1 / 8, 3 / 4], [0, 0, 1]])

PUBLIC = [sparse_attention_graph, sparse_rollout, partial(attention_from, nodes=[0]), partial(attention_to, nodes=[0])]


@st.composite
def attention(draw, max_layers=3):
    """Random attention: `(weights, senders, receivers, num_nodes)`, self loops included, edges in any order."""
    num_nodes = draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    # From isolated nodes, which have their self loop alone, to the complete graph.
    present = rng.random((num_nodes, num_nodes)) < draw(st.sampled_from([0, 0.2, 0.5, 1]))
    senders, receivers = rng.permutation(np.argwhere(present | np.eye(num_nodes, dtype=bool))).T.astype(np.int32)
    shape = (draw(st.integers(1, max_layers)), draw(st.integers(1, 3)))
    # Many equal weights, and some that are zero.
    weights = rng.integers(0, 4, (*shape, len(senders))) + 1e-6
    weights /= (weights @ (senders[:, None] == np.arange(num_nodes)))[..., senders]
    weights[weights < 1e-5] = 0
    return weights.astype(draw(st.sampled_from([np.float32, np.float64]))), senders, receivers, num_nodes


def dense(weights, senders, receivers, num_nodes):
    """`[layers, heads, nodes, nodes]` in double precision."""
    matrices = np.zeros((*weights.shape[:-1], num_nodes, num_nodes))
    matrices[..., senders, receivers] = weights
    return matrices


def dense_graph(*case):
    return reduce(np.matmul, dense(*case).mean(axis=1)[::-1])


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)


def largest(row, k):
    """Positions of the `k` largest positive entries; of equal ones those that come first."""
    order = np.argsort(-row, kind="stable")[:k]
    return order[row[order] > 0]


class TestSparseAttentionGraph:
    def test_by_hand(self):
        result = sparse_attention_graph(WEIGHTS, SENDERS, RECEIVERS, 3)
        np.testing.assert_array_equal(result.graph.toarray(), GRAPH)
        np.testing.assert_array_equal(result.dropped_mass, 0)

    def test_by_hand_pruned(self):
        result = sparse_attention_graph(WEIGHTS, SENDERS, RECEIVERS, 3, top_k=1)
        np.testing.assert_array_equal(result.graph.toarray(), [[7 / 16, 0, 0], [0, 0, 3 / 4], [0, 0, 1]])
        np.testing.assert_array_equal(result.dropped_mass, [9 / 16, 1 / 4, 0])
        assert result.max_dropped_mass == 9 / 16
        assert result.mean_dropped_mass == 13 / 48

    def test_rows_that_lose_everything(self):
        result = sparse_attention_graph(WEIGHTS, SENDERS, RECEIVERS, 3, threshold=0.8)
        np.testing.assert_array_equal(result.graph.toarray(), [[0, 0, 0], [0, 0, 0], [0, 0, 1]])
        np.testing.assert_array_equal(result.dropped_mass, [1, 1, 0])

    @given(case=attention())
    def test_equals_the_dense_product(self, case):
        result = sparse_attention_graph(*case)
        assert result.graph.dtype == case[0].dtype
        close(result.graph.toarray(), dense_graph(*case))
        np.testing.assert_array_equal(result.dropped_mass, 0)

    @given(case=attention(max_layers=2), k=st.integers(1, 4))
    def test_top_k_keeps_the_largest_of_each_row(self, case, k):
        exact = sparse_attention_graph(*case).graph.toarray()
        kept = sparse_attention_graph(*case, top_k=k).graph
        for row, exact_row in enumerate(exact):
            columns = kept.indices[kept.indptr[row] : kept.indptr[row + 1]]
            np.testing.assert_array_equal(columns, np.sort(largest(exact_row, k)))
            np.testing.assert_array_equal(kept.toarray()[row, columns], exact_row[columns])

    @given(
        case=attention(),
        k=st.none() | st.integers(1, 4),
        threshold=st.none() | st.sampled_from([0.01, 0.1, 0.3, 1.0]),
    )
    def test_dropped_mass_is_the_error(self, case, k, threshold):
        exact = dense_graph(*case)
        result = sparse_attention_graph(*case, top_k=k, threshold=threshold)
        error = exact - result.graph.toarray()
        assert (error > -1e-6).all()
        np.testing.assert_allclose(result.dropped_mass, error.sum(axis=1), atol=1e-6)
        assert (error.max(axis=1) <= result.dropped_mass + 1e-6).all()
        assert (result.dropped_mass >= 0).all()
        if threshold is not None:
            assert (result.graph.data >= np.asarray(threshold, result.graph.dtype)).all()
        if k is not None:
            assert (np.diff(result.graph.indptr) <= k).all()

    @given(case=attention())
    def test_chosen_rows_in_any_order(self, case):
        rows = np.random.default_rng(0).integers(0, case[-1], 4)
        whole, part = (sparse_attention_graph(*case, top_k=2, rows=chosen) for chosen in (None, rows))
        np.testing.assert_array_equal(part.graph.toarray(), whole.graph.toarray()[rows])
        np.testing.assert_array_equal(part.dropped_mass, whole.dropped_mass[rows])

    def test_no_rows(self):
        result = sparse_attention_graph(WEIGHTS, SENDERS, RECEIVERS, 3, rows=[])
        assert result.graph.shape == (0, 3)
        assert (result.max_dropped_mass, result.mean_dropped_mass) == (0, 0)

    def test_isolated_nodes_keep_all_attention(self):
        """Node 3 has its self loop alone, node 4 no edge at all."""
        weights = np.concatenate([WEIGHTS, np.ones((2, 2, 1), np.float32)], axis=-1)
        graph = sparse_attention_graph(weights, [*SENDERS, 3], [*RECEIVERS, 3], 5, top_k=2).graph.toarray()
        np.testing.assert_array_equal(graph[3], [0, 0, 0, 1, 0])
        np.testing.assert_array_equal(graph[4], 0)

    def test_no_edges(self):
        none = np.zeros(0, np.int32)
        result = sparse_attention_graph(np.zeros((2, 1, 0), np.float32), none, none, 3, top_k=1)
        np.testing.assert_array_equal(result.graph.toarray(), np.zeros((3, 3)))

    @pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.float16])
    def test_jax_arrays_of_any_precision(self, dtype):
        arrays = jnp.asarray(WEIGHTS, dtype), jnp.asarray(SENDERS), jnp.asarray(RECEIVERS)
        result = sparse_attention_graph(*arrays, 3)
        assert result.graph.dtype == np.float32
        np.testing.assert_array_equal(result.graph.toarray(), GRAPH)

    def test_entries_of_weight_zero_are_no_edges(self):
        knocked_out = WEIGHTS * (RECEIVERS != 1)
        assert 1 not in sparse_attention_graph(knocked_out, SENDERS, RECEIVERS, 3).graph.indices

    def test_reproduces_the_original(self):
        with np.load(Path(__file__).parents[1] / "fixtures" / "ag_sl_texas_2l2h.npz") as golden:
            senders, receivers = np.nonzero(golden["in.adjacency_with_self_loops"])
            weights = golden["eval.attention"][..., senders, receivers]
            result = sparse_attention_graph(weights, senders, receivers, len(golden["in.x"]))
            np.testing.assert_allclose(result.graph.toarray(), golden["eval.attention_graph"], rtol=1e-4, atol=1e-6)

    def test_pubmed(self, raw_data):
        """19 717 nodes: rows sum to one, and equal those from chosen nodes."""
        adjacency = planetoid.read("pubmed", raw_data).adjacency(self_loops=True).tocoo()
        senders, receivers, num_nodes = adjacency.row, adjacency.col, adjacency.shape[0]
        rng = np.random.default_rng(0)
        heads = rng.random((4, len(senders)))
        heads = [head / np.bincount(senders, head, num_nodes)[senders] for head in heads]
        case = np.reshape(heads, (2, 2, -1)), senders, receivers, num_nodes
        graph = sparse_attention_graph(*case).graph
        np.testing.assert_allclose(graph.sum(axis=1), 1, rtol=1e-5)
        nodes = rng.integers(0, num_nodes, 20)
        close(graph[nodes].toarray(), attention_from(*case, nodes))
        close(graph[:, nodes].toarray().T, attention_to(*case, nodes))


class TestSparseRollout:
    def test_by_hand(self):
        """One layer: half of the mean attention and half of the identity."""
        result = sparse_rollout(WEIGHTS[:1], SENDERS, RECEIVERS, 3)
        np.testing.assert_array_equal(result.graph.toarray(), [[0.75, 0.25, 0], [0.125, 0.5, 0.375], [0, 0, 1]])

    @given(case=attention(), residual=st.sampled_from([0, 0.3, 0.5, 1]), k=st.none() | st.integers(1, 4))
    def test_equals_the_dense_rollout(self, case, residual, k):
        layers = (1 - residual) * dense(*case).mean(axis=1) + residual * np.eye(case[-1])
        exact = reduce(np.matmul, layers[::-1])
        result = sparse_rollout(*case, residual=residual, top_k=k)
        error = exact - result.graph.toarray()
        np.testing.assert_allclose(error.sum(axis=1), result.dropped_mass, atol=1e-6)
        if k is None:
            close(result.graph.toarray(), exact)

    @pytest.mark.parametrize("residual", [-0.1, 1.1])
    def test_refuses_other_shares(self, residual):
        with pytest.raises(ValueError, match=r"residual must lie in 0 \.\. 1"):
            sparse_rollout(WEIGHTS, SENDERS, RECEIVERS, 3, residual=residual)


class TestSparseHeadPathGraphs:
    @given(case=attention())
    def test_equals_the_dense_products(self, case):
        layers = dense(*case)
        paths = list(itertools.product(range(layers.shape[1]), repeat=layers.shape[0]))
        graphs = list(sparse_head_path_graphs(*case, paths))
        for path, result in zip(paths, graphs, strict=True):
            expected = reduce(np.matmul, [layer[head] for layer, head in zip(layers, path, strict=True)][::-1])
            close(result.graph.toarray(), expected)
        mean = sum(result.graph.toarray() for result in graphs) / len(graphs)
        close(mean, sparse_attention_graph(*case).graph.toarray())

    def test_pruned_rows(self):
        (result,) = sparse_head_path_graphs(WEIGHTS, SENDERS, RECEIVERS, 3, [[0, 1]], top_k=1, rows=[1])
        np.testing.assert_array_equal(result.graph.toarray(), [[0, 0, 1]])

    @pytest.mark.parametrize("paths", [[[0]], [[0, 2]], [[-1, 0]], [0, 0], [[0.5, 0]]])
    def test_refuses_other_paths(self, paths):
        with pytest.raises(DataError, match=r"paths must have shape \[paths, 2\].*a head in 0 \.\. 1"):
            list(sparse_head_path_graphs(WEIGHTS, SENDERS, RECEIVERS, 3, paths))


class TestAverage:
    RUNS = (WEIGHTS, WEIGHTS[::-1], WEIGHTS[:, :1].repeat(2, axis=1))

    def test_over_runs_before_the_product(self):
        result = average_sparse_attention_graph(iter(self.RUNS), SENDERS, RECEIVERS, 3)
        close(result.graph.toarray(), dense_graph(np.mean(self.RUNS, axis=0), SENDERS, RECEIVERS, 3))

    def test_of_the_products(self):
        result = average_sparse_attention_graph(iter(self.RUNS), SENDERS, RECEIVERS, 3, first="product")
        expected = np.mean([dense_graph(run, SENDERS, RECEIVERS, 3) for run in self.RUNS], axis=0)
        close(result.graph.toarray(), expected)
        assert not np.allclose(expected, dense_graph(np.mean(self.RUNS, axis=0), SENDERS, RECEIVERS, 3))

    @pytest.mark.parametrize("first", ["runs", "product"])
    def test_reports_what_was_dropped(self, first):
        kwargs = {"first": first, "rows": [1, 0]}
        exact = average_sparse_attention_graph(self.RUNS, SENDERS, RECEIVERS, 3, **kwargs)
        pruned = average_sparse_attention_graph(self.RUNS, SENDERS, RECEIVERS, 3, top_k=1, **kwargs)
        close(pruned.dropped_mass, (exact.graph - pruned.graph).sum(axis=1))
        assert pruned.max_dropped_mass > 0

    @pytest.mark.parametrize("first", ["runs", "product"])
    def test_needs_runs(self, first):
        with pytest.raises(ValueError, match="no runs to average"):
            average_sparse_attention_graph([], SENDERS, RECEIVERS, 3, first=first)

    def test_refuses_runs_of_different_shapes(self):
        with pytest.raises(ValueError, match=r"run 1 has weights \[2, 1, 5\], those before it \[2, 2, 5\]"):
            average_sparse_attention_graph([WEIGHTS, WEIGHTS[:, :1]], SENDERS, RECEIVERS, 3)

    def test_refuses_another_order(self):
        with pytest.raises(ValueError, match="first is 'heads'"):
            average_sparse_attention_graph([WEIGHTS], SENDERS, RECEIVERS, 3, first="heads")


class TestAttentionOfChosenNodes:
    def test_by_hand(self):
        np.testing.assert_array_equal(attention_from(WEIGHTS, SENDERS, RECEIVERS, 3, [1, 0]), GRAPH[[1, 0]])
        np.testing.assert_array_equal(attention_to(WEIGHTS, SENDERS, RECEIVERS, 3, [2, 2]), GRAPH.T[[2, 2]])

    @given(case=attention(), share=st.sampled_from([0, 0.5, 1]))
    def test_equals_the_dense_product_however_full_the_rows(self, case, share):
        nodes = np.random.default_rng(0).integers(0, case[-1], 5)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(attention_of_nodes, "_DENSE_SHARE", share)
            patch.setattr(attention_of_nodes, "_NODES_AT_A_TIME", 2)
            close(attention_from(*case, nodes), dense_graph(*case)[nodes])
            close(attention_to(*case, nodes), dense_graph(*case)[:, nodes].T)

    def test_no_nodes(self):
        assert attention_from(WEIGHTS, SENDERS, RECEIVERS, 3, []).shape == (0, 3)

    def test_a_jitted_product_gives_the_same(self):
        """As the head of the module says; there the edges must be in the order of the pattern."""
        pattern = sparse_pattern(SENDERS, RECEIVERS, 3)
        columns = np.eye(3, dtype=np.float32)[:, [2, 0]]
        product = jax.jit(
            lambda weights, x: jax.lax.scan(lambda x, layer: (spmm(layer.mean(0), x, pattern), None), x, weights)[0]
        )(WEIGHTS, columns)
        np.testing.assert_allclose(product.T, attention_to(WEIGHTS, SENDERS, RECEIVERS, 3, [2, 0]), rtol=1e-6)


class TestErrors:
    @pytest.mark.parametrize("function", PUBLIC)
    @pytest.mark.parametrize(
        ("weights", "senders", "receivers", "message"),
        [
            (WEIGHTS[0], SENDERS, RECEIVERS, r"\[layers, heads, edges\].*got \[2, 5\]"),
            (WEIGHTS[None], SENDERS, RECEIVERS, r"got \[1, 2, 2, 5\].*average_sparse_attention_graph"),
            (WEIGHTS[:0], SENDERS, RECEIVERS, "at least one layer and head"),
            (WEIGHTS, SENDERS[:4], RECEIVERS, r"senders has shape \[4\] and weights \[2, 2, 5\]"),
            (WEIGHTS, SENDERS, RECEIVERS[:, None], r"receivers has shape \[5, 1\]"),
            (WEIGHTS, SENDERS + 1, RECEIVERS, r"senders holds node 3, but of 3 nodes: ids lie in 0 \.\. 2"),
            (WEIGHTS, SENDERS, RECEIVERS - 1, "receivers holds node -1"),
            (WEIGHTS, SENDERS * 1.0, RECEIVERS, "senders must be a list of node ids.*float64"),
            (WEIGHTS * [1, 1, 1, 1, -1], SENDERS, RECEIVERS, "layer 0 hold a negative number"),
            (WEIGHTS * [1, 1, 1, 1, np.nan], SENDERS, RECEIVERS, "not finite"),
            (WEIGHTS * [1, 1, 1, 1, np.inf], SENDERS, RECEIVERS, "not finite"),
        ],
    )
    def test_of_the_attention(self, function, weights, senders, receivers, message):
        with pytest.raises(DataError, match=message):
            function(weights, senders, receivers, 3)

    @pytest.mark.parametrize("nodes", [[3], [-1], [0.5], [[0]]])
    def test_of_the_chosen_nodes(self, nodes):
        message = "holds node|must be a list of node ids"
        for function in (attention_from, attention_to):
            with pytest.raises(DataError, match=f"nodes ({message})"):
                function(WEIGHTS, SENDERS, RECEIVERS, 3, nodes)
        with pytest.raises(DataError, match=f"rows ({message})"):
            sparse_attention_graph(WEIGHTS, SENDERS, RECEIVERS, 3, rows=nodes)

    @pytest.mark.parametrize(
        ("pruning", "message"),
        [({"top_k": 0}, "top_k must be at least 1; got 0")]
        + [({"threshold": value}, "threshold must be above 0 and at most 1") for value in (0, -1, 1.5, np.nan)],
    )
    def test_of_the_pruning(self, pruning, message):
        with pytest.raises(ValueError, match=message):
            sparse_attention_graph(WEIGHTS, SENDERS, RECEIVERS, 3, **pruning)


class TestMemory:
    NUM_NODES = 300

    @pytest.fixture
    def star(self, monkeypatch):
        """All 300 nodes are joined to node 0: the exact graph has 90 000 entries, 1.44 MB with their columns, twice."""
        others = np.arange(1, self.NUM_NODES)
        hub = np.zeros(len(others), int)
        senders = np.concatenate([np.arange(self.NUM_NODES), hub, others])
        receivers = np.concatenate([np.arange(self.NUM_NODES), others, hub])
        weights = np.ones((2, 1, len(senders)), np.float32)
        self.give(monkeypatch, 1_000_000)
        return weights / np.bincount(senders)[senders], senders, receivers, self.NUM_NODES

    @staticmethod
    def give(monkeypatch, available):
        monkeypatch.setattr("gnnjax.host_memory.available_memory", lambda: available)
        monkeypatch.setattr(module, "available_memory", lambda: available)

    def test_a_graph_that_does_not_fit(self, star):
        message = r"300 rows and 300 nodes, about 9e\+04 entries, needs 0\.0 GB.*top_k.*attention_from"
        with pytest.raises(MemoryLimitError, match=message):
            sparse_attention_graph(*star)

    def test_what_to_do_instead_does_fit(self, star):
        assert sparse_attention_graph(*star, top_k=10).graph.nnz == 3000
        assert sparse_attention_graph(*star, rows=range(50)).graph.nnz == 50 * self.NUM_NODES
        np.testing.assert_allclose(attention_from(*star, [0, 5]).sum(axis=1), 1, rtol=1e-5)

    def test_a_bound_that_does_not_fit_is_not_the_end(self, monkeypatch):
        """50 pairs of joined nodes: 4 walks of two steps from each node, which end at 2 nodes."""
        pairs = 2 * np.repeat(np.arange(50), 4)
        senders, receivers = pairs + np.tile([0, 0, 1, 1], 50), pairs + np.tile([0, 1, 0, 1], 50)
        weights = np.full((2, 1, 200), 0.5, np.float32)
        # 400 entries of 16 bytes do not fit, 200 do.
        self.give(monkeypatch, 4000)
        assert sparse_attention_graph(weights, senders, receivers, 100).graph.nnz == 200
        self.give(monkeypatch, 3000)
        with pytest.raises(MemoryLimitError, match=r"about 2e\+02 entries"):
            sparse_attention_graph(weights, senders, receivers, 100)

    def test_rows_that_do_not_fit(self, star):
        with pytest.raises(MemoryLimitError, match=r"between 700 chosen and all 300 nodes.*sparse_attention_graph"):
            attention_from(*star, np.arange(700) % 300)

    def test_where_the_system_does_not_tell(self, monkeypatch, star):
        self.give(monkeypatch, None)
        assert sparse_attention_graph(*star).graph.nnz == self.NUM_NODES**2


def test_the_result_is_a_tuple():
    graph, dropped_mass = sparse_attention_graph(WEIGHTS, SENDERS, RECEIVERS, 3)
    assert SparseAttentionGraph(graph, dropped_mass).mean_dropped_mass == 0
