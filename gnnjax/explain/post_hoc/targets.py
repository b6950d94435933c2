"""Which number of a prediction is explained."""

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from gnnjax.data import Task

__all__ = ["Target", "target_losses", "target_weights"]

Target = Literal["prediction", "label"]


def target_weights(
    task: Task,
    logits: Float[Array | np.ndarray, "graphs outputs"],
    labels: Float[Array | np.ndarray, "graphs outputs"] | Int[Array | np.ndarray, " graphs"],
    target: Target = "prediction",
) -> Float[Array, "graphs outputs"]:
    """A factor on each output: the sum of the products is the number that is explained. Can be jitted.

    `binary`: 1 or -1, the logit signed towards the class; `multiclass`: 1 for the class; `multilabel`: 1 for each
    positive task, or for that of the largest logit where none is positive; `regression`: 1 for each output.

    Args:
      task: of the data.
      logits: what the model says of the whole graphs.
      labels: as in `data.GraphDataset`; where they are NaN the prediction takes their place.
      target: whether the predicted class or the label's is explained.

    Raises:
      ValueError: `target` is neither.

    >>> target_weights("binary", np.array([[2.0], [-0.5]]), np.array([[0.0], [0.0]])).tolist()
    [[1.0], [-1.0]]
    >>> target_weights("multiclass", np.array([[2.0, 0.5, 1.0]]), np.array([2]), "label").tolist()
    [[0.0, 0.0, 1.0]]
    """
    if target not in ("prediction", "label"):
        raise ValueError(f"target is {target!r}, must be prediction or label")
    logits = jnp.asarray(logits)
    if task == "regression":
        return jnp.ones_like(logits)
    if task == "multiclass":
        chosen = jnp.argmax(logits, axis=1) if target == "prediction" else labels
        return jax.nn.one_hot(chosen, logits.shape[1], dtype=logits.dtype)
    positive = logits > 0
    if target == "label":
        positive = jnp.where(jnp.isnan(labels), positive, jnp.asarray(labels) > 0.5)
    if task == "binary":
        return jnp.where(positive, 1.0, -1.0).astype(logits.dtype)
    largest = jax.nn.one_hot(jnp.argmax(logits, axis=1), logits.shape[1], dtype=bool)
    return jnp.where(positive.any(axis=1, keepdims=True), positive, largest).astype(logits.dtype)


def target_losses(
    task: Task,
    logits: Float[Array, "graphs outputs"],
    weights: Float[Array, "graphs outputs"],
    whole: Float[Array, "graphs outputs"],
) -> Float[Array, " graphs"]:
    """How far predictions are from the explained ones: cross-entropy in nats, `regression`: squared error.

    Args:
      task: of the data.
      logits: of the masked graphs.
      weights: see `target_weights`.
      whole: logits of the whole graphs.

    >>> weights = np.array([[1.0], [-1.0]])
    >>> losses = target_losses("binary", np.array([[0.0], [0.0]]), weights, np.array([[3.0], [-3.0]]))
    >>> [round(float(loss), 3) for loss in losses]
    [0.693, 0.693]
    """
    if task == "regression":
        losses = optax.squared_error(logits, whole)
    elif task == "multiclass":
        losses = -weights * jax.nn.log_softmax(logits)
    else:
        losses = jnp.abs(weights) * jax.nn.softplus(-weights * logits)
    return losses.sum(axis=1)
