"""Logits of a graph whose nodes are partitioned over devices."""

import functools
from collections.abc import Callable

import jax
import numpy as np
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Float

from gnnjax.models import GraphConvolution, GraphTransformer, NodeInputs
from gnnjax.parallel.mesh import map_parts, node_axis
from gnnjax.parallel.node_partition import partition_inputs, partition_nodes

__all__ = ["partitioned_logits"]


def partitioned_logits(
    model: GraphConvolution | GraphTransformer, inputs: NodeInputs, mesh: Mesh, *, key: jax.Array | None = None
) -> Float[np.ndarray, "nodes out_features"]:
    """What `model(inputs, key=key)` gives, computed with the nodes partitioned over the devices of a mesh.

    Args:
      model: graph convolutions, or a transformer with sparse attention.
      inputs: the graph.
      mesh: of one axis.
      key: for dropout, whose noise is that of one device; None switches it off.

    Raises:
      ValueError: the model's attention is dense, or the mesh has several axes.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import models, ops, parallel
      >>> pattern = ops.sparse_pattern(np.array([0, 1, 2]), np.array([1, 2, 0]), 3)
      >>> inputs = models.NodeInputs(np.eye(3, dtype=np.float32), pattern)
      >>> model = models.GraphConvolution(3, 2, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
      >>> logits = parallel.partitioned_logits(model, inputs, parallel.data_mesh())
      >>> logits.shape, np.allclose(logits, model(inputs), atol=1e-5)
      ((3, 2), True)
    """
    axis = node_axis(mesh)
    graphdef, state = nnx.split(model)
    partition = partition_nodes(inputs.pattern, mesh.size)
    split = jax.device_put(partition_inputs(inputs, partition, axis), NamedSharding(mesh, PartitionSpec(axis)))
    whole = jax.device_put((state, key), NamedSharding(mesh, PartitionSpec()))
    return partition.unpad(_make_forward(graphdef, mesh)(*whole, split))


@functools.lru_cache(maxsize=16)
def _make_forward(graphdef: nnx.GraphDef, mesh: Mesh) -> Callable[..., jax.Array]:
    """The jitted `forward(state, key, inputs)`."""

    def forward(state, key, inputs):
        # A process can read all of what every device holds, but not what lies on another process's devices.
        return inputs.gather(nnx.merge(graphdef, state, copy=True)(inputs, key=key))

    whole, split = PartitionSpec(), PartitionSpec(node_axis(mesh))
    return jax.jit(map_parts(forward, mesh, in_specs=(whole, whole, split), out_specs=whole))
