"""Why a node of a large graph was classified as it was: the attention in its surroundings."""

import functools
from collections.abc import Sequence

import jax
import numpy as np
from flax import nnx

from gnnjax.data import Neighbourhoods, NodeDataset
from gnnjax.errors import DataError
from gnnjax.explain.explanation import Explanation
from gnnjax.models import GSAT

__all__ = ["explain_node"]


def explain_node(
    model: GSAT,
    dataset: NodeDataset,
    node: int,
    *,
    neighbours: Sequence[int] = (1000, 1000),
    node_names: Sequence[str] | None = None,
    seed: int = 0,
) -> Explanation:
    """The attention of a trained model on the edges around a node.

    Args:
      model: a `models.GSAT` over a backbone with `readout="node"`.
      dataset: the graph.
      node: which node.
      neighbours: how far and how widely to look (`data.Neighbourhoods`): one number per layer of the model, larger than
        any degree for all there is.
      node_names: one text per node of the whole graph; their numbers by default.
      seed: of the draws, where there are more neighbours.

    Returns:
      An explanation of the surroundings, in which the node comes first.

    Raises:
      DataError: there is no such node.

    >>> from gnnjax import models
    >>> path = NodeDataset("path", np.eye(4, dtype=np.float32), np.array([0, 1, 1, 2, 2, 3], np.int32),
    ...                    np.array([1, 0, 2, 1, 3, 2], np.int32), np.array([0, 1, 0, 1], np.int32), 2)
    >>> backbone = models.GIN(4, 2, hidden_size=8, num_layers=1, readout="node", rngs=nnx.Rngs(0))
    >>> found = explain_node(models.GSAT(backbone, rngs=nnx.Rngs(1)), path, 0, neighbours=(9,))
    >>> found.node_names, found.num_edges
    (['0', '1'], 2)
    """
    if not 0 <= node < dataset.num_nodes:
        raise DataError(f"{dataset.name}: there is no node {node}; they are numbered 0 .. {dataset.num_nodes - 1}")
    batch, nodes, edges = Neighbourhoods(dataset, neighbours).around(np.array([node]), seed=seed)
    graphdef, state = nnx.split(model)
    logits, output = _predict(graphdef, state, batch)
    names = [str(number) for number in nodes] if node_names is None else [node_names[number] for number in nodes]
    graph = batch.graphs
    return Explanation(
        graph._replace(
            nodes=graph.nodes[: len(nodes)],
            senders=graph.senders[: len(edges)],
            receivers=graph.receivers[: len(edges)],
            n_node=graph.n_node[:1],
            n_edge=graph.n_edge[:1],
        ),
        np.asarray(output.edge_attention)[: len(edges)],
        prediction=np.asarray(logits)[0],
        target=np.asarray(dataset.labels[node]),
        node_names=names,
        method="gsat",
        name=f"{dataset.name}, node {node}",
    )


@functools.partial(jax.jit, static_argnums=0)
def _predict(graphdef, state, batch):
    model = nnx.merge(graphdef, state)
    return model(batch.graphs, graph_mask=batch.graph_mask, reverse=batch.reverse_edges)
