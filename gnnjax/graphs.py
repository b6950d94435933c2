"""Helpers for `jraph.GraphsTuple`: which graph a node or an edge belongs to, opposite edges, networkx."""

import jax
import jax.numpy as jnp
import jraph
import networkx as nx
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Int

__all__ = [
    "edge_graph_ids",
    "graph_padding_mask",
    "in_degrees",
    "node_graph_ids",
    "reverse_edges",
    "to_networkx",
]


def node_graph_ids(graphs: jraph.GraphsTuple) -> Int[Array, " nodes"]:
    """For each node the index of its graph. Can be jitted.

    >>> import jraph, networkx as nx
    >>> from gnnjax import data, graphs
    >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3)], [1, 0])
    >>> graphs.node_graph_ids(jraph.batch(list(paths))).tolist()
    [0, 0, 1, 1, 1]
    """
    return _repeat_ids(graphs.n_node, graphs.nodes.shape[0])


def edge_graph_ids(graphs: jraph.GraphsTuple) -> Int[Array, " edges"]:
    """For each edge the index of its graph. Can be jitted.

    >>> import jraph, networkx as nx
    >>> from gnnjax import data, graphs
    >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3)], [1, 0])
    >>> graphs.edge_graph_ids(jraph.batch(list(paths))).tolist()
    [0, 0, 1, 1, 1, 1]
    """
    return _repeat_ids(graphs.n_edge, graphs.senders.shape[0])


def _repeat_ids(sizes: ArrayLike, total: int) -> Int[Array, " total"]:
    sizes = jnp.asarray(sizes)
    return jnp.repeat(jnp.arange(sizes.shape[0], dtype=jnp.int32), sizes, total_repeat_length=total)


def graph_padding_mask(graphs: jraph.GraphsTuple) -> Bool[Array, " graphs"]:
    """True for real graphs, for a batch padded by `jraph.pad_with_graphs`. Can be jitted.

    A batch without padding cannot be told from a padded one: its last graph would count as padding.

    >>> import jraph, networkx as nx
    >>> from gnnjax import data, graphs
    >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3)], [1, 0])
    >>> batch = jraph.pad_with_graphs(jraph.batch(list(paths)), n_node=8, n_edge=8, n_graph=4)
    >>> graphs.graph_padding_mask(batch).tolist()
    [True, True, False, False]
    """
    return jraph.get_graph_padding_mask(graphs)


def in_degrees(graphs: jraph.GraphsTuple) -> Int[Array, " nodes"]:
    """For each node the number of edges that it receives. Can be jitted.

    >>> import networkx as nx
    >>> from gnnjax import data, graphs
    >>> [star] = data.from_networkx([nx.star_graph(3)], [1])
    >>> graphs.in_degrees(star).tolist()
    [3, 1, 1, 1]
    """
    ones = jnp.ones(graphs.receivers.shape, jnp.int32)
    return jax.ops.segment_sum(ones, graphs.receivers, graphs.nodes.shape[0])


def reverse_edges(senders, receivers, graph_ids, num_graphs: int):
    """For each edge the index of the opposite edge of its graph, matched by endpoints whatever the order.

    Applies to graphs whose edge set is symmetric; an edge of any other graph is its own reverse, so that
    `(a + a[reverse_edges]) / 2` averages both directions where the graph is undirected and leaves directed
    graphs as they are. Self loops are their own reverse; the k-th of several parallel edges is paired with
    the k-th opposite one.

    Args:
      senders, receivers: `[edges]` node ids, unique over the batch.
      graph_ids: `[edges]` index of the graph of each edge.
      num_graphs: number of graphs.

    Returns:
      `[edges]` integers, an involution. numpy in, numpy out; with JAX arrays it can be jitted.

    >>> import numpy as np
    >>> from gnnjax import graphs
    >>> senders, receivers, graph_ids = np.array([[0, 1, 1, 2, 3], [1, 2, 0, 1, 4], [0, 0, 0, 0, 1]])
    >>> graphs.reverse_edges(senders, receivers, graph_ids, num_graphs=2).tolist()
    [2, 3, 0, 1, 4]
    """
    xp = np if isinstance(senders, np.ndarray) else jnp
    # Sorted by (sender, receiver) and by (receiver, sender), a symmetric edge set lists opposite edges side
    # by side. A node belongs to one graph, so each graph's edges take the same stretch of both orders once
    # the graph leads.
    forward = xp.lexsort((receivers, senders, graph_ids))
    backward = xp.lexsort((senders, receivers, graph_ids))
    mismatch = (senders[forward] != receivers[backward]) | (receivers[forward] != senders[backward])
    identity = xp.arange(len(senders))
    if xp is np:
        asymmetric = np.zeros(num_graphs, bool)
        asymmetric[graph_ids[forward[mismatch]]] = True
        reverse = np.empty_like(identity)
        reverse[forward] = backward
    else:
        asymmetric = jnp.zeros(num_graphs, bool).at[graph_ids[forward]].max(mismatch)
        reverse = jnp.zeros_like(identity).at[forward].set(backward)
    return xp.where(asymmetric[graph_ids], identity, reverse)


def to_networkx(graph: jraph.GraphsTuple, edge_attention: ArrayLike | None = None) -> nx.DiGraph | nx.MultiDiGraph:
    """One graph as a networkx graph with node attribute `features` and edge attributes `features` and
    `attention`.

    Args:
      graph: a single graph without padding.
      edge_attention: `[edges]`, one value per edge, or None.

    Returns:
      A directed graph (a multigraph where edges are parallel); its nodes are numbered as in `graph`.

    Raises:
      ValueError: `graph` holds several graphs, or `edge_attention` not one value per edge.

    >>> import networkx as nx
    >>> from gnnjax import data, graphs
    >>> [pair] = data.from_networkx([nx.path_graph(2)], [1])
    >>> list(graphs.to_networkx(pair, edge_attention=[0.25, 0.75]).edges(data="attention"))
    [(0, 1, 0.25), (1, 0, 0.75)]
    """
    if len(graph.n_node) != 1:
        raise ValueError(f"to_networkx takes a single graph, got a batch of {len(graph.n_node)}")
    pairs = np.stack([np.asarray(graph.senders), np.asarray(graph.receivers)], axis=1)
    parallel = len(np.unique(pairs, axis=0)) < len(pairs)
    result = nx.MultiDiGraph() if parallel else nx.DiGraph()
    for node in range(int(graph.n_node[0])):
        result.add_node(node, features=np.asarray(graph.nodes[node]))
    attributes: list[dict] = [{} for _ in pairs]
    if graph.edges is not None:
        for attribute, value in zip(attributes, np.asarray(graph.edges), strict=True):
            attribute["features"] = value
    if edge_attention is not None:
        attention = np.asarray(edge_attention)
        if attention.shape != (len(pairs),):
            raise ValueError(f"edge_attention must have shape [{len(pairs)}], has {list(attention.shape)}")
        for attribute, value in zip(attributes, attention.tolist(), strict=True):
            attribute["attention"] = value
    for (sender, receiver), attribute in zip(pairs.tolist(), attributes, strict=True):
        result.add_edge(sender, receiver, **attribute)
    return result
