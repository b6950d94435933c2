"""Scores by chance: what an explanation has to beat."""

import jax
import numpy as np

from gnnjax.data import GraphDataset
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.post_hoc.batched import Explainable, as_classifier, both_directions, explain_batches
from gnnjax.ops import row_uniform

__all__ = ["random_scores"]


def random_scores(
    model: Explainable | None,
    dataset: GraphDataset,
    indices: np.ndarray,
    *,
    average_directions: bool = True,
    seed: int = 0,
    batch_size: int = 128,
) -> Explanations:
    """A random number in [0, 1) for each edge, the same whatever the batch and the order.

    Args:
      model: whose predictions are given beside (see `Explainable`); None gives none. The scores do not depend on it.
      dataset, indices: the graphs, in order.
      average_directions: give both directions of an undirected edge their mean.
      seed: of the numbers.
      batch_size: graphs at a time.

    Raises:
      ValueError: `indices` is empty.
      DataError: a graph is not there.

    >>> import numpy as np
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> path = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
    >>> scores = random_scores(None, path, np.array([0])).edge_mask
    >>> bool(scores[0] == scores[2]), scores.shape
    (True, (4,))
    """
    key = jax.random.key(seed, impl="threefry2x32")
    classify = None if model is None else as_classifier(model)

    def explain(batch, edge_rows):
        scores = both_directions(row_uniform(key, edge_rows), batch, average_directions)
        return scores, None if classify is None else _classify(classify, batch.graphs)

    return explain_batches(explain, dataset, indices, method="random", batch_size=batch_size)


@jax.jit
def _classify(classify, graphs):
    return classify(graphs, None)
