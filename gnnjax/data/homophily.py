"""How much edges join nodes of one class, by the three measures of the Attention Graphs paper's Table 1."""

import numpy as np

from gnnjax.data.node_dataset import NodeDataset, sorted_unique_edges

__all__ = ["adjusted_homophily", "edge_homophily", "node_homophily"]


def node_homophily(dataset: NodeDataset) -> float:
    """The mean over nodes of the share of a node's incoming edges that come from its own class; in 0 .. 1.

    A node without incoming edges counts as 0. Self loops count as edges.

    Source: Pei et al., ICLR 2020 (arXiv 2002.05287), with incoming edges and isolated nodes as in DGL.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> edges = np.array([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]], np.int32)
      >>> classes = np.array([0, 0, 0, 1], np.int32)
      >>> path = data.NodeDataset("path", np.eye(4, dtype=np.float32), *edges, classes, num_classes=2)
      >>> data.node_homophily(path)
      0.625
    """
    same = dataset.labels[dataset.senders] == dataset.labels[dataset.receivers]
    incoming = np.bincount(dataset.receivers, minlength=dataset.num_nodes)
    alike = np.bincount(dataset.receivers, same, dataset.num_nodes)
    return float(np.mean(alike / np.maximum(incoming, 1)))


def edge_homophily(dataset: NodeDataset) -> float:
    """The share of the directed edges, self loops included, that join one class; in 0 .. 1, NaN without edges.

    Source: Zhu et al., NeurIPS 2020 (arXiv 2006.11468).

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> edges = np.array([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]], np.int32)
      >>> classes = np.array([0, 0, 0, 1], np.int32)
      >>> path = data.NodeDataset("path", np.eye(4, dtype=np.float32), *edges, classes, num_classes=2)
      >>> round(data.edge_homophily(path), 2)
      0.67
    """
    return _share_within_classes(dataset.labels, dataset.senders, dataset.receivers)


def adjusted_homophily(dataset: NodeDataset) -> float:
    """Edge homophily of the undirected graph, less what the degrees of the classes alone give; at most 1.

    0 is what edges drawn at random between the same degrees have. NaN without edges, and where one class has all edges.
    The edges are made symmetric and each counted once per direction, a self loop once. The degrees of the classes are
    what the paper's published table follows; its formula speaks of numbers of nodes.

    Source: Platonov et al., NeurIPS 2023 (arXiv 2209.06177).

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> edges = np.array([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]], np.int32)
      >>> classes = np.array([0, 0, 0, 1], np.int32)
      >>> path = data.NodeDataset("path", np.eye(4, dtype=np.float32), *edges, classes, num_classes=2)
      >>> round(data.adjusted_homophily(path), 2)
      -0.2
    """
    senders, receivers = sorted_unique_edges(
        np.concatenate([dataset.senders, dataset.receivers]), np.concatenate([dataset.receivers, dataset.senders])
    )
    found = _share_within_classes(dataset.labels, senders, receivers)
    expected = np.sum((np.bincount(dataset.labels[senders]) / max(len(senders), 1)) ** 2)
    return float((found - expected) / (1 - expected)) if expected < 1 else float("nan")


def _share_within_classes(labels: np.ndarray, senders: np.ndarray, receivers: np.ndarray) -> float:
    return float(np.mean(labels[senders] == labels[receivers])) if len(senders) else float("nan")
