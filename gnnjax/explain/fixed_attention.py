"""What a node classifier predicts where its attention is given from outside, and which attention may be given."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float

from gnnjax.host_memory import require_memory
from gnnjax.models import GraphTransformer, NodeInputs

__all__ = ["check_attention", "check_evaluated_nodes", "logits_with_attention", "own_attention"]


def own_attention(model: GraphTransformer, inputs: NodeInputs, *, copies: int = 2) -> Float[Array, "..."]:
    """The attention that the model gives without dropout, as `GraphTransformer.attend` returns it.

    Args:
      model: a model of any kind of attention.
      inputs: the graph, with what the model needs.
      copies: how many arrays of the attention's size must fit in memory; to compute it takes two.

    Raises:
      MemoryLimitError: so many, of dense attention, do not fit in memory.
      ValueError: the model has no attention, or the attention is not finite.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax import data, explain, models
    >>> path = data.NodeDataset("path", np.eye(3, dtype=np.float32), np.array([0, 1, 1, 2], np.int32),
    ...                         np.array([1, 0, 2, 1], np.int32), np.array([0, 1, 0], np.int32), num_classes=2)
    >>> inputs = models.node_inputs(path.graph)
    >>> model = models.GraphTransformer(3, 2, attention="sparse", hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
    >>> attention = explain.own_attention(model, inputs)
    >>> attention.shape  # layers, heads, entries: four edges and three self loops
    (1, 2, 7)
    >>> attention.sum(-1).round(2).tolist()  # one for each of the three nodes
    [[3.0, 3.0]]
    """
    if not isinstance(model, GraphTransformer):
        raise ValueError(f"model is a {type(model).__name__}, which has no attention: take a GraphTransformer")
    if model.attention != "sparse":
        num_nodes = inputs.pattern.num_nodes
        count = len(model.layers) * model.layers[0].num_heads
        require_memory(
            4 * copies * count * num_nodes**2,
            f"the attention of {num_nodes} nodes to each other in {count} heads",
            "use a sparse model (SL), or one with fewer layers and heads",
        )
    graphdef, state = nnx.split(model)
    attention = _attend(graphdef)(nnx.to_pure_dict(state), inputs)
    return check_attention(attention, attention.shape, "the model's attention")


def check_attention(
    attention: Float[Array | np.ndarray, "..."], shape: tuple[int, ...], name: str = "attention"
) -> Float[Array, "..."]:
    """The attention as a JAX array.

    Raises:
      ValueError: it has another shape, or holds a number that is negative or not finite.
    """
    attention = jnp.asarray(attention)
    if attention.shape != tuple(shape):
        raise ValueError(f"{name} must be {list(shape)}, is {list(attention.shape)}")
    # Comparisons with NaN are False; and the extremes take no memory of the size of the attention.
    if attention.size and not (float(attention.min()) >= 0 and float(attention.max()) < float("inf")):
        raise ValueError(f"{name} holds an entry that is negative, infinite or NaN: give attention after the softmax")
    return attention


def check_evaluated_nodes(mask: Bool[np.ndarray, " nodes"], num_nodes: int) -> Bool[np.ndarray, " nodes"]:
    """The mask as a numpy array.

    Raises:
      ValueError: it is not one bool for each node, or has no node.
    """
    mask = np.asarray(mask)
    if mask.shape != (num_nodes,) or mask.dtype != bool:
        raise ValueError(f"mask must be bool[{num_nodes}], is {mask.dtype}{list(mask.shape)}")
    if not mask.any():
        raise ValueError("mask has no nodes: accuracy needs at least one")
    return mask


def logits_with_attention(
    model: GraphTransformer, inputs: NodeInputs, attention: Float[Array | np.ndarray, "..."]
) -> Float[Array, "nodes classes"]:
    """`model.with_attention(inputs, attention)`, compiled once for all models of a kind and attention of a shape."""
    graphdef, state = nnx.split(model)
    return _with_attention(graphdef)(nnx.to_pure_dict(state), inputs, attention)


@functools.lru_cache(maxsize=16)
def _attend(graphdef: nnx.GraphDef) -> Callable:
    return jax.jit(lambda params, inputs: nnx.merge(graphdef, params, copy=True).attend(inputs)[1])


@functools.lru_cache(maxsize=16)
def _with_attention(graphdef: nnx.GraphDef) -> Callable:
    return jax.jit(
        lambda params, inputs, attention: nnx.merge(graphdef, params, copy=True).with_attention(inputs, attention)
    )
