"""Gradient times input: how fast the prediction changes with the factor on each message."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from gnnjax.data import GraphBatch, GraphDataset, Task
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.masked_classifier import MaskedClassifier
from gnnjax.explain.post_hoc.batched import Explainable, as_classifier, both_directions, explain_batches
from gnnjax.explain.post_hoc.targets import Target, target_weights

__all__ = ["gradient_times_input"]


def gradient_times_input(
    model: Explainable,
    dataset: GraphDataset,
    indices: np.ndarray,
    *,
    target: Target = "prediction",
    absolute: bool = False,
    average_directions: bool = True,
    batch_size: int = 128,
) -> Explanations:
    r"""Derivative of the explained number with respect to the factor on each edge, at the whole graph.

    .. math:: s_e = m_e \, \partial f(m) / \partial m_e, \quad m = 1

    Args:
      model: see `Explainable`.
      dataset, indices: the graphs, in order.
      target: what is explained, see `target_weights`.
      absolute: take the size without the sign, which says that an edge counts for or against the prediction alike.
      average_directions: give both directions of an undirected edge their mean, of the signed scores.
      batch_size: graphs at a time.

    Raises:
      ValueError: `indices` is empty, or `target` is not known.
      DataError: a graph is not there, or a gradient is not finite.

    Source: Shrikumar et al. 2016 (arXiv 1605.01713), with a graph's edges as the input.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> from gnnjax.models import GIN
    >>> path = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
    >>> model = GIN(1, 1, rngs=nnx.Rngs(0))
    >>> gradient_times_input(model, path, np.array([0])).edge_mask.shape
    (4,)
    """
    classify = as_classifier(model)

    def explain(batch, _):
        return _explain(classify, batch, dataset.task, target, absolute, average_directions)

    return explain_batches(explain, dataset, indices, method="gradient_times_input", batch_size=batch_size)


@functools.partial(jax.jit, static_argnames=("task", "target", "absolute", "average_directions"))
def _explain(
    classify: MaskedClassifier, batch: GraphBatch, task: Task, target: Target, absolute: bool, average_directions: bool
):
    logits = classify(batch.graphs, None)
    weights = target_weights(task, logits, batch.labels, target)

    def explained(edge_mask):
        # Graphs do not interact, so that the gradient of the sum is that of each graph.
        return (weights * classify(batch.graphs, edge_mask)).sum()

    scores = jax.grad(explained)(jnp.ones(len(batch.graphs.senders), logits.dtype))
    scores = both_directions(scores, batch, average_directions)
    return (jnp.abs(scores) if absolute else scores), logits
