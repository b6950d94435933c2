"""Readouts against loops over the graphs of a batch."""

import jax
import jraph
import numpy as np
import pytest

from gnnjax.nn import max_pool, mean_pool, sum_pool
from tests.random_graphs import random_dataset

POOLS = {sum_pool: np.sum, mean_pool: np.mean, max_pool: np.max}


@pytest.fixture(scope="module")
def graphs():
    dataset = random_dataset(0)
    return [dataset[index] for index in range(5)]


@pytest.fixture(scope="module")
def batch(graphs):
    """Five graphs, one padding graph with nodes and two without."""
    batch = jraph.batch_np(graphs)
    return jraph.pad_with_graphs(batch, len(batch.nodes) + 3, len(batch.senders) + 2, 8)


@pytest.mark.parametrize("pool", POOLS)
def test_pools_the_nodes_of_each_graph(pool, graphs, batch):
    result = jax.jit(pool)(batch)
    expected = [POOLS[pool](graph.nodes, axis=0) for graph in graphs]
    np.testing.assert_allclose(result[:5], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(result[5:], np.zeros((3, 3)))


@pytest.mark.parametrize("pool", POOLS)
def test_vmap_and_gradient(pool, graphs, batch):
    nodes = np.stack([batch.nodes, -batch.nodes])

    def pooled(nodes):
        return pool(batch._replace(nodes=nodes))

    mapped = jax.vmap(pooled)(nodes)
    expected = [POOLS[pool](-graph.nodes, axis=0) for graph in graphs]
    np.testing.assert_allclose(mapped[1][:5], expected, rtol=1e-5, atol=1e-6)
    gradient = np.asarray(jax.grad(lambda nodes: pooled(nodes).sum())(batch.nodes))
    # Every graph's gradient sums to the number of nodes (sum) or to 1 (mean, max).
    ends = np.cumsum(batch.n_node)[:5]
    for end, size in zip(ends, batch.n_node[:5], strict=True):
        total = size if pool is sum_pool else 1
        np.testing.assert_allclose(gradient[end - size : end].sum(axis=0), [total] * 3, rtol=1e-5)
    assert np.isfinite(gradient).all()
