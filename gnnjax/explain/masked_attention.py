"""Attention of which only some entries are kept."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from gnnjax.ops import SparsePattern, segment_sum

__all__ = ["mask_attention", "without_diagonal", "without_keys"]

_Attention = Float[Array | np.ndarray, "layers heads ..."]


@jax.jit
def mask_attention(
    attention: _Attention,
    kept: Bool[Array | np.ndarray, "..."],
    pattern: SparsePattern,
    renormalize: bool | Bool[Array, ""] = False,
) -> Float[Array, "layers heads ..."]:
    """Attention with zeros where it is not kept. Can be jitted and vmapped.

    Args:
      attention: `[layers, heads, entries]` in the order of `pattern`, or `[layers, heads, nodes, nodes]`.
      kept: broadcastable to it.
      pattern: where the entries of sparse attention are.
      renormalize: divide each row by its sum, so that it sums to one again; a row that has nothing left stays 0.
    """
    attention = jnp.where(kept, attention, 0)
    if attention.ndim == 3:
        rows = pattern.rows
        totals = segment_sum(jnp.moveaxis(attention, -1, 0), rows, pattern.num_nodes)
        totals = jnp.moveaxis(totals[rows], 0, -1)
    else:
        totals = attention.sum(-1, keepdims=True)
    # Below the smallest normal number nothing is left that could be divided with any precision.
    divide = (totals >= jnp.finfo(totals.dtype).tiny) & renormalize
    return attention / jnp.where(divide, totals, 1)


def without_keys(
    attention: _Attention,
    pattern: SparsePattern,
    keys: Int[np.ndarray, " keys"],
    *,
    renormalize: bool = False,
) -> Float[Array, "layers heads ..."]:
    """Attention with some nodes knocked out: no query attends to them, in any layer or head.

    Args:
      attention, pattern, renormalize: as in `mask_attention`.
      keys: ids of the nodes.
    """
    kept = np.ones(pattern.num_nodes, bool)
    kept[keys] = False
    return mask_attention(attention, kept[pattern.columns] if attention.ndim == 3 else kept, pattern, renormalize)


def without_diagonal(
    attention: _Attention, pattern: SparsePattern, *, renormalize: bool = False
) -> Float[Array, "layers heads ..."]:
    """Attention of every node to the others alone; arguments as in `mask_attention`."""
    nodes = np.arange(pattern.num_nodes)
    kept = pattern.rows != pattern.columns if attention.ndim == 3 else nodes[:, None] != nodes
    return mask_attention(attention, kept, pattern, renormalize)
