"""Products of sparse non-negative matrices, each row pruned as soon as it is made. scipy on the host.

The rows are made in blocks of bounded size, several at a time on as many threads, so that memory stays near that of the
pruned result even where a few hubs are joined to everything. What pruning takes away is added up and returned.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

__all__ = ["expected_entries", "pruned_product"]

# Of all blocks that are worked on at one time, and what an entry takes before it is pruned, or if none are.
_BYTES_AT_A_TIME = 2**28
_BYTES_IF_PRUNED, _BYTES_IF_EXACT = 60, 8
# Less is not worth a block of its own.
_LEAST_ENTRIES = 2**16
_SAMPLED_ROWS = 64


def pruned_product(
    factors: Sequence[csr_array], *, top_k: int | None = None, threshold: float | None = None
) -> tuple[csr_array, Float[np.ndarray, " rows"]]:
    r"""Rows of :math:`F_1 F_2 \cdots F_m`, multiplied from the left and pruned after each product.

    Every kept entry is at most the exact one, because all terms are non-negative. Without `top_k` and `threshold` the
    product is exact.

    Args:
      factors: the matrices from left to right, entries >= 0.
      top_k: keep the `top_k` largest entries of a row; among equal ones those of the smaller column.
      threshold: keep entries of at least this much.

    Returns:
      The product, columns ascending in each row, and for each row how much less it sums to than the exact one: the sum
      of the absolute errors of its entries, dropped and kept.
    """
    # What one unit that is dropped after a factor would have become in the end.
    worth = [np.ones(factors[-1].shape[1])]
    for factor in reversed(factors[1:]):
        worth.append(factor @ worth[-1])
    worth.reverse()

    product = factors[0]
    if len(factors) == 1:
        return _pruned(product, worth[0], top_k, threshold)
    dropped = np.zeros(product.shape[0])
    for factor, unit in zip(factors[1:], worth[1:], strict=True):
        product, newly_dropped = _multiply(product, factor, unit, top_k, threshold)
        dropped += newly_dropped
    return product, dropped


def expected_entries(
    factors: Sequence[csr_array], *, top_k: int | None = None, threshold: float | None = None, enough: float = np.inf
) -> float:
    """Number of entries of `pruned_product`, without building it.

    First an upper bound from the number of walks. Where that is above `enough`, 64 rows are computed, drawn in
    proportion to their bound: an unbiased estimate, whose standard error is at most 1/16 of the bound.
    """
    most = factors[-1].shape[1] if top_k is None else min(top_k, factors[-1].shape[1])
    bound = np.ones(factors[-1].shape[1])
    for factor in reversed(factors):
        bound = np.minimum(_row_sums(bound[factor.indices], factor.indptr), factor.shape[1])
    bound = np.minimum(bound, most)
    total = float(bound.sum())
    if total <= enough:
        return total
    rows = np.random.default_rng(0).choice(len(bound), _SAMPLED_ROWS, p=bound / total)
    shares = [
        pruned_product([factors[0][[row]], *factors[1:]], top_k=top_k, threshold=threshold)[0].nnz / bound[row]
        for row in rows
    ]
    return total * float(np.mean(shares))


def _multiply(
    left: csr_array, right: csr_array, unit: np.ndarray, top_k: int | None, threshold: float | None
) -> tuple[csr_array, np.ndarray]:
    """The pruned product of two matrices and what each row lost."""
    num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    exact = top_k is None and threshold is None
    entries = _BYTES_AT_A_TIME // (_BYTES_IF_EXACT if exact else _BYTES_IF_PRUNED)
    bounds = _block_bounds(left, right, entries, num_threads)
    dropped = np.zeros(left.shape[0])

    def block(start: int, stop: int) -> csr_array:
        part, dropped[start:stop] = _pruned(left[start:stop] @ right, unit, top_k, threshold)
        return part

    # scipy lets other threads run while it multiplies and sorts.
    with ThreadPoolExecutor(num_threads) as pool:
        blocks = list(pool.map(block, bounds[:-1], bounds[1:]))
    return _stack(blocks, right.shape[1], left.dtype), dropped


def _block_bounds(
    left: csr_array, right: csr_array, entries: int, num_threads: int
) -> Int[np.ndarray, " blocks_and_one"]:
    """Where blocks of rows begin and end; unpruned, `num_threads` of them hold about `entries` at most."""
    pairs = _row_sums(np.diff(right.indptr)[left.indices].astype(np.int64), left.indptr)
    size = np.minimum(pairs, right.shape[1])
    in_block = max(_LEAST_ENTRIES, min(entries, size.sum()) // num_threads)
    starts = np.flatnonzero(np.diff((np.cumsum(size) - size) // in_block, prepend=-1))
    return np.append(starts, left.shape[0])


def _pruned(
    matrix: csr_array, unit: np.ndarray, top_k: int | None, threshold: float | None
) -> tuple[csr_array, np.ndarray]:
    """The matrix with its rows pruned, and what that took from each, an entry of column j being worth `unit[j]`."""
    kept = matrix
    if threshold is not None:
        kept = _entries(kept, np.flatnonzero(kept.data >= threshold))
    if top_k is not None:
        kept = _entries(kept, _largest(kept, top_k))
    # Both sums are of the same numbers, in double precision: what is left of rounding is below 1e-15.
    dropped = np.zeros(matrix.shape[0]) if kept.nnz == matrix.nnz else np.maximum(matrix @ unit - kept @ unit, 0)
    kept.sort_indices()
    return kept, dropped


def _entries(matrix: csr_array, positions: Int[np.ndarray, " kept"]) -> csr_array:
    """The matrix of only these entries; positions ascend."""
    parts = (matrix.data[positions], matrix.indices[positions], np.searchsorted(positions, matrix.indptr))
    return csr_array(parts, shape=matrix.shape)


def _largest(matrix: csr_array, k: int) -> Int[np.ndarray, " kept"]:
    """Positions of the `k` largest entries of each row, ascending; among equal ones those of the smaller column."""
    data, lengths = matrix.data, np.diff(matrix.indptr)
    cutoff = np.full(len(lengths), -np.inf, data.dtype)
    long_rows = np.flatnonzero(lengths > k)
    # Rows of similar length share a table, padded to less than twice their entries.
    bit_length = np.frexp(lengths[long_rows])[1]
    for bits in np.unique(bit_length):
        alike = np.zeros(len(lengths), bool)
        alike[long_rows[bit_length == bits]] = True
        width = lengths[alike].max()
        table = np.full((alike.sum(), width), -1, data.dtype)
        table[np.arange(width) < lengths[alike, None]] = data[np.repeat(alike, lengths)]
        cutoff[alike] = np.partition(table, width - k, axis=1)[:, width - k]

    largest = np.flatnonzero(data >= np.repeat(cutoff, lengths))
    rows = np.searchsorted(matrix.indptr, largest, side="right") - 1
    surplus = np.bincount(rows, minlength=len(lengths)) - k
    tied = np.flatnonzero((surplus[rows] > 0) & (data[largest] == cutoff[rows]))
    tied = tied[np.lexsort((-matrix.indices[largest[tied]], rows[tied]))]
    num_tied = np.bincount(rows[tied], minlength=len(lengths))
    rank = np.arange(len(tied)) - np.repeat(np.cumsum(num_tied) - num_tied, num_tied)
    return np.delete(largest, tied[rank < surplus[rows[tied]]])


def _row_sums(values: np.ndarray, indptr: np.ndarray) -> np.ndarray:
    """Sum of the values of each row, in the order of a CSR matrix's entries."""
    running = np.append(0, np.cumsum(values))
    return running[indptr[1:]] - running[indptr[:-1]]


def _stack(blocks: list[csr_array], num_columns: int, dtype: np.dtype) -> csr_array:
    """The blocks below each other. Empties the list as it goes, so that not all entries are held twice."""
    lengths = np.concatenate([np.zeros(0, int), *(np.diff(block.indptr) for block in blocks)])
    indptr = np.append(0, np.cumsum(lengths))
    index_dtype = np.int32 if max(indptr[-1], num_columns) < 2**31 else np.int64
    data, indices = np.empty(indptr[-1], dtype), np.empty(indptr[-1], index_dtype)
    end = indptr[-1]
    while blocks:
        block = blocks.pop()
        data[end - block.nnz : end], indices[end - block.nnz : end] = block.data, block.indices
        end -= block.nnz
    stacked = csr_array((data, indices, indptr.astype(index_dtype)), shape=(len(lengths), num_columns))
    stacked.has_sorted_indices = True
    return stacked
