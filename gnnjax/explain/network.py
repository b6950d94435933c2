"""The attention graph as a network: a networkx graph of it, and the statistics of network science."""

from typing import NamedTuple

import networkx as nx
import numpy as np
from jaxtyping import Integer

from gnnjax.explain.assortativity import class_assortativity
from gnnjax.explain.checks import (
    AdjacencyMatrix,
    AttentionGraph,
    adjacency_matrix,
    attention_matrix,
    class_labels,
    off_diagonal,
)
from gnnjax.explain.clustering import mean_clustering
from gnnjax.explain.gini import gini
from gnnjax.explain.input_graph import edge_correlation, edge_overlap
from gnnjax.explain.pagerank import pagerank
from gnnjax.explain.quasi_adjacency import prune
from gnnjax.explain.reciprocity import reciprocity

__all__ = ["NetworkStatistics", "network_statistics", "to_graph"]


class NetworkStatistics(NamedTuple):
    """Statistics of attention between different nodes; NaN where one is undefined, as without any such attention.

    Those of the first group weigh all attention; the second group looks at the quasi-adjacency, the largest entries.

    Attributes:
      in_degree_gini: Gini coefficient of the attention that nodes receive.
      pagerank_gini: Gini coefficient of PageRank.
      reciprocity: share of attention that is returned, in [0, 1].
      class_assortativity: 1 if attention stays within classes, 0 if it ignores them.
      edge_correlation: correlation with the adjacency of the input graph.
      num_edges: entries of the quasi-adjacency.
      edge_overlap: Jaccard overlap of the quasi-adjacency with the input graph.
      clustering: mean local clustering coefficient, without weights or directions.
      num_communities: communities found by Louvain's method with weights, single nodes included.
      modularity: of these communities.
      community_rand: adjusted Rand index of communities and classes.
      community_information: normalized mutual information of communities and classes.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> ring = np.roll(np.eye(4), 1, axis=1)  # each node attends to the next
      >>> statistics = explain.network_statistics(ring, ring, np.array([0, 0, 1, 1]))
      >>> statistics.reciprocity, statistics.edge_overlap
      (0.0, 1.0)
    """

    in_degree_gini: float
    pagerank_gini: float
    reciprocity: float
    class_assortativity: float
    edge_correlation: float
    num_edges: int
    edge_overlap: float
    clustering: float
    num_communities: int
    modularity: float
    community_rand: float
    community_information: float


def to_graph(
    attention_graph: AttentionGraph,
    *,
    threshold: float | None = None,
    count: int | None = None,
    labels: Integer[np.ndarray, " nodes"] | None = None,
) -> nx.DiGraph:
    """A networkx graph with an edge from query to key, attribute `weight`, for each entry kept; all nodes are in it.

    Args:
      attention_graph: dense or sparse, row = query, column = key.
      threshold, count: what to keep, as in `prune`; all above zero by default.
      labels: class of each node, which becomes the node attribute `label`.

    Raises:
      ValueError: as in `prune`, or `labels` are not one class for each node.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> graph = explain.to_graph(np.array([[0.5, 0.5], [0.25, 0.75]]), threshold=0.5, labels=np.array([1, 0]))
      >>> list(graph.edges(data="weight")), graph.nodes[0]["label"]
      ([(0, 0, 0.5), (0, 1, 0.5), (1, 1, 0.75)], 1)
    """
    kept = prune(attention_graph, threshold=threshold, count=count).tocoo()
    graph = nx.DiGraph()
    graph.add_nodes_from(range(kept.shape[0]))
    if labels is not None:
        graph.add_nodes_from(
            (node, {"label": int(label)}) for node, label in enumerate(class_labels(labels, len(graph)))
        )
    graph.add_weighted_edges_from(zip(*(axis.tolist() for axis in kept.coords), kept.data.tolist(), strict=True))
    return graph


def network_statistics(
    attention_graph: AttentionGraph,
    adjacency: AdjacencyMatrix,
    labels: Integer[np.ndarray, " nodes"],
    *,
    count: int | None = None,
    seed: int = 0,
) -> NetworkStatistics:
    """Statistics of an attention graph as a network of different nodes; attention of nodes to themselves is left out.

    Args:
      attention_graph: dense or sparse, row = query, column = key.
      adjacency: the input graph, `[sender, receiver]`.
      labels: class of each node.
      count: entries of the quasi-adjacency; by default the edges of the input graph without its self loops.
      seed: of Louvain's method.

    Raises:
      ValueError: shapes do not fit, attention is negative or not finite, or `count` is out of range.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> groups = np.kron(np.eye(2), np.ones((3, 3)))  # three nodes that attend to each other, and three more
      >>> statistics = explain.network_statistics(groups / 3, groups, np.array([0, 0, 0, 1, 1, 1]))
      >>> statistics.num_communities, statistics.community_rand, round(statistics.class_assortativity, 2)
      (2, 1.0, 1.0)
    """
    # Here and not above, because it takes longer to import than all of gnnjax.
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score  # noqa: PLC0415

    attention = off_diagonal(attention_matrix(attention_graph))
    nodes = attention.shape[0]
    labels = class_labels(labels, nodes)
    edges = adjacency_matrix(adjacency, nodes, self_loops=False)
    quasi = prune(attention, count=edges.nnz if count is None else count)
    graph = nx.from_scipy_sparse_array(quasi + quasi.T)
    communities = nx.community.louvain_communities(graph, seed=seed)
    membership = np.empty(nodes, np.int64)
    for index, members in enumerate(communities):
        membership[list(members)] = index
    return NetworkStatistics(
        in_degree_gini=gini(np.asarray(attention.sum(axis=0, dtype=np.float64))),
        pagerank_gini=gini(pagerank(attention)),
        reciprocity=reciprocity(attention),
        class_assortativity=class_assortativity(attention, labels),
        edge_correlation=edge_correlation(attention, edges),
        num_edges=quasi.nnz,
        edge_overlap=edge_overlap(quasi, edges),
        clustering=mean_clustering(quasi),
        num_communities=len(communities),
        modularity=nx.community.modularity(graph, communities) if quasi.nnz else float("nan"),
        community_rand=float(adjusted_rand_score(labels, membership)),
        community_information=float(normalized_mutual_info_score(labels, membership)),
    )
