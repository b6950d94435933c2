"""How far explanations of the same graphs agree: by other seeds, other methods, other models."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from gnnjax.errors import DataError
from gnnjax.explain.explanations import Explanations

__all__ = ["RankCorrelations", "rank_correlations", "ranks_within_graphs"]


class RankCorrelations(NamedTuple):
    """Spearman's rank correlation in [-1, 1] of each two of several `Explanations`.

    Attributes:
      per_graph: `[explanations, explanations]`, of the edges of one graph, mean over the graphs where it is defined.
      pooled: the same of the edges of all graphs together.
      mean_per_graph, mean_pooled: mean over the pairs of different explanations.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data, explain
      >>> path = data.from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1])
      >>> several = [explain.Explanations(path, np.array([0]), np.array(mask)) for mask in ([0.1, 0.9], [0.3, 0.4])]
      >>> round(explain.rank_correlations(several).mean_pooled, 2)
      1.0
    """

    per_graph: Float[np.ndarray, "explanations explanations"]
    pooled: Float[np.ndarray, "explanations explanations"]
    mean_per_graph: float
    mean_pooled: float


def rank_correlations(several: Sequence[Explanations]) -> RankCorrelations:
    """Whether several explanations rank the edges alike.

    Both directions of an edge of an undirected graph are one edge, with their mean value. The correlation of a graph in
    which one of the two explanations rates all edges the same, or which has fewer than two edges, is not defined, and
    the graph is left out of the mean of these two; a mean of nothing is NaN.

    Args:
      several: two or more, of the same graphs in the same order, such as one for each seed.

    Raises:
      ValueError: there are fewer than two.
      DataError: they are of different graphs.

    Source: Spearman, The American Journal of Psychology 1904; ties have their mean rank.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> paths = from_arrays([np.ones((4, 1))], [([0, 1, 2], [1, 2, 3])], [1])
    >>> masks = ([0.1, 0.5, 0.9], [0.2, 0.3, 0.4], [0.9, 0.5, 0.1])
    >>> rank_correlations([Explanations(paths, np.array([0]), np.array(mask)) for mask in masks]).pooled.round(3)
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """
    if len(several) < 2:
        raise ValueError(f"there is nothing to compare: give two explanations at least, not {len(several)}")
    first = several[0]
    for place, other in enumerate(several[1:], 1):
        same = other.dataset is first.dataset or other.dataset.fingerprint() == first.dataset.fingerprint()
        if not same or not np.array_equal(other.indices, first.indices):
            raise DataError(f"explanations {place} are of other graphs than explanations 0: explain the same ones")
    edges = first.undirected_edges
    values = [each.undirected_edges.values for each in several]
    by_graph = _correlations(values, edges.graph_ids, len(edges.counts))
    pooled = _correlations(values, np.zeros(len(edges.graph_ids), int), 1)[..., 0]
    defined = np.isfinite(by_graph).sum(axis=2)
    with np.errstate(invalid="ignore"):
        per_graph = np.nansum(by_graph, axis=2) / defined
    different = np.triu_indices(len(several), 1)
    return RankCorrelations(
        per_graph, pooled, _mean_of_finite(per_graph[different]), _mean_of_finite(pooled[different])
    )


def ranks_within_graphs(
    values: Float[np.ndarray, " rows"], graph_ids: Integer[np.ndarray, " rows"]
) -> Float[np.ndarray, " rows"]:
    """The rank of each value among those of its graph, from 1 up; equal values have the mean of their ranks.

    Args:
      values: of any order.
      graph_ids: of each value, ascending.

    >>> ranks_within_graphs(np.array([0.3, 0.1, 0.3, 7.0]), np.array([0, 0, 0, 1])).tolist()
    [2.5, 1.0, 2.5, 1.0]
    """
    order = np.lexsort((values, graph_ids))
    ordered, graphs = values[order], graph_ids[order]
    begins = np.append(True, (ordered[1:] != ordered[:-1]) | (graphs[1:] != graphs[:-1]))[: len(values)]
    first = np.flatnonzero(begins)
    sizes = np.diff(np.append(first, len(values)))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(first + (sizes + 1) / 2, sizes) - np.searchsorted(graphs, graphs)
    return ranks


def _correlations(values: Sequence[np.ndarray], graph_ids: np.ndarray, num_graphs: int) -> np.ndarray:
    """`[explanations, explanations, graphs]`, NaN where not defined."""
    counts = np.maximum(np.bincount(graph_ids, minlength=num_graphs), 1)
    # The mean rank is known; without it, products of ranks sum up to covariances.
    ranks = [ranks_within_graphs(each, graph_ids) - (counts[graph_ids] + 1) / 2 for each in values]
    covariances = np.array(
        [[np.bincount(graph_ids, one * other, num_graphs) for other in ranks] for one in ranks], np.float64
    )
    variances = np.einsum("iig->ig", covariances)
    scales = np.sqrt(variances[:, None] * variances[None])
    return np.divide(covariances, scales, out=np.full_like(scales, np.nan), where=scales > 0)


def _mean_of_finite(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")
