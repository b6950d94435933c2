"""Whether two heads, or two layers, attend alike: correlation of their paired entries."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

__all__ = ["PairedEntries", "attention_agreement", "sample_paired_entries"]


class PairedEntries(NamedTuple):
    """The same entries of two attention matrices, for a scatter plot.

    Attributes:
      queries: `[count]` rows.
      keys: `[count]` columns.
      first: `[count]` attention in the first matrix.
      second: `[count]` attention in the second.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> head = np.array([[0.75, 0.25], [0.5, 0.5]])
    >>> pairs = explain.sample_paired_entries(head, head.T, 100, diagonal=False)
    >>> pairs.first, pairs.second
    (array([0.25, 0.5 ]), array([0.5 , 0.25]))
    """

    queries: Integer[np.ndarray, " count"]
    keys: Integer[np.ndarray, " count"]
    first: Float[np.ndarray, " count"]
    second: Float[np.ndarray, " count"]


def attention_agreement(
    attention: Float[np.ndarray, "heads nodes nodes"], *, diagonal: bool = True, ranks: bool = False
) -> Float[np.ndarray, "heads heads"]:
    """`[heads, heads]`, correlation over all entries of every two of the stacked attention matrices.

    NaN where one of the two is constant. A block of rows at a time: beside its input it needs memory for ranks only.

    Args:
      attention: heads of one layer, or layers, one matrix each.
      diagonal: False leaves self-attention out.
      ranks: Spearman's correlation (ties get their mean rank) in place of Pearson's.

    Raises:
      ValueError: not a stack of square matrices of finite numbers.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> heads = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.1, 0.9], [0.6, 0.4]]])  # the second is 1 - the first
    >>> explain.attention_agreement(heads).round(2)
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    attention = _checked(attention, 3)
    heads, nodes, _ = attention.shape
    counted = np.ones((nodes, nodes), bool) if diagonal else ~np.eye(nodes, dtype=bool)
    if ranks:
        attention = np.stack([_ranks(matrix, counted) for matrix in attention])
    total = np.asarray(np.sum(attention, axis=(1, 2), where=counted, dtype=np.float64))
    mean = total[:, None] / max(counted.sum(), 1)
    covariance = np.zeros((heads, heads))
    for start in range(0, nodes, 256):
        rows = slice(start, start + 256)
        deviation = attention[:, rows][:, counted[rows]] - mean
        covariance += deviation @ deviation.T
    # A constant matrix deviates from its mean by rounding errors alone, which correlate with nothing.
    largest = np.max(attention, axis=(1, 2), where=counted, initial=-np.inf)
    scale = np.where(
        largest > np.min(attention, axis=(1, 2), where=counted, initial=np.inf), np.sqrt(np.diag(covariance)), np.nan
    )
    return covariance / scale / scale[:, None]


def sample_paired_entries(
    first: Float[np.ndarray, "nodes nodes"],
    second: Float[np.ndarray, "nodes nodes"],
    count: int,
    *,
    seed: int = 0,
    diagonal: bool = True,
) -> PairedEntries:
    """Entries drawn without replacement from all pairs of nodes, in row-major order; the same for the same seed.

    Args:
      first, second: attention of two heads or layers.
      count: how many to draw; all of them if there are no more.
      seed: of the draw.
      diagonal: False leaves self-attention out.

    Raises:
      ValueError: not two square matrices of finite numbers and one shape, or `count` is negative.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> first, second = np.random.default_rng(0).random((2, 50, 50))
    >>> explain.sample_paired_entries(first, second, 10).first.shape
    (10,)
    >>> pairs = explain.sample_paired_entries(np.eye(2), np.ones((2, 2)), 10, diagonal=False)  # there are but two
    >>> list(zip(pairs.queries.tolist(), pairs.keys.tolist()))
    [(0, 1), (1, 0)]
    """
    first, second = _checked(first, 2), _checked(second, 2)
    if first.shape != second.shape or count < 0:
        raise ValueError(f"cannot pair {count} entries of matrices of shapes {first.shape} and {second.shape}")
    nodes = len(first)
    columns = nodes if diagonal else nodes - 1
    drawn = np.random.default_rng(seed).choice(nodes * columns, min(count, nodes * columns), replace=False)
    queries, keys = np.divmod(np.sort(drawn), max(columns, 1))
    if not diagonal:
        keys = keys + (keys >= queries)
    return PairedEntries(queries, keys, first[queries, keys], second[queries, keys])


def _checked(attention, dimensions):
    attention = np.asarray(attention)
    if attention.ndim != dimensions or attention.shape[-1] != attention.shape[-2] or not attention.size:
        wanted = "[heads, nodes, nodes]" if dimensions == 3 else "[nodes, nodes]"
        raise ValueError(f"attention has shape {attention.shape}, not {wanted} with at least one node")
    if not np.isfinite(attention).all():
        raise ValueError("attention holds NaN or infinity")
    return attention


def _ranks(matrix, counted):
    # Here and not above, because it takes longer to import than all of gnnjax.
    from scipy.stats import rankdata  # noqa: PLC0415

    ranks = np.zeros(matrix.shape)
    ranks[counted] = rankdata(matrix[counted])
    return ranks
