"""Whether predictions survive random losses of edges outside of the explanation, and in it."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Key

from gnnjax.explain.explanations import Explanations
from gnnjax.explain.fidelity import predictions
from gnnjax.explain.masked_classifier import MaskedClassifier, masked_logits

__all__ = ["RandomPerturbation", "random_perturbation"]


class RandomPerturbation(NamedTuple):
    """What random losses of edges do to predictions.

    Attributes:
      sufficiency: `[graphs]`, share in [0, 1] of the draws with the same prediction as of the whole graph when other
        edges than the explanation's are lost.
      necessity: `[graphs]`, share in [0, 1] of the draws with another prediction when edges of the explanation are
        lost; 0 where nothing is selected.

    Examples:
      >>> import jax
      >>> import numpy as np
      >>> from gnnjax import data, explain
      >>> path = data.from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1])
      >>> found = explain.Explanations(path, np.array([0]), np.array([0.9, 0.1]))
      >>> ignore_edges = explain.masked_classifier(lambda weight, graphs, mask: weight * graphs.n_node[:, None], 1.0)
      >>> selected = explain.select_edges(found, top_k=1)
      >>> survival = explain.random_perturbation(found, ignore_edges, selected, key=jax.random.key(0))
      >>> survival.sufficiency.tolist(), survival.necessity.tolist()
      ([1.0], [0.0])
    """

    sufficiency: Float[np.ndarray, " graphs"]
    necessity: Float[np.ndarray, " graphs"]


def random_perturbation(
    explanations: Explanations,
    classify: MaskedClassifier,
    selected: Bool[np.ndarray, " edges"],
    *,
    key: Key[Array, ""],
    drop_rate: float = 0.5,
    num_draws: int = 10,
    whole: Float[np.ndarray, "graphs outputs"] | None = None,
    batch_size: int = 128,
) -> RandomPerturbation:
    """Drops each edge on one side of a selection at random, several times, and compares predictions.

    An explanation is sufficient if the prediction does not depend on what the other edges are, and necessary if it does
    not survive its own loss. At `drop_rate=1` these are 1 - fidelity- and fidelity+ in the form `accuracy`. Both
    directions of an edge of an undirected graph are dropped together. Each task (`multilabel`) counts alike.

    Args:
      explanations: the graphs.
      classify: the model, see `masked_classifier`.
      selected: `[sum n_edge]`, the explanations, such as `select_edges(explanations, top_k=6)`.
      key: `jax.random.key` of the draws; the same key gives the same ones, whatever the batch size.
      drop_rate: probability in [0, 1] that an edge is dropped.
      num_draws: how often each side is perturbed.
      whole: logits of the whole graphs, where they are known.
      batch_size: graphs at a time.

    Raises:
      ValueError: `drop_rate` or `num_draws` is out of range, or the task is a regression, whose predictions are hardly
        ever the same.

    Source: robustness to perturbations of the irrelevant part, and sensitivity to those of the relevant one: Hsieh et
    al., ICLR 2021 (arXiv 2006.00442), who move features by the least amount; here edges are dropped at random.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> import jax.numpy as jnp
    >>> paths = from_arrays([np.ones((4, 1))], [([0, 1, 2], [1, 2, 3])], [1])
    >>> def first_edge(graphs, mask):
    ...     value = 1.0 if mask is None else mask[0]
    ...     return (value - 0.5) * jnp.ones((len(graphs.n_node), 1))
    >>> found = Explanations(paths, np.array([0]), np.array([0.9, 0.5, 0.1]))
    >>> selected = np.array([True, False, False])
    >>> random_perturbation(found, jax.tree_util.Partial(first_edge), selected, key=jax.random.key(0), drop_rate=1.0)
    RandomPerturbation(sufficiency=array([1.]), necessity=array([1.]))
    """
    dataset, indices = explanations.dataset, explanations.indices
    if not 0 <= drop_rate <= 1 or num_draws < 1:
        raise ValueError(f"drop_rate={drop_rate} must be in [0, 1], num_draws={num_draws} must be at least 1")
    if dataset.task == "regression":
        raise ValueError("predictions of a regression are hardly ever the same: see fidelity, which takes differences")
    if whole is None:
        whole = masked_logits(classify, dataset, indices, batch_size=batch_size)
    intact = predictions(dataset.task, whole)
    edges = explanations.undirected_edges

    def share_of_same(key, droppable):
        same = []
        for draw in jax.random.split(key, num_draws):
            dropped = np.asarray(jax.random.bernoulli(draw, float(drop_rate), edges.values.shape))[edges.number]
            mask = (~(droppable & dropped)).astype(np.float32)
            logits = masked_logits(classify, dataset, indices, mask, batch_size=batch_size)
            same.append((predictions(dataset.task, logits) == intact).reshape(len(indices), -1).mean(axis=1))
        return np.mean(same, axis=0)

    outside, inside = jax.random.split(key)
    return RandomPerturbation(share_of_same(outside, ~selected), 1 - share_of_same(inside, selected))
