"""Optimisers of the published systems."""

import functools

import optax

__all__ = ["adam_l2"]


def adam_l2(learning_rate: float, weight_decay: float = 0.0) -> optax.GradientTransformation:
    """PyTorch's Adam: weight decay is L2 regularisation, added to the gradient before the moments (not AdamW).

    Equal arguments give the same object, so that a step jitted for one run serves the next.

    Args:
      learning_rate: step size.
      weight_decay: coefficient of the L2 term.

    Source: Kingma and Ba, ICLR 2015 (arXiv 1412.6980).

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import train
      >>> optimizer = train.adam_l2(0.1, weight_decay=0.01)
      >>> weight, gradient = jnp.array(2.0), jnp.array(0.0)
      >>> update, _ = optimizer.update(gradient, optimizer.init(weight), weight)
      >>> round(float(update), 3)  # Adam's first step has the length of the learning rate, whatever the decay.
      -0.1
    """
    return _adam_l2(float(learning_rate), float(weight_decay))


@functools.cache
def _adam_l2(learning_rate, weight_decay):
    adam = optax.adam(learning_rate)
    return optax.chain(optax.add_decayed_weights(weight_decay), adam) if weight_decay else adam
