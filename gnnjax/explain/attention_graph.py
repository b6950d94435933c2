"""Attention graphs: the attention of all heads and layers as one weighted, directed graph of information flow.

Matrices are dense, `[..., query, key]` with rows that sum to one; an entry of the attention graph says how much of a
node's final representation comes from another node's input, through all layers. For large graphs with sparse attention
see `sparse_attention_graph`.

Source: El et al. 2025 (arXiv 2502.12352); the rollout: Abnar & Zuidema, ACL 2020 (arXiv 2005.00928).
"""

import functools
from collections.abc import Iterable, Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer

__all__ = ["attention_graph", "attention_rollout", "average_attention_graph", "head_path_graphs", "layer_graphs"]

_Attention = Float[Array | np.ndarray, "layers heads nodes nodes"]


@jax.jit
def layer_graphs(attention: _Attention) -> Float[Array, "layers nodes nodes"]:
    """One graph per layer: the mean over its heads.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> heads = [[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]]
    >>> explain.layer_graphs(np.array([heads])).tolist()
    [[[0.5, 0.5], [0.5, 0.5]]]
    """

    def mean(heads):
        # Head by head: on CPU a reduction over the first axis takes ten times as long as these sums.
        return functools.reduce(jnp.add, list(heads)) / len(heads)

    return jax.vmap(mean)(jnp.asarray(attention))


@jax.jit
def attention_graph(
    attention: _Attention, rows: Integer[Array | np.ndarray, " rows"] | None = None
) -> Float[Array, "rows nodes"]:
    r"""The attention graph :math:`A_L \cdots A_2 A_1`, where each :math:`A_l` is the mean over the heads of a layer.

    Args:
      attention: `[layers, heads, nodes, nodes]`, first layer first.
      rows: the nodes whose rows are wanted, at `rows / nodes` of the cost; None: all.

    Returns:
      `[nodes, nodes]`, or `[rows, nodes]`. Rows sum to one.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> before = np.array([[1.0, 0, 0], [1, 0, 0], [0, 1, 0]])  # each node attends to the one before it
    >>> attention = np.tile(before, (2, 1, 1, 1))  # in two layers of one head
    >>> explain.attention_graph(attention).tolist()
    [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    >>> explain.attention_graph(attention, rows=np.array([2])).tolist()
    [[1.0, 0.0, 0.0]]
    """
    layers = layer_graphs(attention)
    if rows is None:
        return _product(layers)
    first = layers[-1][rows]
    return jax.lax.scan(lambda product, layer: (product @ layer, None), first, layers[:-1], reverse=True)[0]


@jax.jit
def attention_rollout(attention: _Attention, residual: float = 0.5) -> Float[Array, "nodes nodes"]:
    r"""The attention graph that counts residual connections: each layer is :math:`(1 - \rho) A_l + \rho I`.

    Args:
      attention: `[layers, heads, nodes, nodes]`, first layer first.
      residual: :math:`\rho`, in [0, 1]; 0 gives `attention_graph`.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> before = np.array([[1.0, 0, 0], [1, 0, 0], [0, 1, 0]])  # each node attends to the one before it
    >>> attention = np.tile(before, (2, 1, 1, 1))  # in two layers of one head
    >>> explain.attention_rollout(attention)[2].tolist()
    [0.25, 0.5, 0.25]
    """
    layers = layer_graphs(attention)
    return _product((1 - residual) * layers + residual * jnp.eye(layers.shape[-1]))


@jax.jit
def head_path_graphs(
    attention: _Attention, paths: Integer[Array | np.ndarray, "paths layers"]
) -> Float[Array, "paths nodes nodes"]:
    """One attention graph per sequence of heads, without any mean; the mean over all sequences is `attention_graph`.

    Args:
      attention: `[layers, heads, nodes, nodes]`, first layer first.
      paths: for each wanted graph the head of each layer.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> stay, swap = np.eye(2), np.eye(2)[::-1]
    >>> attention = np.array([[stay, swap], [stay, swap]])  # two layers of two heads
    >>> explain.head_path_graphs(attention, np.array([[0, 1], [1, 1]])).tolist()
    [[[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]]
    """
    attention = jnp.asarray(attention)
    layers = jnp.arange(attention.shape[0])
    return jax.lax.map(lambda path: _product(attention[layers, path]), jnp.asarray(paths))


def average_attention_graph(
    runs: Iterable[_Attention] | Sequence[_Attention], *, first: Literal["runs", "product"] = "runs"
) -> Float[Array, "nodes nodes"]:
    """The attention graph of several training runs; one run's attention is in memory at a time.

    Args:
      runs: the attention of each run, `[layers, heads, nodes, nodes]`.
      first: `runs` averages the attention over the runs before it takes the product over layers, as published;
        `product` averages the runs' attention graphs.

    Raises:
      ValueError: there are no runs, or their shapes differ.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> stay, swap = np.eye(2), np.eye(2)[::-1]
    >>> runs = [np.array([[stay], [stay]]), np.array([[swap], [swap]])]  # two layers of one head each
    >>> explain.average_attention_graph(runs).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    >>> explain.average_attention_graph(runs, first="product").tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if first not in ("runs", "product"):
        raise ValueError(f"first is {first!r}, must be runs or product")
    each = layer_graphs if first == "runs" else attention_graph
    total, count = None, 0
    shape: tuple[int, ...] | None = None
    for attention in runs:
        if shape is not None and attention.shape != shape:
            raise ValueError(f"run {count} has attention {list(attention.shape)}, those before it {list(shape)}")
        shape = attention.shape
        total = each(attention) if total is None else total + each(attention)
        count += 1
    if total is None:
        raise ValueError("there are no runs to average")
    return _product(total / count) if first == "runs" else total / count


@jax.jit
def _product(layers: jax.Array) -> jax.Array:
    return jax.lax.scan(lambda product, layer: (layer @ product, None), layers[0], layers[1:])[0]
