"""One graph's nodes, and the edges into them, in parts of about equal work: one part for each device of a mesh."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Int, Shaped

from gnnjax.models.node_inputs import NodeInputs, NodeShard
from gnnjax.ops import SparsePattern
from gnnjax.ops.sparse import ordered_pattern

__all__ = ["NodePartition", "partition_inputs", "partition_nodes"]


class NodePartition(NamedTuple):
    """Ranges of nodes, one for each part, and the one number of rows that all parts are padded to.

    Arrays of a partitioned graph are those of its parts, one after the other.

    Attributes:
      starts: `[parts + 1]`, the first node of each part.
      size: rows of a part; the last of them is padding in every part.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import parallel
      >>> partition = parallel.NodePartition(starts=np.array([0, 2, 3]), size=3)  # As partition_nodes returns it.
      >>> partition.pad(np.array([7, 8, 9])).tolist(), partition.rows(np.array([2])).tolist()
      ([7, 8, 0, 9, 0, 0], [3])
    """

    starts: Int[np.ndarray, " starts"]
    size: int

    @property
    def num_parts(self) -> int:
        """Number of parts, of which some may be without nodes."""
        return len(self.starts) - 1

    def rows(self, nodes: Int[np.ndarray, " ids"]) -> Int[np.ndarray, " ids"]:
        """The rows that nodes have in a padded array."""
        part = np.searchsorted(self.starts, nodes, side="right") - 1
        return part * self.size + nodes - self.starts[part]

    def pad(self, x: Shaped[Array | np.ndarray, "nodes *features"]) -> Shaped[np.ndarray, "rows *features"]:
        """One row for each node as `[parts * size, ...]`, with zeros (or False) in rows of padding."""
        padded = np.zeros((self.num_parts * self.size, *x.shape[1:]), x.dtype)
        padded[self.rows(np.arange(len(x)))] = x
        return padded

    def unpad(self, x: Shaped[Array | np.ndarray, "rows *features"]) -> Shaped[np.ndarray, "nodes *features"]:
        """The inverse of `pad`."""
        return np.asarray(x)[self.rows(np.arange(self.starts[-1]))]


def partition_nodes(pattern: SparsePattern, num_parts: int) -> NodePartition:
    """Splits the nodes into contiguous ranges that are alike in nodes plus entries. Runs on the host, in numpy.

    No part exceeds the mean of nodes plus entries by more than what the largest node has. The order of the nodes is
    kept: nothing looks for parts with few edges between them (as METIS would), since every part receives the features
    of all nodes anyway. Where nodes are ordered by degree, parts differ in nodes and in entries though not in their
    sum, and padding wastes the difference; a random order of the nodes avoids that.

    Args:
      pattern: entry (i, j) where node i reads from node j; the part of i owns it.
      num_parts: at least 1; more than there are nodes leaves some without nodes.

    Raises:
      ValueError: there are no parts.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import ops, parallel
      >>> rows = np.array([0, 0, 0, 0, 0, 1, 2, 3, 4, 5])  # Node 0 reads from all others, each of them from node 0.
      >>> parallel.partition_nodes(ops.sparse_pattern(rows, rows[::-1], 6), 2)
      NodePartition(starts=array([0, 2, 6]), size=5)
    """
    if num_parts < 1:
        raise ValueError(f"num_parts is {num_parts}, must be at least 1")
    work_before = np.asarray(pattern.row_pointers, np.int64) + np.arange(pattern.num_nodes + 1)
    shares = work_before[-1] * np.arange(num_parts + 1) / num_parts
    starts = np.searchsorted(work_before, shares)
    return NodePartition(starts, int(np.diff(starts).max()) + 1)


def partition_inputs(inputs: NodeInputs, partition: NodePartition, axis_name: str) -> NodeInputs:
    """The parts of a graph one after the other, to be split along the first axis of every array by `jax.shard_map`.

    Runs on the host, in numpy. Padding entries join a part's last row, which is padding, to itself. Bias and positional
    encoding of the dense attention are left out.

    With D parts of n rows and e entries, F input features, hidden width H and h heads, a device holds `4 n F` bytes of
    features and `20 e + 8 n + 4 D n` of structure. In training it gathers `4 D n H` for the convolution at work; each
    layer of sparse attention keeps `8 D n H` of gathered keys and values for its gradient, and the layer at work takes
    two to three times that (measured with two heads); activations are 1 / D of one device's.

    Args:
      inputs: the graph.
      partition: of its nodes.
      axis_name: of the mesh.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import models, ops, parallel
      >>> pattern = ops.sparse_pattern(np.array([0, 1, 2]), np.array([1, 2, 0]), 3)
      >>> inputs = models.NodeInputs(np.array([[7.0], [8.0], [9.0]], np.float32), pattern)
      >>> parts = parallel.partition_inputs(inputs, parallel.partition_nodes(pattern, 2), "data")
      >>> parts.nodes[:, 0].tolist(), parts.shard.first_entry.tolist()
      ([7.0, 8.0, 0.0, 9.0, 0.0, 0.0], [0, 2])
    """
    pattern, size, num_parts = inputs.pattern, partition.size, partition.num_parts
    rows, columns = (partition.rows(np.asarray(ids)) for ids in (pattern.rows, pattern.columns))
    first_entries = np.asarray(pattern.row_pointers)[partition.starts]
    num_entries = int(np.diff(first_entries).max())
    parts = rows // size
    places = parts * num_entries + np.arange(len(rows)) - first_entries[parts]

    def pad(values, padding):
        padded = np.array(np.broadcast_to(padding, (num_parts, num_entries)))
        padded.reshape(-1)[places] = values
        return padded

    last_rows = np.arange(1, num_parts + 1)[:, None] * size - 1
    own = zip(pad(rows % size, size - 1), pad(columns, last_rows), strict=True)
    patterns = [ordered_pattern(*entries, size, num_parts * size) for entries in own]
    shard = NodeShard(
        node_numbers=(partition.starts[:-1, None] + np.arange(size)).reshape(-1),
        first_entry=first_entries[:-1],
        column_degrees=pad(np.diff(pattern.row_pointers)[pattern.columns], 0).reshape(-1),
        axis_name=axis_name,
    )
    joined = SparsePattern(*(np.concatenate(arrays) for arrays in zip(*patterns, strict=True)))
    shard = jax.tree.map(lambda ids: ids.astype(np.int32), shard)
    return NodeInputs(partition.pad(inputs.nodes), joined, shard=shard)
