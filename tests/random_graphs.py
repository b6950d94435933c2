"""Small random datasets that hold every corner case of a graph."""

import numpy as np

from gnnjax.data import GraphDataset, NodeDataset, Task, random_node_splits, sorted_unique_edges

__all__ = ["random_dataset", "random_node_dataset"]


def random_dataset(
    rng_seed: int,
    num_graphs: int = 8,
    *,
    task: Task = "binary",
    in_features: int = 3,
    edge_features: int = 0,
    out_features: int = 1,
    max_nodes: int = 7,
) -> GraphDataset:
    """Draws a dataset; the same arguments give the same one.

    The graphs are, in turn: undirected with an isolated last node and a self loop; directed with parallel
    edges; several nodes without edges; a single node without edges. The edges come in random order.

    Args:
      rng_seed: of everything that is drawn.
      num_graphs: 4 or more to have every case.
      task: decides the labels; for `multilabel` one label in four is NaN.
      in_features: width of the node features.
      edge_features: width of the edge features, 0 for none.
      out_features: number of tasks (multilabel) or of classes (multiclass); 1 for binary.
      max_nodes: the most nodes of a graph, at least 3.
    """
    rng = np.random.default_rng(rng_seed)
    n_node, edges = zip(*(_random_graph(rng, index % 4, max_nodes) for index in range(num_graphs)), strict=True)
    n_edge = np.array([len(pairs) for pairs in edges], np.int32)
    total = int(n_edge.sum())
    senders, receivers = np.concatenate(edges).T.astype(np.int32)
    return GraphDataset(
        name="random",
        task=task,
        n_node=np.array(n_node, np.int32),
        n_edge=n_edge,
        nodes=rng.normal(size=(sum(n_node), in_features)).astype(np.float32),
        senders=senders,
        receivers=receivers,
        labels=_random_labels(rng, num_graphs, task, out_features),
        num_classes=out_features if task == "multiclass" else 2,
        edges=rng.normal(size=(total, edge_features)).astype(np.float32) if edge_features else None,
        edge_labels=rng.integers(0, 2, total).astype(np.uint8),
        splits={"test": np.arange(0, num_graphs, 2), "train": np.arange(1, num_graphs, 2)},
        source=f"random, seed {rng_seed}",
    )


def random_node_dataset(
    rng_seed: int, num_nodes: int = 20, *, num_classes: int = 3, in_features: int = 4, num_splits: int = 2
) -> NodeDataset:
    """Draws one directed graph with classes of nodes; the same arguments give the same one.

    Its last node is isolated, the two before it are joined with nothing else, and node 0 has a self loop.

    Args:
      rng_seed: of everything that is drawn.
      num_nodes: 6 or more.
      num_classes, in_features, num_splits: sizes.
    """
    rng = np.random.default_rng(rng_seed)
    drawn = rng.integers(0, num_nodes - 3, (2, 2 * num_nodes))
    senders, receivers = np.concatenate([drawn, [[0, num_nodes - 3], [0, num_nodes - 2]]], axis=1)
    senders, receivers = sorted_unique_edges(senders, receivers)
    return NodeDataset(
        name="random",
        nodes=rng.normal(size=(num_nodes, in_features)).astype(np.float32),
        senders=senders,
        receivers=receivers,
        labels=rng.integers(0, num_classes, num_nodes).astype(np.int32),
        num_classes=num_classes,
        splits=random_node_splits(num_nodes, num_splits=num_splits, seed=rng_seed),
        source=f"random, seed {rng_seed}",
    )


def _random_graph(rng: np.random.Generator, kind: int, max_nodes: int) -> tuple[int, np.ndarray]:
    """Number of nodes and `[edges, 2]` pairs (sender, receiver)."""
    num_nodes = int(rng.integers(3, max_nodes + 1))
    if kind == 0:
        pairs = np.argwhere(np.triu(rng.random((num_nodes - 1, num_nodes - 1)) < 0.6, 1))
        # Node 0 to node 1 is always there, so that no draw leaves the graph without an edge.
        pairs = np.unique(np.concatenate([pairs, [[0, 1]]]), axis=0)
        pairs = np.concatenate([pairs, pairs[:, ::-1], [[0, 0]]])
    elif kind == 1:
        pairs = rng.integers(0, num_nodes, (2 * num_nodes, 2))
        pairs = np.concatenate([pairs, pairs[:2], [[0, 1]]])
    else:
        num_nodes = num_nodes if kind == 2 else 1
        pairs = np.zeros((0, 2), int)
    return num_nodes, rng.permutation(pairs)


def _random_labels(rng: np.random.Generator, num_graphs: int, task: Task, out_features: int) -> np.ndarray:
    if task == "multiclass":
        return rng.integers(0, out_features, num_graphs).astype(np.int32)
    labels = rng.integers(0, 2, (num_graphs, out_features)).astype(np.float32)
    if task == "multilabel":
        labels[rng.random(labels.shape) < 0.25] = np.nan
    return labels
