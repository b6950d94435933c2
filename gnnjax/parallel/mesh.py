"""Functions that run on the parts of the devices of a mesh, and sums over these."""

from collections.abc import Callable
from typing import Any

import jax
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh

__all__ = ["map_parts", "node_axis", "sum_over_devices"]


def node_axis(mesh: Mesh) -> str:
    """The name of the mesh's axis.

    Raises:
      ValueError: it has several.

    Examples:
      >>> from gnnjax import parallel
      >>> parallel.node_axis(parallel.data_mesh(1))
      'data'
    """
    if len(mesh.axis_names) != 1:
        raise ValueError(f"nodes are partitioned over a mesh of one axis, this one has {mesh.axis_names}")
    return mesh.axis_names[0]


def map_parts(function: Callable[..., Any], mesh: Mesh, *, in_specs: Any, out_specs: Any) -> Callable[..., Any]:
    """`jax.shard_map` without its check that results declared as equal on all devices are equal.

    jaxlib's compressed-row product does not say that its result differs between devices, so the check would fail.
    Without it the gradient of a `psum` is another `psum`: sum gradients, do not differentiate sums.

    Examples:
      >>> import jax.numpy as jnp
      >>> from jax.sharding import PartitionSpec
      >>> from gnnjax import parallel
      >>> def total(part):  # Each device sums its part of the rows, then all devices add up.
      ...     return parallel.sum_over_devices(part.sum(), "data")
      >>> split, whole = PartitionSpec("data"), PartitionSpec()
      >>> float(parallel.map_parts(total, parallel.data_mesh(1), in_specs=split, out_specs=whole)(jnp.arange(4.0)))
      6.0
    """
    return jax.shard_map(function, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=False)


def sum_over_devices(tree: Any, axis_name: str | None) -> Any:
    """Sums each array over the devices, all in one reduction of one flat vector; without an axis, the tree itself.

    Each reduction costs some milliseconds between processes, however small it is.

    Examples:
      >>> import jax, jax.numpy as jnp
      >>> from gnnjax import parallel
      >>> def total(loss, gradient):
      ...     return parallel.sum_over_devices({"loss": loss, "gradient": gradient}, "data")
      >>> mapped = jax.vmap(total, axis_name="data")  # In place of two devices.
      >>> totals = mapped(jnp.array([1.0, 2.0]), jnp.array([[3.0], [4.0]]))
      >>> totals["loss"].tolist(), totals["gradient"].tolist()
      ([3.0, 3.0], [[7.0], [7.0]])
    """
    if axis_name is None:
        return tree
    flat, unravel = ravel_pytree(tree)
    return unravel(jax.lax.psum(flat, axis_name))
