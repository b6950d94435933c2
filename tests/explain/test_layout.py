"""Where nodes are drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.explain.layout import lay_out_graph


def two_groups(seed=0, size=40):
    """Edges of two groups of nodes that are dense within and have one edge between them."""
    rng = np.random.default_rng(seed)
    inside = np.argwhere(np.triu(rng.random((size, size)) < 0.2, 1))
    edges = np.concatenate([inside, inside + size, [[0, size]]])
    return edges[:, 0].astype(np.int32), edges[:, 1].astype(np.int32)


def test_groups_lie_apart():
    senders, receivers = two_groups()
    places = lay_out_graph(80, senders, receivers)
    first, second = places[:40], places[40:]
    spread = np.mean([np.linalg.norm(group - group.mean(axis=0), axis=1).mean() for group in (first, second)])
    assert np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)) > 2 * spread
    assert places.dtype == np.float32


def test_edges_of_a_large_graph_are_short():
    """Whose push is a random sample: a ring of 1,000 nodes, three neighbours each way."""
    nodes = np.arange(1000, dtype=np.int32)
    senders, receivers = np.tile(nodes, 3), np.concatenate([(nodes + step) % 1000 for step in (1, 2, 3)])
    places = lay_out_graph(1000, senders, receivers)
    lengths = np.linalg.norm(places[senders] - places[receivers], axis=1)
    apart = np.linalg.norm(places - places[np.random.default_rng(0).permutation(1000)], axis=1)
    assert lengths.mean() < 0.1 * apart.mean()


def test_it_is_the_same_each_time_and_however_edges_are_listed():
    senders, receivers = two_groups()
    places = lay_out_graph(80, senders, receivers)
    np.testing.assert_array_equal(places, lay_out_graph(80, senders, receivers))
    loops = np.arange(80, dtype=np.int32)
    both = np.concatenate([receivers, senders, senders, loops]), np.concatenate([senders, receivers, receivers, loops])
    np.testing.assert_array_equal(places, lay_out_graph(80, *both))


@given(nodes=st.integers(1, 12), edges=st.integers(0, 20), seed=st.integers(0, 99))
def test_any_graph_fills_its_square(nodes, edges, seed):
    senders, receivers = np.random.default_rng(seed).integers(0, nodes, (2, edges)).astype(np.int32)
    places = lay_out_graph(nodes, senders, receivers)
    assert places.shape == (nodes, 2)
    assert np.isfinite(places).all()
    assert np.abs(places).max() == pytest.approx(min(nodes - 1, 1))
    np.testing.assert_allclose(places.max(axis=0) + places.min(axis=0), 0, atol=1e-5)
    # No two nodes hide each other.
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)[~np.eye(nodes, dtype=bool)]
    assert apart.min(initial=1) > 0.01
