"""A model of two classes whose predictions can be worked out on paper, and graphs for it.

Its logits are `x + 10 A x`: a node without attention keeps its own class, and any attention outweighs it. Queries and
keys are zero.
"""

import jax.numpy as jnp
import numpy as np
from flax import nnx

from gnnjax.models import GraphTransformer, NodeInputs
from gnnjax.ops import sparse_pattern

__all__ = ["COLUMNS", "ROWS", "copying_inputs", "copying_model"]

# Node 0 reads from all, node 1 from itself, node 2 from 0 and itself; features of class 0, 1, 1.
ROWS, COLUMNS = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 1, 2, 1, 0, 2])


def copying_model(attention="sparse") -> GraphTransformer:
    model = GraphTransformer(
        2, 2, attention=attention, hidden_size=2, num_layers=1, num_heads=1, positional_features=1, rngs=nnx.Rngs(0)
    )
    layer = model.layers[0]
    for linear in (model.encoder, layer.out_projection, model.classifier):
        linear.kernel[...] = jnp.eye(2)
        linear.bias[...] = jnp.zeros(2)
    layer.in_projection.kernel[...] = jnp.concatenate([jnp.zeros((2, 4)), 10 * jnp.eye(2)], axis=1)
    return model


def copying_inputs() -> NodeInputs:
    """The bias is 0 on the entries of the pattern and lower elsewhere: it makes dense attention the same as sparse."""
    bias = np.full((3, 3), -20, np.float32)
    bias[ROWS, COLUMNS] = 0
    features = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    return NodeInputs(features, sparse_pattern(ROWS, COLUMNS, 3), distance_bias=bias)
