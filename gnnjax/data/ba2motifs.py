"""BA-2Motifs, small graphs whose true explanations are known: a five-cycle or a house hangs on a random tree."""

import random

import networkx as nx
import numpy as np
from jaxtyping import Float, Integer

from gnnjax.data.dataset import GraphDataset

__all__ = ["NUM_FEATURES", "NUM_NODES", "dataset_of_motifs", "generate_ba2motifs"]

BASE_NODES, MOTIF_NODES = 20, 5
NUM_NODES = BASE_NODES + MOTIF_NODES
NUM_FEATURES = 10
_CYCLE = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 0))
_HOUSE = ((0, 1), (1, 2), (2, 3), (3, 0), (4, 0), (4, 1))


def generate_ba2motifs(num_graphs: int = 1000, seed: int = 0) -> GraphDataset:
    """Draws graphs to the published specification.

    Each graph has a 20-node Barabasi-Albert graph (nodes 0 .. 19) and a 5-node motif (nodes 20 .. 24), a cycle in class
    0 and a house in class 1, joined by an edge from node 0 to node 20. The motif's edges are the true explanation. The
    first half of the graphs is class 0, the second class 1, as in the published file. In 40 of the published graphs a
    self loop at node 20 takes the place of the edge that joins the motif, so that it is cut off; this is not copied.
    The same arguments give the same graphs.

    Args:
      num_graphs: at least 2; of an odd number the larger half is class 1.
      seed: at least 0.

    Returns:
      Graphs with node features `[25, 10]` that are all 0.1, both directions of each edge, and `edge_labels`.

    Raises:
      ValueError: an argument is too small.

    Source: Luo et al., NeurIPS 2020 (arXiv 2011.04573).

    Examples:
      >>> from gnnjax import data
      >>> dataset = data.generate_ba2motifs(num_graphs=4)
      >>> dataset.labels[:, 0].tolist(), dataset.n_edge.tolist(), int(dataset.edge_labels.sum())
      ([0.0, 0.0, 1.0, 1.0], [50, 50, 52, 52], 44)
    """
    if num_graphs < 2 or seed < 0:
        raise ValueError(f"num_graphs must be at least 2 and seed at least 0, got {num_graphs} and {seed}")
    rng = random.Random(seed)
    classes = (np.arange(num_graphs) >= num_graphs // 2).astype(int)
    adjacency = np.zeros((num_graphs, NUM_NODES, NUM_NODES), np.uint8)
    for graph, label in zip(adjacency, classes, strict=True):
        base = nx.barabasi_albert_graph(BASE_NODES, 1, seed=rng).edges
        motif = [(BASE_NODES + a, BASE_NODES + b) for a, b in (_HOUSE if label else _CYCLE)]
        senders, receivers = np.array([*base, *motif, (0, BASE_NODES)]).T
        graph[senders, receivers] = graph[receivers, senders] = 1
    features = np.full((num_graphs, NUM_NODES, NUM_FEATURES), 0.1, np.float32)
    return dataset_of_motifs("ba2motifs-generated", adjacency, features, classes, f"generated with seed {seed}")


def dataset_of_motifs(
    name: str,
    adjacency: Integer[np.ndarray, "graphs nodes nodes"],
    features: Float[np.ndarray, "graphs nodes features"],
    classes: Integer[np.ndarray, " graphs"],
    source: str,
) -> GraphDataset:
    """The dataset of graphs whose first 20 nodes are the base; edges among the others are the true explanation."""
    graph_ids, senders, receivers = np.nonzero(adjacency)
    num_graphs, num_nodes = adjacency.shape[:2]
    return GraphDataset(
        name=name,
        task="binary",
        n_node=np.full(num_graphs, num_nodes, np.int32),
        n_edge=np.bincount(graph_ids, minlength=num_graphs).astype(np.int32),
        nodes=features.reshape(num_graphs * num_nodes, -1).astype(np.float32),
        senders=senders.astype(np.int32),
        receivers=receivers.astype(np.int32),
        labels=classes[:, None].astype(np.float32),
        edge_labels=((senders >= BASE_NODES) & (receivers >= BASE_NODES)).astype(np.uint8),
        source=source,
    )
