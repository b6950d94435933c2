"""Classifiers as functions of a graph and a factor on each of its edges: what explanations are judged by."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jraph
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from gnnjax.data import GraphDataset, iterate_batches
from gnnjax.models import GSAT

__all__ = ["MaskedClassifier", "masked_classifier", "masked_logits"]

# `classify(graphs, edge_mask)` -> logits `[graphs, outputs]`; None stands for a mask of ones. It must be a pytree for
# `jax.jit` (`jax.tree_util.Partial` of a function and its weights).
MaskedClassifier = Callable[..., Float[Array, "graphs outputs"]]


def masked_classifier(model: nnx.Module | Callable, weights: Any = None) -> MaskedClassifier:
    """A model in evaluation mode as `classify(graphs, edge_mask=None)`, which can be passed through `jax.jit`.

    Args:
      model: a `models.GSAT`, any `models.Backbone`, or a function `(weights, graphs, edge_mask) -> logits` in which
        `edge_mask` is None or multiplies the messages, such as the `apply` of a Linen module.
      weights: the first argument of such a function; None for modules.

    Returns:
      For a `models.GSAT` the mask multiplies the attention that the model learned on the whole graph; for a backbone it
      is the factor on each message.

    Examples:
      >>> import jax
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, explain, models
      >>> path = data.from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
      >>> classify = jax.jit(explain.masked_classifier(models.GIN(1, 1, num_layers=1, rngs=nnx.Rngs(0))))
      >>> whole, without_edges = classify(path[0]), classify(path[0], np.zeros(4))
      >>> whole.shape, bool(whole[0, 0] == without_edges[0, 0])
      ((1, 1), False)
    """
    if not isinstance(model, nnx.Module):
        return jax.tree_util.Partial(model, weights)
    graphdef, state = nnx.split(model)
    return jax.tree_util.Partial(_ClassifyWith(graphdef), state)


@dataclasses.dataclass(frozen=True)
class _ClassifyWith:
    """Equal for models of equal structure, so that what is compiled for one serves the other."""

    graphdef: nnx.GraphDef

    def __call__(self, state, graphs: jraph.GraphsTuple, edge_mask=None):
        module: Any = nnx.merge(self.graphdef, state)
        if not isinstance(module, GSAT):
            return module(graphs, edge_mask)[0]
        logits, output = module(graphs)
        if edge_mask is None:
            return logits
        return module.backbone(graphs, output.edge_attention * edge_mask)[0]


def masked_logits(
    classify: MaskedClassifier,
    dataset: GraphDataset,
    indices: np.ndarray,
    edge_mask: Float[np.ndarray, " edges"] | None = None,
    *,
    batch_size: int = 128,
) -> Float[np.ndarray, "graphs outputs"]:
    """Logits of the graphs `indices` of a dataset, with a factor on each edge.

    Args:
      classify: see `masked_classifier`.
      dataset, indices: the graphs, in order.
      edge_mask: `[sum n_edge]` in the order of `indices`; None stands for ones.
      batch_size: graphs at a time.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data, explain, graphs, ops
      >>> paths = data.from_arrays([np.ones((3, 1))] * 2, [([0, 1], [1, 2])] * 2, [1, 0])
      >>> def count_edges(weight, batch, mask):
      ...     return weight * ops.segment_sum(mask, graphs.edge_graph_ids(batch), len(batch.n_node))[:, None]
      >>> classify = explain.masked_classifier(count_edges, 10.0)
      >>> explain.masked_logits(classify, paths, np.array([0, 1]), np.array([1.0, 1.0, 0.5, 0.0])).tolist()
      [[20.0], [5.0]]
    """
    logits, done = [], 0
    for batch in iterate_batches(dataset, np.asarray(indices), batch_size=batch_size):
        num_graphs = int(batch.graph_mask.sum())
        mask = None
        if edge_mask is not None:
            num_edges = int(batch.graphs.n_edge[:num_graphs].sum())
            mask = np.ones(len(batch.graphs.senders), np.float32)
            mask[:num_edges] = edge_mask[done : done + num_edges]
            done += num_edges
        logits.append(np.asarray(_apply(classify, batch.graphs, mask))[:num_graphs])
    return np.concatenate(logits)


@jax.jit
def _apply(classify, graphs, edge_mask):
    return jnp.asarray(classify(graphs, edge_mask))
