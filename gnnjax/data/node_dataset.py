"""One graph whose nodes are to be classified, in memory."""

import dataclasses
import hashlib
from functools import cached_property

import jraph
import numpy as np
import scipy.sparse
from jaxtyping import Int

from gnnjax.data.node_splits import PARTS, check_node_splits
from gnnjax.errors import DataError

__all__ = ["NodeDataset", "sorted_unique_edges"]


@dataclasses.dataclass(frozen=True, eq=False)
class NodeDataset:
    """One directed graph with node features, a class for each node and the publisher's masks.

    Construction validates every field. An undirected graph holds both directions of each edge.

    Attributes:
      name: what errors, logs and figures call the data.
      nodes: `[nodes, features]` float32.
      senders, receivers: `[edges]` int32, each edge once, sorted by sender and then receiver; self loops stay as they
        were published. `sorted_unique_edges` brings any list into this form.
      labels: `[nodes]` int32 in 0 .. num_classes - 1.
      num_classes: number of classes.
      splits: `{"train", "valid", "test"}`, the publisher's masks, each bool `[splits, nodes]`, or None. A node may be
        in no part of a split.
      source: where the data comes from, in words.

    Raises:
      DataError: a field has the wrong shape or type, an id or class is out of range, a feature is not finite, an edge
        occurs twice or out of order, or masks overlap; names the dataset, the field and the value.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> senders, receivers = data.sorted_unique_edges(np.array([1, 0, 2, 1]), np.array([0, 1, 1, 2]))
      >>> path = data.NodeDataset(
      ...     "path", np.eye(3, dtype=np.float32), senders, receivers, np.array([0, 1, 1], np.int32), num_classes=2
      ... )
      >>> path.num_nodes, path.num_edges
      (3, 4)
      >>> path.adjacency().toarray().tolist()
      [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """

    name: str
    nodes: np.ndarray
    senders: np.ndarray
    receivers: np.ndarray
    labels: np.ndarray
    num_classes: int
    splits: dict[str, np.ndarray] | None = None
    source: str = ""

    def __post_init__(self):
        _validate(self)

    @property
    def num_nodes(self) -> int:
        return len(self.nodes)

    @property
    def num_edges(self) -> int:
        """Number of directed edges, self loops included."""
        return len(self.senders)

    @property
    def graph(self) -> jraph.GraphsTuple:
        """The graph with its features, unpadded, as numpy arrays."""
        return jraph.GraphsTuple(
            nodes=self.nodes,
            edges=None,
            senders=self.senders,
            receivers=self.receivers,
            n_node=np.array([self.num_nodes], np.int32),
            n_edge=np.array([self.num_edges], np.int32),
            globals=None,
        )

    def adjacency(self, *, self_loops: bool = False) -> scipy.sparse.csr_array:
        """`[nodes, nodes]` float32, 1 at `[sender, receiver]` of each edge.

        Args:
          self_loops: whether every diagonal entry is 1; else those of the published self loops alone.
        """
        senders, receivers = self.senders, self.receivers
        if self_loops:
            everyone = np.arange(self.num_nodes, dtype=np.int32)
            senders, receivers = sorted_unique_edges(
                np.concatenate([senders, everyone]), np.concatenate([receivers, everyone])
            )
        starts = np.concatenate([[0], np.cumsum(np.bincount(senders, minlength=self.num_nodes))])
        ones = np.ones(len(senders), np.float32)
        return scipy.sparse.csr_array((ones, receivers, starts), shape=(self.num_nodes, self.num_nodes))

    def fingerprint(self) -> str:
        """SHA-256 of all that decides results; runs and caches store it to notice that their data has changed."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256(f"nodes {self.num_classes}".encode())
        arrays = {field: getattr(self, field) for field in ("nodes", "senders", "receivers", "labels")}
        arrays |= {f"split {part}": self.splits[part] for part in PARTS} if self.splits else {}
        for field, array in arrays.items():
            digest.update(f"{field} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def sorted_unique_edges(
    senders: Int[np.ndarray, " edges"], receivers: Int[np.ndarray, " edges"]
) -> tuple[Int[np.ndarray, " unique_edges"], Int[np.ndarray, " unique_edges"]]:
    """Each edge of the list once, sorted by sender and then receiver, as int32: what `NodeDataset` takes.

    Raises:
      DataError: an id does not fit into int32.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> senders, receivers = data.sorted_unique_edges(np.array([2, 0, 2]), np.array([1, 1, 1]))
      >>> senders.tolist(), receivers.tolist()
      ([0, 2], [1, 1])
    """
    order = np.lexsort((receivers, senders))
    ids = np.stack([senders, receivers])[:, order]
    edges = ids.astype(np.int32)
    if (edges != ids).any():
        raise DataError(f"node {ids[edges != ids][0]} is outside the numbers of nodes that a dataset can have (int32)")
    first = np.ones(len(order), bool)
    first[1:] = (edges[:, 1:] != edges[:, :-1]).any(axis=0)
    unique_senders, unique_receivers = edges[:, first]
    return unique_senders, unique_receivers


def _validate(data: NodeDataset) -> None:
    def fail(field: str, problem: str):
        raise DataError(f"{data.name}: field '{field}': {problem}")

    nodes = data.nodes
    if nodes.ndim != 2 or nodes.dtype != np.float32 or not nodes.size:
        fail("nodes", f"must be float32[nodes, features] and not empty, is {nodes.dtype}{list(nodes.shape)}")
    finite = np.isfinite(nodes).all(axis=1)
    if not finite.all():
        node = np.argmin(finite)
        column = np.argmin(np.isfinite(nodes[node]))
        fail("nodes", f"node {node}, column {column} is {nodes[node, column]}, must be finite")

    num_nodes = len(nodes)
    for field in ("senders", "receivers"):
        ids = getattr(data, field)
        if ids.ndim != 1 or ids.dtype != np.int32:
            fail(field, f"must be int32[edges], is {ids.dtype}{list(ids.shape)}")
        bad = (ids < 0) | (ids >= num_nodes)
        if bad.any():
            edge = np.argmax(bad)
            fail(field, f"edge {edge}: node {ids[edge]} is outside 0 .. {num_nodes - 1}")
    if len(data.receivers) != len(data.senders):
        fail("receivers", f"has {len(data.receivers)} entries for {len(data.senders)} senders")
    _validate_order(data, fail)

    if not isinstance(data.num_classes, int) or data.num_classes < 1:
        fail("num_classes", f"must be an integer of at least 1, is {data.num_classes!r}")
    labels = data.labels
    if labels.shape != (num_nodes,) or labels.dtype != np.int32:
        fail("labels", f"must be int32[{num_nodes}], is {labels.dtype}{list(labels.shape)}")
    bad = (labels < 0) | (labels >= data.num_classes)
    if bad.any():
        node = np.argmax(bad)
        fail("labels", f"node {node}: class {labels[node]} is outside 0 .. {data.num_classes - 1}")
    if data.splits is not None:
        check_node_splits(data.splits, num_nodes, name=f"{data.name}: field 'splits'")


def _validate_order(data: NodeDataset, fail) -> None:
    keys = data.senders.astype(np.int64) * data.num_nodes + data.receivers
    steps = np.diff(keys)
    if (steps > 0).all():
        return
    # Two equal edges may lie apart in a list that is not sorted.
    ordered = np.sort(keys)
    repeated = ordered[1:] == ordered[:-1]
    if repeated.any():
        sender, receiver = divmod(int(ordered[np.argmax(repeated)]), data.num_nodes)
        fail("senders", f"the edge {sender} -> {receiver} occurs more than once; use sorted_unique_edges")
    edge = np.argmax(steps <= 0) + 1
    fail("senders", f"edge {edge} is out of order by (sender, receiver); use sorted_unique_edges")
