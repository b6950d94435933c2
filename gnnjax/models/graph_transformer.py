"""Graph transformers for node classification that are attention alone: what flows between nodes is in it."""

from collections.abc import Callable, Iterable
from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from gnnjax.host_memory import require_memory
from gnnjax.models.node_inputs import NodeInputs
from gnnjax.nn import Linear, MultiHeadAttention
from gnnjax.ops import (
    apply_dense_attention,
    apply_sparse_attention,
    dense_attention,
    dense_attention_weights,
    dropout,
    sparse_attention,
    sparse_attention_weights,
)

__all__ = ["AttentionKind", "GraphTransformer"]

AttentionKind = Literal["sparse", "dense_biased", "dense"]

# Where the learned factor of the distance bias begins.
_BIAS_SCALE = 10.0


class GraphTransformer(nnx.Module):
    """Encoder, `num_layers` layers of attention with residual connections, linear classifier. No MLPs, no norms.

    Args:
      in_features: width of the node features.
      out_features: number of classes.
      attention: `sparse`, over the entries of the inputs' pattern (SL in the paper); `dense_biased`, over all pairs
        with the inputs' distance bias times a learned scalar (DLB); `dense`, over all pairs, with the inputs'
        positional encoding added to the encoded features (DL).
      hidden_size: width of all hidden layers.
      num_layers: number of layers, each followed by ReLU and dropout and added to its input.
      num_heads: heads of each layer; divides `hidden_size`.
      dropout_rate: in [0, 1), of the attention weights and after each layer.
      positional_features: width of the positional encoding (`dense` alone).
      rngs: keys for the initial parameters.

    Source: El et al. 2025 (arXiv 2502.12352).

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> model = models.GraphTransformer(3, 2, attention="sparse", hidden_size=8, num_layers=1, rngs=nnx.Rngs(0))
      >>> logits, attention = model.attend(models.node_inputs(path))
      >>> logits.shape, attention.shape, attention.sum(-1).round(2).tolist()
      ((3, 2), (1, 2, 7), [[3.0, 3.0]])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        attention: AttentionKind,
        hidden_size: int = 128,
        num_layers: int = 2,
        num_heads: int = 2,
        dropout_rate: float = 0.5,
        positional_features: int = 16,
        rngs: nnx.Rngs,
    ):
        if attention not in get_args(AttentionKind):
            raise ValueError(f"attention is {attention!r}, must be one of {', '.join(get_args(AttentionKind))}")
        self.attention = attention
        self.dropout_rate = dropout_rate
        self.encoder = Linear(in_features, hidden_size, rngs=rngs)
        self.positional_encoder = Linear(positional_features, hidden_size, rngs=rngs) if attention == "dense" else None
        self.bias_scale = nnx.Param(jnp.full(1, _BIAS_SCALE, jnp.float32)) if attention == "dense_biased" else None
        self.layers = nnx.List([MultiHeadAttention(hidden_size, num_heads, rngs=rngs) for _ in range(num_layers)])
        self.classifier = Linear(hidden_size, out_features, rngs=rngs)

    def __call__(self, inputs: NodeInputs, *, key: jax.Array | None = None) -> Float[Array, "nodes out_features"]:
        """Logits of each node's classes; the attention matrices are never in memory as a whole.

        Args:
          inputs: the graph, with what `attention` needs.
          key: for dropout; None switches it off.

        Raises:
          ValueError: the inputs lack the distance bias or the positional encoding, or are one device's part of a graph
            where attention is not `sparse`.
        """
        if key is None:
            return self._classify(inputs, [self._attend(inputs, None)] * len(self.layers))
        keys = jax.random.split(key, (len(self.layers), 2))
        attends = [self._attend(inputs, attention_key) for attention_key, _ in keys]
        return self._classify(inputs, attends, [layer_key for _, layer_key in keys])

    def attend(self, inputs: NodeInputs) -> tuple[Float[Array, "nodes out_features"], jax.Array]:
        """Logits without dropout, and the attention of every layer and head behind them.

        Returns:
          Logits, and `[layers, heads, entries]` in the order of the inputs' pattern (`sparse`), or
          `[layers, heads, nodes, nodes]`.

        Raises:
          MemoryLimitError: matrices of all pairs of nodes do not fit in memory.
        """
        if self.attention != "sparse":
            num_matrices, num_nodes = len(self.layers) * self.layers[0].num_heads, inputs.pattern.num_nodes
            require_memory(
                4 * num_matrices * num_nodes**2,
                f"{num_matrices} attention matrices of {num_nodes} nodes",
                "use sparse attention, or fewer layers and heads",
            )
        collected = []

        def attend(query, key, value):
            collected.append(self._weights(inputs, query, key))
            return self._apply(inputs, collected[-1], value)

        logits = self._classify(inputs, [attend] * len(self.layers))
        return logits, jnp.stack(collected)

    def with_attention(
        self, inputs: NodeInputs, attention: Float[Array | np.ndarray, "..."]
    ) -> Float[Array, "nodes out_features"]:
        """Logits without dropout if the attention is this instead of the model's own.

        Args:
          inputs: the graph.
          attention: `[layers, heads, entries]` in the order of the inputs' pattern, or `[layers, heads, nodes, nodes]`;
            for any kind of model. Axes of size 1 are repeated.

        Raises:
          ValueError: it has another shape.
        """
        attention = jnp.asarray(attention)
        num_nodes, num_entries = inputs.pattern.num_nodes, inputs.pattern.rows.shape[0]
        tail = (num_entries,) if attention.ndim == 3 else (num_nodes, num_nodes)
        shape = (len(self.layers), self.layers[0].num_heads, *tail)
        if attention.ndim not in (3, 4) or any(n not in (1, m) for n, m in zip(attention.shape, shape, strict=True)):
            raise ValueError(f"attention must be broadcastable to {list(shape)}, is {list(attention.shape)}")
        layers = jnp.broadcast_to(attention, (shape[0], *attention.shape[1:]))
        attends = [
            lambda query, key, value, weights=weights: self._apply(inputs, jnp.broadcast_to(weights, shape[1:]), value)
            for weights in layers
        ]
        return self._classify(inputs, attends)

    def _classify(
        self, inputs: NodeInputs, attends: Iterable[Callable], keys: Iterable[jax.Array | None] | None = None
    ) -> jax.Array:
        if inputs.shard is not None and self.attention != "sparse":
            raise ValueError(
                "nodes can be partitioned over devices for convolutions and sparse attention alone, "
                f"attention is {self.attention!r}"
            )
        keys = [None] * len(self.layers) if keys is None else keys
        rows = None if inputs.shard is None else inputs.shard.node_numbers
        x = inputs.encode(self.encoder)
        if self.positional_encoder is not None:
            if inputs.positional_encoding is None:
                raise ValueError("dense attention needs inputs.positional_encoding (data.laplacian_encoding)")
            x = x + self.positional_encoder(jnp.asarray(inputs.positional_encoding))
        for layer, attend, key in zip(self.layers, attends, keys, strict=True):
            x = x + dropout(jax.nn.relu(layer(x, attend)), self.dropout_rate, key, rows)
        return self.classifier(x)

    def _attend(self, inputs: NodeInputs, key: jax.Array | None) -> Callable:
        drop = {"dropout_rate": self.dropout_rate, "dropout_key": key}
        if self.attention == "sparse":
            first_entry = None if inputs.shard is None else inputs.shard.first_entry[0]
            return lambda query, key, value: sparse_attention(
                query, inputs.gather(key), inputs.gather(value), inputs.pattern, first_entry=first_entry, **drop
            )
        return lambda query, key, value: dense_attention(query, key, value, **self._bias(inputs), **drop)

    def _weights(self, inputs: NodeInputs, query: jax.Array, key: jax.Array) -> jax.Array:
        if self.attention == "sparse":
            return sparse_attention_weights(query, inputs.gather(key), inputs.pattern)
        return dense_attention_weights(query, key, **self._bias(inputs))

    def _apply(self, inputs: NodeInputs, attention: jax.Array, value: jax.Array) -> jax.Array:
        if attention.ndim == 2:
            return apply_sparse_attention(attention, inputs.gather(value), inputs.pattern)
        return apply_dense_attention(attention, value)

    def _bias(self, inputs: NodeInputs) -> dict:
        if self.bias_scale is None:
            return {}
        if inputs.distance_bias is None:
            raise ValueError("dense attention with bias needs inputs.distance_bias (data.distance_bias)")
        return {"bias": jnp.asarray(inputs.distance_bias), "bias_scale": self.bias_scale[0]}
