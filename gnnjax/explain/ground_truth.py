"""How well explanations find the edges that are known to be the true explanation."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

from gnnjax.errors import DataError
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.metrics import explanation_roc_auc
from gnnjax.explain.stability import ranks_within_graphs

__all__ = ["ExplanationRocAuc", "TruthScores", "explanation_roc_aucs", "select_edges", "truth_scores"]


class TruthScores(NamedTuple):
    """Selected edges against true ones, for each graph that has true ones; each in [0, 1].

    Attributes:
      positions: `[graphs]`, which of the explanations; those without a true edge are left out.
      precision: `[graphs]`, share of the selected edges that are true; 0 where nothing is selected.
      recall: `[graphs]`, share of the true edges that are selected.
      f1: `[graphs]`, harmonic mean of the two.
      iou: `[graphs]`, edges both selected and true, of those that are one or the other.

    >>> import numpy as np
    >>> from gnnjax import data, explain
    >>> paths = data.from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], edge_labels=[[1, 1]])
    >>> scores = explain.truth_scores(explain.Explanations(paths, np.array([0]), np.array([0.9, 0.1])), top_k=1)
    >>> scores.precision, scores.recall
    (array([1.]), array([0.5]))
    """

    positions: Integer[np.ndarray, " graphs"]
    precision: Float[np.ndarray, " graphs"]
    recall: Float[np.ndarray, " graphs"]
    f1: Float[np.ndarray, " graphs"]
    iou: Float[np.ndarray, " graphs"]

    def mean(self) -> dict[str, float]:
        """Mean of each score over the graphs; NaN if no graph has a true edge."""
        return {
            field: float(getattr(self, field).mean()) if len(self.positions) else float("nan")
            for field in self._fields[1:]
        }


class ExplanationRocAuc(NamedTuple):
    """ROC-AUC in [0, 1] of values as a score for "this edge is true".

    Attributes:
      pooled: of all edges together, see `explanation_roc_auc`.
      per_graph: mean over the graphs that have both true and other edges, NaN if there is none; values of different
        graphs need not be comparable.

    >>> import numpy as np
    >>> from gnnjax import data, explain
    >>> paths = data.from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], edge_labels=[[1, 0]])
    >>> explain.explanation_roc_aucs(explain.Explanations(paths, np.array([0]), np.array([0.9, 0.1]))).pooled
    1.0
    """

    pooled: float
    per_graph: float


def select_edges(
    explanations: Explanations,
    *,
    threshold: float | None = None,
    top_k: int | None = None,
    top_fraction: float | None = None,
    as_many_as_true: bool = False,
) -> Bool[np.ndarray, " edges"]:
    """The edges that count most in each graph, by the rule of `Explanation.select`, for all graphs at once.

    Args:
      explanations: the values.
      threshold, top_k, top_fraction: as in `Explanation.select`.
      as_many_as_true: keep as many edges of each graph as are true in it.

    Returns:
      `[sum n_edge]`, in the order of `edge_mask`.

    Raises:
      ValueError: not exactly one rule is given, or its number is out of range.
      DataError: `as_many_as_true` of a dataset without true explanations.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> paths = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
    >>> select_edges(Explanations(paths, np.array([0]), np.array([0.9, 0.4, 0.7, 0.2])), top_k=1)
    array([ True, False,  True, False])
    """
    edges = explanations.undirected_edges
    if not as_many_as_true:
        return edges.select(threshold=threshold, top_k=top_k, top_fraction=top_fraction)
    if any(value is not None for value in (threshold, top_k, top_fraction)):
        raise ValueError("give exactly one of threshold, top_k, top_fraction and as_many_as_true")
    true = _true_edges(explanations)
    return edges.largest(np.bincount(edges.graph_ids, true, len(edges.counts)))


def truth_scores(
    explanations: Explanations, selected: Bool[np.ndarray, " edges"] | None = None, **selection
) -> TruthScores:
    """Precision, recall, F1 and intersection over union of the selected edges in each graph with true edges.

    Both directions of an edge of an undirected graph are one edge, which is selected, or true, if one of them is.

    Args:
      explanations: of a dataset with `edge_labels`.
      selected: `[sum n_edge]`, or None, where the arguments of `select_edges` stand for it.

    Raises:
      ValueError: as in `select_edges`.
      DataError: the dataset has no true explanations.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> paths = from_arrays([np.ones((4, 1))], [([0, 1, 2], [1, 2, 3])], [1], edge_labels=[[1, 1, 0]])
    >>> truth_scores(Explanations(paths, np.array([0]), np.array([0.9, 0.1, 0.7])), threshold=0.5).mean()
    {'precision': 0.5, 'recall': 0.5, 'f1': 0.5, 'iou': 0.3333333333333333}
    """
    edges, true = explanations.undirected_edges, _true_edges(explanations)
    if selected is None:
        selected = select_edges(explanations, **selection)
    kept = np.bincount(edges.number, selected, len(edges.values)) > 0

    def count(which):
        return np.bincount(edges.graph_ids, which, len(edges.counts))

    num_true = count(true)
    positions = np.flatnonzero(num_true)
    num_true, num_kept, num_both = num_true[positions], count(kept)[positions], count(true & kept)[positions]
    return TruthScores(
        positions,
        precision=num_both / np.maximum(num_kept, 1),
        recall=num_both / num_true,
        f1=2 * num_both / (num_true + num_kept),
        iou=num_both / (num_true + num_kept - num_both),
    )


def explanation_roc_aucs(explanations: Explanations) -> ExplanationRocAuc:
    """ROC-AUC of the values as a score for "this edge is true", each direction of an edge by itself.

    Raises:
      DataError: the dataset has no true explanations.

    Source: Fawcett, Pattern Recognition Letters 2006, for the area as a sum of ranks.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> two = from_arrays([np.ones((3, 1))] * 2, [([0, 1], [1, 2])] * 2, [1, 0], edge_labels=[[1, 0], [1, 0]])
    >>> explanation_roc_aucs(Explanations(two, np.array([0, 1]), np.array([0.9, 0.8, 0.2, 0.1])))
    ExplanationRocAuc(pooled=0.75, per_graph=1.0)
    """
    true = _labels(explanations) == 1
    n_edge = explanations.dataset.n_edge[explanations.indices]
    graph_ids = np.repeat(np.arange(len(n_edge)), n_edge)
    ranks = ranks_within_graphs(explanations.edge_mask, graph_ids)
    num_true = np.bincount(graph_ids, true, len(n_edge))
    num_pairs = num_true * (n_edge - num_true)
    won = np.bincount(graph_ids, ranks * true, len(n_edge)) - num_true * (num_true + 1) / 2
    mixed = num_pairs > 0
    per_graph = float((won[mixed] / num_pairs[mixed]).mean()) if mixed.any() else float("nan")
    return ExplanationRocAuc(explanation_roc_auc(explanations.edge_mask, true.astype(np.uint8)), per_graph)


def _labels(explanations: Explanations) -> np.ndarray:
    if explanations.edge_labels is None:
        raise DataError(f"{explanations.dataset.name}: field 'edge_labels' is None, no true explanation is known")
    return explanations.edge_labels


def _true_edges(explanations: Explanations) -> np.ndarray:
    """`[undirected]`, whether one direction at least is true."""
    edges = explanations.undirected_edges
    return np.bincount(edges.number, _labels(explanations), len(edges.values)) > 0
