"""Integrated gradients: the gradient on the way from a graph without messages to the whole one."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from gnnjax.data import GraphBatch, GraphDataset, Task
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.masked_classifier import MaskedClassifier
from gnnjax.explain.post_hoc.batched import Explainable, as_classifier, both_directions, explain_batches
from gnnjax.explain.post_hoc.targets import Target, target_weights

__all__ = ["integrated_gradients"]


def integrated_gradients(
    model: Explainable,
    dataset: GraphDataset,
    indices: np.ndarray,
    *,
    target: Target = "prediction",
    num_steps: int = 32,
    absolute: bool = False,
    average_directions: bool = True,
    batch_size: int = 128,
) -> Explanations:
    r"""What each edge adds to the explained number on the straight way from no messages (mask 0) to all (mask 1).

    .. math:: s_e = \int_0^1 \frac{\partial f(m)}{\partial m_e} \Big|_{m = \alpha 1} d\alpha
              \approx \frac{1}{n} \sum_{k=1}^n \frac{\partial f}{\partial m_e} \Big|_{m = (k - 1/2) / n}

    Signed scores of a graph add up to the number's change on that way, but for the error of the sum.

    Args:
      model: see `Explainable`.
      dataset, indices: the graphs, in order.
      target: what is explained, see `target_weights`; it is chosen by the whole graph.
      num_steps: n, the gradients along the way.
      absolute: take the size without the sign.
      average_directions: give both directions of an undirected edge their mean, of the signed scores.
      batch_size: graphs at a time.

    Raises:
      ValueError: `indices` is empty, `target` is not known, or `num_steps` is below 1.
      DataError: a graph is not there, or a gradient is not finite.

    Source: Sundararajan et al., ICML 2017 (arXiv 1703.01365), equation 1.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> from gnnjax.models import GIN
    >>> path = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
    >>> model = GIN(1, 1, rngs=nnx.Rngs(0))
    >>> integrated_gradients(model, path, np.array([0]), num_steps=8).edge_mask.shape
    (4,)
    """
    if num_steps < 1:
        raise ValueError(f"num_steps is {num_steps}, must be at least 1")
    classify = as_classifier(model)

    def explain(batch, _):
        return _explain(classify, batch, dataset.task, target, num_steps, absolute, average_directions)

    return explain_batches(explain, dataset, indices, method="integrated_gradients", batch_size=batch_size)


@functools.partial(jax.jit, static_argnames=("task", "target", "num_steps", "absolute", "average_directions"))
def _explain(
    classify: MaskedClassifier,
    batch: GraphBatch,
    task: Task,
    target: Target,
    num_steps: int,
    absolute: bool,
    average_directions: bool,
):
    logits = classify(batch.graphs, None)
    weights = target_weights(task, logits, batch.labels, target)
    ones = jnp.ones(len(batch.graphs.senders), logits.dtype)
    gradient = jax.grad(lambda edge_mask: (weights * classify(batch.graphs, edge_mask)).sum())

    def add(total, alpha):
        return total + gradient(alpha * ones), None

    # One after the other, so that the memory does not grow with their number.
    total, _ = jax.lax.scan(add, 0 * ones, (jnp.arange(num_steps, dtype=ones.dtype) + 0.5) / num_steps)
    scores = both_directions(total / num_steps, batch, average_directions)
    return (jnp.abs(scores) if absolute else scores), logits
