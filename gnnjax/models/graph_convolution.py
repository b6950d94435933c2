"""The node classifier without attention: graph convolutions (SC in the paper's tables)."""

import jax
from flax import nnx
from jaxtyping import Array, Float

from gnnjax.models.node_inputs import NodeInputs
from gnnjax.nn import GraphConv, Linear
from gnnjax.ops import dropout

__all__ = ["GraphConvolution"]


class GraphConvolution(nnx.Module):
    """Encoder, `num_layers` graph convolutions with residual connections, linear classifier.

    Args:
      in_features: width of the node features.
      out_features: number of classes.
      hidden_size: width of all hidden layers.
      num_layers: number of convolutions, each followed by ReLU and dropout and added to its input.
      dropout_rate: in [0, 1).
      rngs: keys for the initial parameters.

    Source: El et al. 2025 (arXiv 2502.12352), the sparse, constant corner of their design space.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> model = models.GraphConvolution(3, 2, hidden_size=8, rngs=nnx.Rngs(0))
      >>> model(models.node_inputs(path)).shape
      (3, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        hidden_size: int = 128,
        num_layers: int = 2,
        dropout_rate: float = 0.5,
        rngs: nnx.Rngs,
    ):
        self.dropout_rate = dropout_rate
        self.encoder = Linear(in_features, hidden_size, rngs=rngs)
        self.layers = nnx.List([GraphConv(hidden_size, hidden_size, rngs=rngs) for _ in range(num_layers)])
        self.classifier = Linear(hidden_size, out_features, rngs=rngs)

    def __call__(self, inputs: NodeInputs, *, key: jax.Array | None = None) -> Float[Array, "nodes out_features"]:
        """Logits of each node's classes.

        Args:
          inputs: the graph.
          key: for dropout; None switches it off.
        """
        keys = [None] * len(self.layers) if key is None else jax.random.split(key, len(self.layers))
        shard = inputs.shard
        rows, column_degrees = (None, None) if shard is None else (shard.node_numbers, shard.column_degrees)
        x = inputs.encode(self.encoder)
        for layer, layer_key in zip(self.layers, keys, strict=True):
            convolved = layer(x, inputs.pattern, gather=inputs.gather, column_degrees=column_degrees)
            x = x + dropout(jax.nn.relu(convolved), self.dropout_rate, layer_key, rows)
        return self.classifier(x)
