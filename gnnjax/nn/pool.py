"""Readouts: from node features to one row per graph."""

import jraph
from jaxtyping import Array, Float

from gnnjax.graphs import node_graph_ids
from gnnjax.ops import segment_max, segment_mean, segment_sum

__all__ = ["max_pool", "mean_pool", "sum_pool"]


def sum_pool(graphs: jraph.GraphsTuple) -> Float[Array, "graphs features"]:
    """Sum of `graphs.nodes` over the nodes of each graph.

    Examples:
      >>> import jraph
      >>> from gnnjax import data, nn
      >>> pair = data.from_arrays([[[2.0], [4.0]], [[5.0]]], [([0], [1]), ([0], [0])], [0, 1])
      >>> nn.sum_pool(jraph.batch([pair[0], pair[1]])).tolist()
      [[6.0], [5.0]]
    """
    return segment_sum(graphs.nodes, node_graph_ids(graphs), graphs.n_node.shape[0])


def mean_pool(graphs: jraph.GraphsTuple) -> Float[Array, "graphs features"]:
    """Mean of `graphs.nodes` over the nodes of each graph.

    Examples:
      >>> import jraph
      >>> from gnnjax import data, nn
      >>> pair = data.from_arrays([[[2.0], [4.0]], [[5.0]]], [([0], [1]), ([0], [0])], [0, 1])
      >>> nn.mean_pool(jraph.batch([pair[0], pair[1]])).tolist()
      [[3.0], [5.0]]
    """
    return segment_mean(graphs.nodes, node_graph_ids(graphs), graphs.n_node.shape[0])


def max_pool(graphs: jraph.GraphsTuple) -> Float[Array, "graphs features"]:
    """Largest value of each feature of `graphs.nodes` over the nodes of each graph.

    Examples:
      >>> import jraph
      >>> from gnnjax import data, nn
      >>> pair = data.from_arrays([[[2.0], [4.0]], [[5.0]]], [([0], [1]), ([0], [0])], [0, 1])
      >>> nn.max_pool(jraph.batch([pair[0], pair[1]])).tolist()
      [[4.0], [5.0]]
    """
    return segment_max(graphs.nodes, node_graph_ids(graphs), graphs.n_node.shape[0])
