"""Multi-layer perceptrons on nodes or edges of graphs."""

import itertools
from collections.abc import Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from gnnjax.nn.linear import Linear
from gnnjax.nn.norm import BatchNorm
from gnnjax.ops import dropout, graph_instance_norm

__all__ = ["MLP"]


class MLP(nnx.Module):
    """Linear layers with an optional normalisation, ReLU and dropout between them; nothing after the last.

    Args:
      sizes: widths from input to output, at least two.
      norm: what follows each hidden layer: `batch` (`nn.BatchNorm`), `instance` (each channel over the rows of its
        graph, `ops.graph_instance_norm`) or None.
      dropout_rate: of the hidden layers, in [0, 1).
      num_statistics: separate running statistics of the batch norms.
      rngs: keys for the initial parameters.

    Examples:
      >>> import jax.numpy as jnp
      >>> from flax import nnx
      >>> from gnnjax import nn
      >>> mlp = nn.MLP((3, 16, 2), norm="instance", rngs=nnx.Rngs(0))
      >>> mlp(jnp.ones((5, 3)), graph_ids=jnp.array([0, 0, 0, 1, 1]), num_graphs=2).shape
      (5, 2)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        norm: Literal["batch", "instance"] | None = None,
        dropout_rate: float = 0.0,
        num_statistics: int = 1,
        rngs: nnx.Rngs,
    ):
        self.norm = norm
        self.dropout_rate = dropout_rate
        self.layers = nnx.List([Linear(a, b, rngs=rngs) for a, b in itertools.pairwise(sizes)])
        hidden = sizes[1:-1] if norm == "batch" else []
        self.batch_norms = nnx.List([BatchNorm(size, num_statistics=num_statistics) for size in hidden])

    def __call__(
        self, x: Float[Array | np.ndarray, "rows in_features"], **options
    ) -> Float[Array, "rows out_features"]:
        """Applies all layers; the options are those of `after_first`."""
        return self.after_first(self.layers[0](jnp.asarray(x)), **options)

    def after_first(
        self,
        x: Float[Array | np.ndarray, "rows hidden"],
        *,
        mask: Bool[Array | np.ndarray, " rows"] | None = None,
        graph_ids: Int[Array | np.ndarray, " rows"] | None = None,
        num_graphs: int | None = None,
        train: bool = False,
        statistics: int = 0,
        key: jax.Array | None = None,
        row_numbers: Int[Array | np.ndarray, " rows"] | None = None,
        axis_name: str | None = None,
    ) -> Float[Array, "rows out_features"]:
        """Applies all but the first linear layer, whose result is `x`; it may have been computed in a cheaper way.

        Args:
          x: result of the first linear layer.
          mask: True for real rows (`batch`).
          graph_ids, num_graphs: which graph each row belongs to, and how many there are (`instance`).
          train, statistics: see `nn.BatchNorm`.
          key: for dropout; None switches it off.
          row_numbers, axis_name: where `x` is one device's part of the rows, see `ops.dropout` and `nn.BatchNorm`.

        Raises:
          ValueError: the MLP has instance norm, but the rows' graphs are not given.
        """
        x = jnp.asarray(x)
        keys = [None] * len(self.layers) if key is None else jax.random.split(key, len(self.layers))
        for index, layer in enumerate(self.layers[1:]):
            if self.norm == "batch":
                norm = self.batch_norms[index]
                x = norm(x, mask=mask, train=train, statistics=statistics, axis_name=axis_name)
            elif self.norm == "instance":
                if graph_ids is None or num_graphs is None:
                    raise ValueError("instance norm needs graph_ids and num_graphs")
                x = graph_instance_norm(x, graph_ids, num_graphs)
            x = layer(dropout(jax.nn.relu(x), self.dropout_rate, keys[index], row_numbers))
        return x
