"""Fidelity as more and more of the graph is taken for the explanation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from gnnjax.explain.explanations import Explanations
from gnnjax.explain.fidelity import Fidelity, FidelityForm, FidelityOf, fidelity, part_logits
from gnnjax.explain.ground_truth import select_edges
from gnnjax.explain.masked_classifier import MaskedClassifier, masked_logits

__all__ = ["FidelityCurve", "fidelity_curve", "sparsity"]


class FidelityCurve(NamedTuple):
    """Fidelity at each share of the edges that is kept as the explanation.

    Attributes:
      kept: `[points]`, shares in [0, 1], ascending.
      plus: `[points]`, fidelity+; 0 where nothing is kept.
      minus: `[points]`, fidelity-; 0 where all is kept.
    """

    kept: Float[np.ndarray, " points"]
    plus: Float[np.ndarray, " points"]
    minus: Float[np.ndarray, " points"]

    def area(self) -> Fidelity:
        """Area under both curves by trapezoids, divided by the width: mean fidelity over the shares.

        A good explanation has a large area under `plus` and a small one under `minus`.

        >>> FidelityCurve(np.array([0, 0.5, 1]), np.array([0, 1, 1]), np.array([1, 0, 0])).area()
        Fidelity(plus=0.75, minus=0.25)
        """
        width = self.kept[-1] - self.kept[0]
        plus, minus = (float(np.trapezoid(values, self.kept) / width) for values in (self.plus, self.minus))
        return Fidelity(plus, minus)


def sparsity(explanations: Explanations, selected: Bool[np.ndarray, " edges"]) -> float:
    """Share in [0, 1] of the edges that are not selected: 1 - selected / all, mean over the graphs.

    Graphs without edges are left out; NaN if there are no others.

    Args:
      explanations: the graphs.
      selected: `[sum n_edge]`.

    Source: Pope et al., CVPR 2019; Yuan et al., TPAMI 2023 (arXiv 2012.15445).

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> paths = from_arrays([np.ones((5, 1))], [([0, 1, 2, 3], [1, 2, 3, 4])], [1])
    >>> sparsity(Explanations(paths, np.array([0]), np.ones(4)), np.array([True, False, False, False]))
    0.75
    """
    n_edge = explanations.dataset.n_edge[explanations.indices]
    num_selected = np.bincount(np.repeat(np.arange(len(n_edge)), n_edge), selected, len(n_edge))
    with_edges = n_edge > 0
    if not with_edges.any():
        return float("nan")
    return float(1 - (num_selected[with_edges] / n_edge[with_edges]).mean())


def fidelity_curve(
    explanations: Explanations,
    classify: MaskedClassifier,
    *,
    kept: Sequence[float] | Float[np.ndarray, " points"] = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1),
    form: FidelityForm = "probability",
    of: FidelityOf = "model",
    batch_size: int = 128,
) -> FidelityCurve:
    """Fidelity of the edges that count most, a larger share of each graph at each point.

    Args:
      explanations: the values of the edges.
      classify: the model, see `masked_classifier`.
      kept: shares in [0, 1], ascending, at least two; see `top_fraction` of `Explanation.select`.
      form, of: as in `fidelity`.
      batch_size: graphs at a time.

    Raises:
      ValueError: `kept` is not as it must be; or as in `fidelity`.

    Source: Pope et al., CVPR 2019; Yuan et al., TPAMI 2023 (arXiv 2012.15445), who plot it against 1 - kept.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> import jax, jax.numpy as jnp
    >>> paths = from_arrays([np.ones((4, 1))], [([0, 1, 2], [1, 2, 3])], [3.5], task="regression")
    >>> count = jax.tree_util.Partial(lambda graphs, mask: jnp.where(graphs.senders < 3, 1.0 if mask is None else mask,
    ...                                                              0).sum() * jnp.ones((len(graphs.n_node), 1)))
    >>> found = Explanations(paths, np.array([0]), np.array([0.9, 0.5, 0.1]))
    >>> fidelity_curve(found, count, kept=(0, 1 / 3, 1)).minus
    array([3., 2., 0.])
    """
    shares = np.asarray(kept, np.float64)
    if len(shares) < 2 or not ((np.diff(shares) > 0).all() and shares[0] >= 0 and shares[-1] <= 1):
        raise ValueError(f"kept must be two or more ascending shares in [0, 1], is {shares.tolist()}")
    whole = masked_logits(classify, explanations.dataset, explanations.indices, batch_size=batch_size)
    points = []
    for share in shares.tolist():
        mask = select_edges(explanations, top_fraction=share)
        parts = part_logits(explanations, classify, mask, whole=whole, batch_size=batch_size)
        points.append(fidelity(parts, form=form, of=of))
    plus, minus = np.array(points).T
    return FidelityCurve(shares, plus, minus)
