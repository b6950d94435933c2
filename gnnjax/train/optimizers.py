"""Optimisers of the published systems."""

import functools

import optax

__all__ = ["adam_l2"]


@functools.cache
def adam_l2(learning_rate: float, weight_decay: float = 0.0) -> optax.GradientTransformation:
    """PyTorch's Adam: weight decay is L2 regularisation, added to the gradient before the moments (not AdamW).

    Equal arguments give the same object, so that a step jitted for one run serves the next.

    Args:
      learning_rate: step size.
      weight_decay: coefficient of the L2 term.

    Source: Kingma and Ba, ICLR 2015 (arXiv 1412.6980).
    """
    adam = optax.adam(learning_rate)
    return optax.chain(optax.add_decayed_weights(weight_decay), adam) if weight_decay else adam
