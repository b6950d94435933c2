"""The attention that a GSAT model learned, as an explanation like the others."""

import functools
from typing import Any

import jax
import numpy as np
from flax import nnx

from gnnjax.data import GraphBatch, GraphDataset
from gnnjax.errors import DataError
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.post_hoc.batched import explain_batches
from gnnjax.models import GSAT

__all__ = ["attention"]


def attention(model: GSAT, dataset: GraphDataset, indices: np.ndarray, *, batch_size: int = 128) -> Explanations:
    """Edge attention in (0, 1) of a `models.GSAT` in evaluation mode, with its predictions.

    The same numbers as `Explanations.of_evaluation` of `train.evaluate`, without labels or losses.

    Args:
      model: a trained GSAT.
      dataset, indices: the graphs, in order.
      batch_size: graphs at a time.

    Raises:
      ValueError: `indices` is empty.
      DataError: the model is not a GSAT, or a graph is not there.

    Source: Miao, Liu and Li, ICML 2022 (arXiv 2201.12987).

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> from gnnjax.models import GIN, GSAT
    >>> path = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
    >>> model = GSAT(GIN(1, 1, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
    >>> attention(model, path, np.array([0])).method
    'gsat'
    """
    if not isinstance(model, GSAT):
        raise DataError(f"{dataset.name}: {type(model).__name__} has no attention to explain with; pass a models.GSAT")
    graphdef, state = nnx.split(model)

    def explain(batch, _):
        return _explain(graphdef, state, batch)

    return explain_batches(explain, dataset, indices, method="gsat", batch_size=batch_size)


@functools.partial(jax.jit, static_argnums=0)
def _explain(graphdef: nnx.GraphDef, state: Any, batch: GraphBatch):
    logits, output = nnx.merge(graphdef, state)(batch.graphs, graph_mask=batch.graph_mask, reverse=batch.reverse_edges)
    return output.edge_attention, logits
