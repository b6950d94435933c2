"""A batch that several devices share: what the model on one of them must know of the whole."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Int

__all__ = ["DATA_AXIS", "BatchPart"]

DATA_AXIS = "data"


class BatchPart(NamedTuple):
    """Says which rows of the whole batch a device holds, so that it draws the noise that one device would draw there.

    A model that is given a part runs under `jax.shard_map` (or `jax.vmap`) over the axis `DATA_AXIS`, and sums over it
    what belongs to the whole batch: the statistics of batch norms, the denominators of the losses.

    Attributes:
      node_rows: `[nodes]`, each node's number in the whole batch; padding: any.
      edge_rows: `[edges]`, the same for the edges.

    >>> import networkx as nx, numpy as np
    >>> from gnnjax import data, parallel
    >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3)], [1, 0])
    >>> [batch] = parallel.device_batches(paths, np.array([0, 1]), batch_size=2, mesh=parallel.data_mesh(1))
    >>> batch.part.node_rows.tolist()
    [[0, 1, 2, 3, 4, 5]]
    """

    node_rows: Int[Array | np.ndarray, " nodes"]
    edge_rows: Int[Array | np.ndarray, " edges"]
