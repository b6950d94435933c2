"""What the node classifiers read: one graph, and what is known of its structure."""

import dataclasses
import functools
from typing import Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import jraph
import numpy as np
from jaxtyping import Array, Float, Int

from gnnjax.nn import Linear
from gnnjax.ops import SparsePattern, sparse_pattern, spmm
from gnnjax.ops.sparse import ordered_pattern

__all__ = ["Flow", "NodeInputs", "NodeShard", "node_inputs"]

Flow = Literal["to_receivers", "to_senders"]

# Of entries that are not 0. A sparse product does as many operations in ten to twenty times the time.
_SPARSE_SHARE = 0.03


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["node_numbers", "first_entry", "column_degrees"],
    meta_fields=["axis_name"],
)
@dataclasses.dataclass(frozen=True)
class NodeShard:
    """Where one device's nodes are in a graph that is partitioned over a mesh (`parallel.partition_inputs`).

    Attributes:
      node_numbers: `[nodes]`, of the device's nodes in the whole graph; padding nodes have any.
      first_entry: `[1]`, the number of its first entry in the whole pattern, of which its own are a range; `[parts]`
        before the parts are split over the devices.
      column_degrees: `[entries]`, the number of entries in the row of each entry's column.
      axis_name: of the mesh.
    """

    node_numbers: Int[Array | np.ndarray, " nodes"]
    first_entry: Int[Array | np.ndarray, " parts"]
    column_degrees: Int[Array | np.ndarray, " entries"]
    axis_name: str


class SparseFeatures(NamedTuple):
    """Features that are mostly 0, such as bags of words, by those that are not; a pytree of arrays.

    Attributes:
      values: `[entries]`, in the order of `pattern`.
      pattern: `[nodes, features]`.
    """

    values: Float[Array | np.ndarray, " entries"]
    pattern: SparsePattern


class NodeInputs(NamedTuple):
    """One graph for node classification; a pytree of arrays.

    Attributes:
      nodes: `[nodes, features]`.
      pattern: entry (i, j) where node i reads from node j, each node from itself included.
      distance_bias: `[nodes, nodes]`, or None; read by the dense attention with bias alone.
      positional_encoding: `[nodes, size]`, or None; read by the dense attention without bias alone.
      shard: None, or the graph is partitioned and this is the part of one device, inside of `jax.shard_map`: nodes and
        rows of the pattern are its own, columns count the nodes of all devices one after the other.
      sparse_nodes: `nodes` once more where few of its entries are not 0, for `encode`; else None.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data, models
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> inputs = models.node_inputs(path)
      >>> inputs.nodes.shape, inputs.pattern.num_nodes, len(inputs.pattern.rows)
      ((3, 3), 3, 7)
    """

    nodes: Float[Array | np.ndarray, "nodes features"]
    pattern: SparsePattern
    distance_bias: Float[Array | np.ndarray, "nodes nodes"] | None = None
    positional_encoding: Float[Array | np.ndarray, "nodes size"] | None = None
    shard: NodeShard | None = None
    sparse_nodes: SparseFeatures | None = None

    def encode(self, encoder: Linear) -> Float[Array, "nodes out_features"]:
        """The nodes' features after a linear layer; on CPU the product skips zeros where there are many."""
        if self.sparse_nodes is None or jax.default_backend() != "cpu":
            return encoder(jnp.asarray(self.nodes))
        values, pattern = self.sparse_nodes
        return spmm(values, encoder.kernel[...], pattern) + encoder.bias[...]

    def gather(self, x: Float[Array, "nodes *features"]) -> Float[Array, "columns *features"]:
        """The rows that the pattern's columns count, from this device's rows and those of the others."""
        return x if self.shard is None else jax.lax.all_gather(x, self.shard.axis_name, tiled=True)


def node_inputs(
    graph: jraph.GraphsTuple,
    *,
    flow: Flow = "to_receivers",
    distance_bias: np.ndarray | None = None,
    positional_encoding: np.ndarray | None = None,
) -> NodeInputs:
    """Prepares one graph, on the host. Duplicate edges count once; every node gets one self loop.

    Args:
      graph: a single graph without padding; `nodes` is `[nodes, features]`.
      flow: along the edges, so that receivers read from their senders, or against them. On a symmetric graph they are
        the same.
      distance_bias, positional_encoding: see `NodeInputs`.

    Raises:
      ValueError: there are several graphs, an edge names a node that is not there, or a shape does not fit.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data, models
      >>> arrow = data.from_arrays([np.eye(2)], [([0], [1])], [0])[0]
      >>> patterns = [models.node_inputs(arrow, flow=flow).pattern for flow in ("to_receivers", "to_senders")]
      >>> [list(zip(pattern.rows.tolist(), pattern.columns.tolist())) for pattern in patterns]
      [[(0, 0), (1, 0), (1, 1)], [(0, 0), (0, 1), (1, 1)]]
    """
    if len(graph.n_node) != 1:
        raise ValueError(f"node_inputs takes a single graph, got a batch of {len(graph.n_node)}")
    if flow not in get_args(Flow):
        raise ValueError(f"flow is {flow!r}, must be one of {', '.join(get_args(Flow))}")
    num_nodes = graph.nodes.shape[0]
    if distance_bias is not None and distance_bias.shape != (num_nodes, num_nodes):
        raise ValueError(f"distance_bias must be [{num_nodes}, {num_nodes}], is {list(distance_bias.shape)}")
    if positional_encoding is not None and positional_encoding.shape[:1] != (num_nodes,):
        raise ValueError(f"positional_encoding must have {num_nodes} rows, has {len(positional_encoding)}")
    ends = np.asarray(graph.receivers), np.asarray(graph.senders)
    rows, columns = ends if flow == "to_receivers" else ends[::-1]
    loops = np.arange(num_nodes)
    pattern = sparse_pattern(np.concatenate([rows, loops]), np.concatenate([columns, loops]), num_nodes)
    return NodeInputs(
        graph.nodes, pattern, distance_bias, positional_encoding, sparse_nodes=_sparse_features(np.asarray(graph.nodes))
    )


def _sparse_features(nodes: np.ndarray) -> SparseFeatures | None:
    """None where a product with a matrix is faster if it does not look for zeros."""
    rows, columns = np.nonzero(nodes)
    if len(rows) > _SPARSE_SHARE * nodes.size:
        return None
    return SparseFeatures(nodes[rows, columns], ordered_pattern(rows, columns, *nodes.shape))
