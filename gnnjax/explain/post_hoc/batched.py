"""Many graphs explained at a time: what all post-hoc methods share."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int

from gnnjax.data import GraphBatch, GraphDataset, iterate_batches
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.masked_classifier import MaskedClassifier, masked_classifier

__all__ = ["Explainable", "as_classifier", "both_directions", "explain_batches"]

# A model, or what `masked_classifier` makes of it. Each new classifier is compiled anew: who explains with several
# methods, or several times, makes one and passes that.
Explainable = nnx.Module | MaskedClassifier


def as_classifier(model: Explainable) -> MaskedClassifier:
    """`classify(graphs, edge_mask)` of a model, or of a function that is one already.

    >>> import jax.numpy as jnp
    >>> classify = as_classifier(lambda graphs, edge_mask: jnp.zeros((2, 1)))
    >>> classify(None, None).shape
    (2, 1)
    """
    if isinstance(model, nnx.Module):
        return masked_classifier(model)
    # A plain function is no pytree, which the arguments of a jitted function must be.
    return model if isinstance(model, jax.tree_util.Partial) else jax.tree_util.Partial(model)


def explain_batches(
    explain: Callable[[GraphBatch, Int[np.ndarray, " edges"]], tuple[Any, Any]],
    dataset: GraphDataset,
    indices: np.ndarray,
    *,
    method: str,
    batch_size: int = 128,
) -> Explanations:
    """Explains padded batches of one shape and joins what comes out, padding taken off.

    Args:
      explain: `(batch, edge_rows) -> (scores, logits)`, `[edges]` and `[graphs, outputs]` or None, padding included.
        `edge_rows` are the rows of the edges in the dataset's arrays, 0 for padding: numbers drawn by these
        (`ops.row_uniform`) are the same whatever the batch.
      dataset: where the graphs are.
      indices: `[graphs]`, which ones, in which order.
      method: what the explanations are called.
      batch_size: graphs at a time.

    Raises:
      ValueError: `indices` is empty.
      DataError: a score is not finite, or a graph is not there.

    >>> import numpy as np
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> path = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
    >>> explain_batches(lambda batch, rows: (rows.astype(float), None), path, np.array([0]), method="row").edge_mask
    array([0., 1., 2., 3.])
    """
    indices = np.asarray(indices)
    if not indices.size:
        raise ValueError("there are no graphs to explain: indices is empty")
    # As soon as possible, since a bad index would end in numpy's own words further down.
    Explanations(dataset, indices, np.zeros(int(dataset.n_edge[_present(dataset, indices)].sum())), method=method)
    scores, logits = [], []
    batches = iterate_batches(dataset, indices, batch_size=batch_size)
    for start, batch in zip(range(0, len(indices), batch_size), batches, strict=True):
        rows = dataset.edge_rows(indices[start : start + batch_size])
        padded = np.zeros(len(batch.graphs.senders), np.int32)
        padded[: len(rows)] = rows
        batch_scores, batch_logits = jax.device_get(explain(batch, padded))
        scores.append(batch_scores[: len(rows)])
        if batch_logits is not None:
            logits.append(batch_logits[batch.graph_mask])
    return Explanations(
        dataset, indices, np.concatenate(scores), logits=np.concatenate(logits) if logits else None, method=method
    )


def both_directions(scores: Float[Array, " edges"], batch: GraphBatch, average: bool = True) -> Float[Array, " edges"]:
    """The mean over both directions of each undirected edge, or the scores as they are.

    >>> import numpy as np
    >>> from gnnjax.data import batch_shape, make_batch
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> pair = from_arrays([np.ones((2, 1))], [([0], [1])], [1], undirected=True)
    >>> batch = make_batch(pair, np.array([0]), batch_shape(pair, [np.array([0])], 1))
    >>> both_directions(np.array([1.0, 0.0]), batch).tolist()
    [0.5, 0.5]
    """
    if not average:
        return scores
    return (scores + jnp.asarray(scores)[batch.reverse_edges]) / 2


def _present(dataset, indices):
    return indices[(indices >= 0) & (indices < len(dataset))] if np.issubdtype(indices.dtype, np.integer) else []
