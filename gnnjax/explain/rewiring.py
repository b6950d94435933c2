"""Random graphs with the degrees of a given one."""

import numpy as np
from jaxtyping import Integer

__all__ = ["rewire"]


def rewire(
    senders: Integer[np.ndarray, " edges"],
    receivers: Integer[np.ndarray, " edges"],
    num_nodes: int,
    *,
    seed: int = 0,
    rounds: int = 20,
) -> tuple[Integer[np.ndarray, " edges"], Integer[np.ndarray, " edges"]]:
    """A random directed graph in which every node has the in-degree and the out-degree that it has here.

    Self loops stay; the other edges remain free of self loops and duplicates. Each round pairs all nodes at random, and
    every pair deals the receivers that only one of the two has, and neither of them is, out again at random: many
    double edge swaps at a time, none rejected. As with swaps, a graph that differs in the direction of 3-cycles alone
    may be out of reach. Symmetric graphs do not stay symmetric.

    Args:
      senders, receivers: the directed edges, without duplicates.
      num_nodes: number of nodes.
      seed: of the rewiring.
      rounds: how often every node trades.

    Returns:
      senders and receivers, sorted by (sender, receiver).

    Raises:
      ValueError: a node id is out of range, or an edge occurs twice.

    Source: global Curveball trades, Carstens et al., ESA 2018 (arXiv 1804.08487), after Strona et al., Nature
    Communications 2014.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> senders, receivers = np.array([0, 0, 1, 2, 3]), np.array([1, 2, 2, 3, 0])
      >>> new_senders, new_receivers = explain.rewire(senders, receivers, 4)
      >>> np.bincount(new_senders).tolist(), np.bincount(new_receivers).tolist()  # the degrees stay as they are
      ([2, 1, 1, 1], [1, 1, 2, 1])
    """
    senders, receivers = np.asarray(senders, np.int64), np.asarray(receivers, np.int64)
    ids = np.concatenate([senders, receivers])
    if senders.shape != receivers.shape or (ids.size and not 0 <= ids.min() <= ids.max() < num_nodes):
        raise ValueError(f"senders and receivers must be two lists of one length with node ids below {num_nodes}")
    if len(np.unique(senders * num_nodes + receivers)) < len(senders):
        raise ValueError("an edge occurs twice in senders and receivers: remove duplicates first")
    rng = np.random.default_rng(seed)
    loops = senders == receivers
    starts, ends = senders[~loops], receivers[~loops]
    for _ in range(rounds):
        ends = _trade(starts, ends, num_nodes, rng)
    edges = np.stack([np.append(starts, senders[loops]), np.append(ends, receivers[loops])])
    return tuple(edges[:, np.lexsort(edges[::-1])])


def _trade(senders, receivers, num_nodes, rng):
    """One trade of every node with another (but for one node, if they are odd in number): the new receivers."""
    pair = np.empty(num_nodes, np.int64)
    pair[rng.permutation(num_nodes)] = np.arange(num_nodes) // 2
    group = pair[senders]
    key = group * num_nodes + receivers
    order = np.argsort(key)
    key = key[order]
    # Where a receiver is the first, and the last, of its kind in the pair.
    first, last = np.ones(len(key), bool), np.ones(len(key), bool)
    first[1:] = last[:-1] = key[1:] != key[:-1]
    tradable = order[first & last & (pair[receivers] != group)[order]]
    # Pair by pair as before, but at random within a pair.
    dealt = tradable[np.argsort(group[tradable] + rng.random(len(tradable)))]
    receivers = receivers.copy()
    receivers[tradable] = receivers[dealt]
    return receivers
