"""Losses over the real graphs and edges of a padded batch, or over some of the nodes of one graph."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, ArrayLike, Bool, Float, Int

from gnnjax.data import Task

__all__ = ["information_loss", "prediction_loss"]


def prediction_loss(
    task: Task,
    logits: Float[Array | np.ndarray, "graphs outputs"],
    labels: Float[Array | np.ndarray, "graphs outputs"] | Int[Array | np.ndarray, " graphs"],
    graph_mask: Bool[Array | np.ndarray, " graphs"],
    axis_name: str | None = None,
) -> Float[Array, ""]:
    """Cross-entropy in nats (or squared error), mean over the real, labelled entries.

    Args:
      task: `binary` and `multilabel` use the sigmoid, with NaN labels left out; `multiclass` the softmax; `regression`
        the squared error instead of a cross-entropy, with NaN labels left out.
      logits: one column per output.
      labels: as in `data.GraphDataset`.
      graph_mask: True for real graphs.
      axis_name: the mapped axis over which the graphs are spread; the result is then these graphs' share of the mean
        over all of them.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import train
      >>> logits, labels = jnp.array([[0.0], [5.0], [5.0]]), jnp.array([[1.0], [jnp.nan], [0.0]])
      >>> mask = jnp.array([True, True, False])  # The second graph has no label, the third is padding.
      >>> round(float(train.prediction_loss("binary", logits, labels, mask)), 3)  # log 2
      0.693
    """
    if task == "multiclass":
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        counted = graph_mask
    else:
        counted = graph_mask[:, None] & ~jnp.isnan(labels)
        known = jnp.where(counted, labels, 0)
        if task == "regression":
            losses = optax.squared_error(logits, known)
        else:
            losses = optax.sigmoid_binary_cross_entropy(logits, known)
    return _masked_mean(losses, counted, axis_name)


def information_loss(
    attention: Float[Array | np.ndarray, " rows"],
    r: Float[ArrayLike, ""],
    mask: Bool[Array | np.ndarray, " rows"],
    axis_name: str | None = None,
) -> Float[Array, ""]:
    r"""Divergence of the attention from a coin with probability `r`, in nats, mean over the real rows.

    .. math:: a \log(a / r + \epsilon) + (1 - a) \log\big((1 - a) / (1 - r + \epsilon) + \epsilon\big)

    with :math:`\epsilon = 10^{-6}`.

    Where the paper has the plain Kullback-Leibler divergence, this has the published code's two guards against 0.

    Args:
      attention: in [0, 1].
      r: in (0, 1].
      mask: True for real rows.
      axis_name: as in `prediction_loss`.

    Source: Miao et al., ICML 2022 (arXiv 2201.12987), equation 9.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import train
      >>> attention = jnp.array([1.0, 0.5, 0.0])
      >>> mask = jnp.array([True, True, False])  # The third edge is padding.
      >>> round(float(train.information_loss(attention, 0.5, mask)), 3)  # (log 2 + 0) / 2
      0.347
    """
    guard = 1e-6
    kept = attention * jnp.log(attention / r + guard)
    # Without the maximum XLA adds 1 and the guard first, which for r = 1 rounds the guard away.
    background = jnp.maximum(1 - r, 0) + guard
    dropped = (1 - attention) * jnp.log((1 - attention) / background + guard)
    return _masked_mean(kept + dropped, mask, axis_name)


def _masked_mean(values, mask, axis_name):
    count = mask.sum()
    if axis_name is not None:
        count = jax.lax.psum(count, axis_name)
    return jnp.where(mask, values, 0).sum() / jnp.maximum(count, 1)
