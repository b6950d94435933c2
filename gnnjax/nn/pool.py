"""Readouts: from node features to one row per graph."""

import jraph
from jaxtyping import Array, Float

from gnnjax.graphs import node_graph_ids
from gnnjax.ops import segment_max, segment_mean, segment_sum

__all__ = ["max_pool", "mean_pool", "sum_pool"]


def sum_pool(graphs: jraph.GraphsTuple) -> Float[Array, "graphs features"]:
    """Sum of `graphs.nodes` over the nodes of each graph."""
    return segment_sum(graphs.nodes, node_graph_ids(graphs), graphs.n_node.shape[0])


def mean_pool(graphs: jraph.GraphsTuple) -> Float[Array, "graphs features"]:
    """Mean of `graphs.nodes` over the nodes of each graph."""
    return segment_mean(graphs.nodes, node_graph_ids(graphs), graphs.n_node.shape[0])


def max_pool(graphs: jraph.GraphsTuple) -> Float[Array, "graphs features"]:
    """Largest value of each feature of `graphs.nodes` over the nodes of each graph."""
    return segment_max(graphs.nodes, node_graph_ids(graphs), graphs.n_node.shape[0])
