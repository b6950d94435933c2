"""Items made ahead of their use."""

import collections
import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["prefetch"]

T = TypeVar("T")


def prefetch(items: Iterable[T], ahead: int = 2) -> Iterator[T]:
    """Yields the same items, which a thread makes while the caller is busy with those before.

    An error in making one is raised where it would be yielded.

    Args:
      items: for example `iterate_batches(...)`.
      ahead: at most so many wait to be taken, at least 1.

    Examples:
      >>> import networkx as nx, numpy as np
      >>> from gnnjax import data
      >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3, 1)], [1, 0, 1])
      >>> batches = data.iterate_batches(paths, np.array([2, 0, 1]), batch_size=2)
      >>> [int(batch.graph_mask.sum()) for batch in data.prefetch(batches)]
      [2, 1]
    """
    iterator = iter(items)

    def take():
        return list(itertools.islice(iterator, 1))

    with ThreadPoolExecutor(1) as thread:
        waiting = collections.deque(thread.submit(take) for _ in range(ahead))
        while made := waiting.popleft().result():
            waiting.append(thread.submit(take))
            yield from made
