"""Scaled dot-product attention of nodes to nodes: over the entries of a sparse pattern, or over all pairs.

Arrays are `[nodes, heads, size]`; each function handles one head and is mapped over the heads by `jax.vmap`. Row i of
an attention matrix belongs to the query i, and sums to one.

Source: Vaswani et al., NeurIPS 2017 (arXiv 1706.03762); in blocks: Dao et al., NeurIPS 2022 (arXiv 2205.14135).
"""

import functools
import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from gnnjax.ops.dropout import dropout, keep_mask
from gnnjax.ops.segment import segment_softmax
from gnnjax.ops.sparse import SparsePattern, sddmm, spmm

__all__ = [
    "apply_dense_attention",
    "apply_sparse_attention",
    "dense_attention",
    "dense_attention_weights",
    "sparse_attention",
    "sparse_attention_weights",
]

_Heads = Float[Array | np.ndarray, "nodes heads size"]
# Those of a pattern's columns: all nodes, also where its rows are the nodes of one device alone.
_ColumnHeads = Float[Array | np.ndarray, "columns heads size"]
AttentionKernel = Literal["blocks", "cudnn", "xla"]
# Rows of the attention matrix that are in memory at a time.
_BLOCK = 256


def sparse_attention_weights(query: _Heads, key: _ColumnHeads, pattern: SparsePattern) -> Float[Array, "heads entries"]:
    """Attention of each head at the entries of `pattern`: the softmax over each row.

    Args:
      query, key: `[nodes, heads, size]`, those of the pattern's rows and columns.
      pattern: entry (i, j) where query i may attend to key j.

    Examples:
      >>> import jax.numpy as jnp
      >>> import numpy as np
      >>> from gnnjax import ops
      >>> pattern = ops.sparse_pattern(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
      >>> query, key = jnp.ones((2, 1, 1)), jnp.log(jnp.array([1.0, 3.0])).reshape(2, 1, 1)
      >>> ops.sparse_attention_weights(query, key, pattern).round(2).tolist()
      [[0.25, 0.75, 1.0]]
    """
    scale = 1 / math.sqrt(query.shape[-1])

    def head(query, key):
        return segment_softmax(sddmm(query * scale, key, pattern), pattern.rows, pattern.num_nodes)

    return jax.vmap(head, in_axes=1)(jnp.asarray(query), jnp.asarray(key))


def apply_sparse_attention(
    attention: Float[Array | np.ndarray, "heads entries"], value: _ColumnHeads, pattern: SparsePattern
) -> Float[Array, "nodes heads size"]:
    """Sums of the values, weighted by a given attention.

    Examples:
      >>> import jax.numpy as jnp
      >>> import numpy as np
      >>> from gnnjax import ops
      >>> pattern = ops.sparse_pattern(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
      >>> attention, value = jnp.array([[0.25, 0.75, 1.0]]), jnp.array([[[4.0]], [[8.0]]])
      >>> ops.apply_sparse_attention(attention, value, pattern).ravel().tolist()
      [7.0, 8.0]
    """
    return jax.vmap(functools.partial(spmm, pattern=pattern), in_axes=(0, 1), out_axes=1)(
        jnp.asarray(attention), jnp.asarray(value)
    )


def sparse_attention(
    query: _Heads,
    key: _ColumnHeads,
    value: _ColumnHeads,
    pattern: SparsePattern,
    *,
    dropout_rate: float = 0.0,
    dropout_key: jax.Array | None = None,
    first_entry: Int[Array | np.ndarray, ""] | None = None,
) -> Float[Array, "nodes heads size"]:
    """Attention over the entries of `pattern`; memory is linear in the entries. A row without entries gives 0.

    Args:
      query, key, value: `[nodes, heads, size]`, those of the pattern's rows, columns and columns.
      pattern: entry (i, j) where query i may attend to key j.
      dropout_rate: of the attention weights, in [0, 1).
      dropout_key: None switches dropout off.
      first_entry: where the pattern is a range of the entries of a larger one: the number of its first entry in that.
        The same weights are kept as with the larger pattern.

    Examples:
      >>> import jax.numpy as jnp
      >>> import numpy as np
      >>> from gnnjax import ops
      >>> pattern = ops.sparse_pattern(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
      >>> query = key = jnp.zeros((2, 1, 3))
      >>> value = jnp.array([[[0.0, 1.0, 2.0]], [[4.0, 5.0, 6.0]]])
      >>> ops.sparse_attention(query, key, value, pattern).tolist()
      [[[2.0, 3.0, 4.0]], [[4.0, 5.0, 6.0]]]
    """
    attention = sparse_attention_weights(query, key, pattern)
    if dropout_key is not None:
        drop = functools.partial(_drop_entries, rate=dropout_rate, first_entry=first_entry)
        attention = jax.vmap(drop)(attention, jax.random.split(dropout_key, attention.shape[0]))
    return apply_sparse_attention(attention, value, pattern)


def _drop_entries(attention, key, *, rate, first_entry):
    """Dropout of one head's `[entries]`; a head has its own key, so that its noise needs no number of all entries."""
    if first_entry is None:
        return dropout(attention, rate, key)
    # Entries share words of random bits, but never more than 32 of them one word: noise is drawn for whole blocks.
    (num_entries,) = attention.shape
    blocks = first_entry // 32 + jnp.arange(num_entries // 32 + 2)
    keep = keep_mask(key, (len(blocks), 32), rate, blocks).reshape(-1)
    keep = jax.lax.dynamic_slice_in_dim(keep, first_entry % 32, num_entries)
    return jnp.where(keep, attention / (1 - rate), 0)


def dense_attention_weights(
    query: _Heads,
    key: _Heads,
    *,
    bias: Float[Array | np.ndarray, "nodes nodes"] | None = None,
    bias_scale: Float[Array | np.ndarray, ""] | float = 1.0,
    mask: Bool[Array | np.ndarray, "nodes nodes"] | None = None,
) -> Float[Array, "heads nodes nodes"]:
    """Attention of each head between all pairs of nodes; the arguments are those of `dense_attention`.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> query = key = jnp.zeros((2, 1, 3))
      >>> ops.dense_attention_weights(query, key, mask=jnp.array([[True, True], [False, True]])).tolist()
      [[[0.5, 0.5], [0.0, 1.0]]]
    """
    scale = 1 / math.sqrt(query.shape[-1])

    def head(query, key):
        logits = query @ key.T * scale
        if bias is not None:
            logits = logits + bias_scale * bias
        if mask is None:
            return jax.nn.softmax(logits)
        return jnp.where(mask.any(-1, keepdims=True), jax.nn.softmax(logits, where=mask), 0)

    return jax.vmap(head, in_axes=1)(jnp.asarray(query), jnp.asarray(key))


def apply_dense_attention(
    attention: Float[Array | np.ndarray, "heads nodes nodes"], value: _Heads
) -> Float[Array, "nodes heads size"]:
    """Sums of the values, weighted by a given attention.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> attention, value = jnp.array([[[0.5, 0.5], [0.0, 1.0]]]), jnp.array([[[4.0]], [[8.0]]])
      >>> ops.apply_dense_attention(attention, value).ravel().tolist()
      [6.0, 8.0]
    """
    return jax.vmap(jnp.matmul, in_axes=(0, 1), out_axes=1)(jnp.asarray(attention), jnp.asarray(value))


def dense_attention(
    query: _Heads,
    key: _Heads,
    value: _Heads,
    *,
    bias: Float[Array | np.ndarray, "nodes nodes"] | None = None,
    bias_scale: Float[Array | np.ndarray, ""] | float = 1.0,
    mask: Bool[Array | np.ndarray, "nodes nodes"] | None = None,
    dropout_rate: float = 0.0,
    dropout_key: jax.Array | None = None,
    kernel: AttentionKernel = "blocks",
) -> Float[Array, "nodes heads size"]:
    """Attention between all pairs of nodes, in blocks of rows: the attention matrix is never in memory as a whole.

    The gradient computes each block anew.

    Args:
      query, key, value: `[nodes, heads, size]`.
      bias: added to the logits of all heads, times `bias_scale`.
      bias_scale: a scalar.
      mask: True where query i may attend to key j; None allows all. A row without True gives 0.
      dropout_rate: of the attention weights, in [0, 1).
      dropout_key: None switches dropout off.
      kernel: `blocks` as described; or an implementation of `jax.nn.dot_product_attention`, which has no dropout:
        `cudnn` is the fused kernel of NVIDIA's GPUs (half precision alone; not tried here), `xla` holds whole matrices.

    Raises:
      ValueError: dropout with a kernel that has none, or a rate out of range.

    Examples:
      >>> import jax.numpy as jnp
      >>> from gnnjax import ops
      >>> query = key = jnp.zeros((2, 1, 3))
      >>> value = jnp.array([[[0.0, 1.0, 2.0]], [[4.0, 5.0, 6.0]]])
      >>> ops.dense_attention(query, key, value).tolist()
      [[[2.0, 3.0, 4.0]], [[2.0, 3.0, 4.0]]]
    """
    if kernel != "blocks":
        if dropout_key is not None and dropout_rate > 0:
            raise ValueError(f"the kernel {kernel!r} has no dropout; take blocks, or dropout_rate=0")
        return _by_jax(kernel, query, key, value, bias, bias_scale, mask)
    rate = 0.0 if dropout_key is None else dropout_rate
    if not 0 <= rate < 1:
        raise ValueError(f"dropout_rate is {rate}, must be in [0, 1)")
    if dropout_key is None:
        dropout_key = jax.random.key(0)
    heads = (jnp.moveaxis(jnp.asarray(x), 1, 0) for x in (query, key, value))
    bias_scale = jnp.asarray(bias_scale, jnp.result_type(query))
    return jnp.moveaxis(_blocked_attention(rate, *heads, bias, bias_scale, mask, dropout_key), 0, 1)


def _by_jax(kernel, query, key, value, bias, bias_scale, mask):
    query, key, value = (jnp.asarray(x)[None] for x in (query, key, value))
    bias = None if bias is None else (bias_scale * jnp.asarray(bias))[None, None]
    whole = None if mask is None else jnp.asarray(mask)[None, None]
    out = jax.nn.dot_product_attention(query, key, value, bias, whole, implementation=kernel)[0]
    return out if mask is None else jnp.where(jnp.asarray(mask).any(-1)[:, None, None], out, 0)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _blocked_attention(rate, query, key, value, bias, bias_scale, mask, dropout_key):
    return _blocked_forward(rate, query, key, value, bias, bias_scale, mask, dropout_key)[0]


def _blocked_forward(rate, query, key, value, bias, bias_scale, mask, dropout_key):
    starts, size = _blocks(query.shape[1])

    def block(start):
        logits = _logits(_rows(query, start, size), key, start, size, bias, bias_scale, mask)
        largest = jnp.maximum(logits.max(-1), jnp.finfo(logits.dtype).min)
        exponentials = jnp.exp(logits - largest[..., None])
        total = jnp.maximum(exponentials.sum(-1), jnp.finfo(logits.dtype).tiny)
        kept = _drop(exponentials, rate, dropout_key, start)
        out = jnp.einsum("hqk,hkd->hqd", kept, value) / total[..., None]
        return out, largest + jnp.log(total)

    out, log_total = (_join(blocks, query.shape[1]) for blocks in _map(block, starts))
    return out, (query, key, value, bias, bias_scale, mask, dropout_key, out, log_total)


def _blocked_backward(rate, residuals, gradient):
    query, key, value, bias, bias_scale, mask, dropout_key, out, log_total = residuals
    num_nodes = query.shape[1]
    starts, size = _blocks(num_nodes)
    # The sum over keys of weight times the weight's gradient.
    correction = (gradient * out).sum(-1)

    def block(carry, start):
        key_gradient, value_gradient, scale_gradient = carry
        rows = _rows(query, start, size)
        # The last block repeats rows of the one before it, so that all are of one size; they count once.
        fresh = start + jnp.arange(size) >= -(-start // size) * size
        out_gradient = _rows(gradient, start, size) * fresh[:, None]
        logits = _logits(rows, key, start, size, bias, bias_scale, mask)
        weights = jnp.exp(logits - _rows(log_total, start, size)[..., None])
        value_gradient += jnp.einsum("hqk,hqd->hkd", _drop(weights, rate, dropout_key, start), out_gradient)
        weight_gradient = _drop(jnp.einsum("hqd,hkd->hqk", out_gradient, value), rate, dropout_key, start)
        logit_gradient = weights * (weight_gradient - (_rows(correction, start, size) * fresh)[..., None])
        scale = 1 / math.sqrt(query.shape[-1])
        key_gradient += jnp.einsum("hqk,hqd->hkd", logit_gradient, rows) * scale
        query_gradient = jnp.einsum("hqk,hkd->hqd", logit_gradient, key) * scale
        bias_gradient = None
        if bias is not None:
            # On CPU a sum of all entries is one scalar loop, six times as slow as this product.
            scale_gradient += ((logit_gradient * _rows(bias, start, size, axis=0)) @ jnp.ones(num_nodes)).sum()
            # Head by head, for the same reason.
            bias_gradient = (functools.reduce(jnp.add, list(logit_gradient)) * bias_scale)[None]
        return (key_gradient, value_gradient, scale_gradient), (query_gradient, bias_gradient)

    carry = jnp.zeros_like(key), jnp.zeros_like(value), jnp.zeros_like(bias_scale)
    if len(starts) == 1:
        carry, (query_gradient, bias_gradient) = block(carry, 0)
    else:
        carry, blocks = jax.lax.scan(block, carry, jnp.asarray(starts))
        query_gradient, bias_gradient = jax.tree.map(functools.partial(_join, num_rows=num_nodes), blocks)
    key_gradient, value_gradient, scale_gradient = carry
    if bias_gradient is not None:
        bias_gradient = bias_gradient[0]
    return query_gradient, key_gradient, value_gradient, bias_gradient, scale_gradient, None, None


_blocked_attention.defvjp(_blocked_forward, _blocked_backward)


def _blocks(num_rows: int) -> tuple[np.ndarray, int]:
    """First row of each block, and the number of rows of all of them."""
    size = min(_BLOCK, num_rows)
    return np.minimum(np.arange(0, num_rows, size), num_rows - size), size


def _map(block, starts):
    if len(starts) == 1:
        return jax.tree.map(lambda x: x[None], block(0))
    return jax.lax.map(block, jnp.asarray(starts))


def _join(blocks, num_rows: int):
    """`[blocks, heads, size, ...]` as `[heads, num_rows, ...]`, without what the last block repeats."""
    repeated = blocks.shape[0] * blocks.shape[2] - num_rows
    whole = jnp.moveaxis(blocks[:-1], 0, 1)
    whole = whole.reshape(blocks.shape[1], -1, *blocks.shape[3:])
    return jnp.concatenate([whole, blocks[-1][:, repeated:]], axis=1)


def _rows(x, start, size, axis=1):
    return jax.lax.dynamic_slice_in_dim(x, start, size, axis)


def _logits(rows, key, start, size, bias, bias_scale, mask):
    logits = jnp.einsum("hqd,hkd->hqk", rows / math.sqrt(rows.shape[-1]), key)
    if bias is not None:
        logits += bias_scale * _rows(bias, start, size, axis=0)
    if mask is not None:
        logits = jnp.where(_rows(mask, start, size, axis=0), logits, -jnp.inf)
    return logits


def _drop(weights, rate, dropout_key, start):
    if rate == 0:
        return weights
    keep = keep_mask(jax.random.fold_in(dropout_key, start), weights.shape, rate)
    return jnp.where(keep, weights / (1 - rate), 0)
