"""Rewired graphs keep every degree, stay simple, and are drawn evenly."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gnnjax.explain.rewiring import rewire
from tests.explain.attention_graphs import graphs


def degrees(senders, receivers, nodes):
    return np.bincount(senders, minlength=nodes), np.bincount(receivers, minlength=nodes)


@given(
    edges=st.integers(1, 12).flatmap(graphs),
    seed=st.integers(0, 1000),
    rounds=st.integers(0, 10),
    order=st.randoms(use_true_random=False),
)
def test_keeps_degrees_and_self_loops_and_stays_simple(edges, seed, rounds, order):
    nodes, pairs = len(edges), np.argwhere(edges).tolist()
    order.shuffle(pairs)
    senders, receivers = np.array(pairs, int).reshape(-1, 2).T
    new_senders, new_receivers = rewire(senders, receivers, nodes, seed=seed, rounds=rounds)
    for new, old in zip(degrees(new_senders, new_receivers, nodes), degrees(senders, receivers, nodes), strict=True):
        np.testing.assert_array_equal(new, old)
    loops = new_senders == new_receivers
    np.testing.assert_array_equal(new_senders[loops], np.flatnonzero(edges.diagonal()))
    assert np.all(np.diff(new_senders * nodes + new_receivers) > 0)


def test_reaches_every_graph_of_the_same_degrees_equally_often():
    """Out-degrees 2, 1, 1, 1 and in-degrees 1, 1, 1, 2: all such graphs are counted out, then drawn."""
    senders, receivers = np.array([0, 0, 1, 2, 3]), np.array([1, 3, 2, 3, 0])
    wanted = [degree.tolist() for degree in degrees(senders, receivers, 4)]
    places = [(sender, receiver) for sender in range(4) for receiver in range(4) if sender != receiver]
    possible = set()
    for chosen in range(1 << len(places)):
        edges = tuple(place for bit, place in enumerate(places) if chosen >> bit & 1)
        if len(edges) == 5 and [degree.tolist() for degree in degrees(*zip(*edges, strict=True), 4)] == wanted:
            possible.add(edges)
    drawn = Counter()
    for seed in range(100 * len(possible)):
        drawn[tuple(zip(*(ids.tolist() for ids in rewire(senders, receivers, 4, seed=seed)), strict=True))] += 1
    assert len(possible) > 5
    assert set(drawn) == possible
    assert stats.chisquare(list(drawn.values())).pvalue > 0.001


def test_depends_on_the_seed_alone_and_leaves_its_input_alone():
    senders, receivers = np.argwhere(np.random.default_rng(0).random((40, 40)) < 0.1).T
    kept = receivers.copy()
    once, again, other = (rewire(senders, receivers, 40, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)
    np.testing.assert_array_equal(receivers, kept)


def test_forgets_the_graph():
    """Of a sparse graph's edges few remain: about as many as two graphs share that are drawn independently."""
    senders, receivers = np.argwhere(np.random.default_rng(0).random((300, 300)) < 0.02).T
    first, second = (set(zip(*rewire(senders, receivers, 300, seed=seed), strict=True)) for seed in (1, 2))
    original = set(zip(senders, receivers, strict=True))
    assert len(original & first) < 0.05 * len(original)
    assert len(first & second) < 0.05 * len(original)


@pytest.mark.parametrize(
    ("senders", "receivers", "message"),
    [([0], [3], "below 3"), ([-1], [0], "below 3"), ([0, 1], [0], "one length"), ([0, 0], [1, 1], "twice")],
)
def test_refuses(senders, receivers, message):
    with pytest.raises(ValueError, match=message):
        rewire(np.array(senders), np.array(receivers), 3)
