"""Batches of graphs that the devices of a mesh share."""

from collections.abc import Iterator

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gnnjax.batch_part import DATA_AXIS, BatchPart
from gnnjax.data import (
    BatchShape,
    GraphBatch,
    GraphDataset,
    batch_shape,
    iterate_batches,
    make_batch,
    part_offsets,
    prefetch,
)

__all__ = ["data_mesh", "device_batches"]


def data_mesh(num_devices: int | None = None) -> Mesh:
    """A mesh of one axis, `data`, over the devices of all processes.

    Args:
      num_devices: how many of them; None takes all.

    Raises:
      ValueError: there are fewer, or a process would have none.

    Examples:
      >>> from gnnjax import parallel
      >>> mesh = parallel.data_mesh(1)
      >>> mesh.axis_names, mesh.size
      (('data',), 1)
    """
    devices = jax.devices()
    num_devices = len(devices) if num_devices is None else num_devices
    if not 1 <= num_devices <= len(devices):
        raise ValueError(f"num_devices is {num_devices}, must be between 1 and {len(devices)}, as many as there are")
    if {device.process_index for device in devices[:num_devices]} != set(range(jax.process_count())):
        raise ValueError(
            f"{num_devices} of {len(devices)} devices leave some of the {jax.process_count()} processes without one"
        )
    return Mesh(np.array(devices[:num_devices]), (DATA_AXIS,))


def device_batches(
    dataset: GraphDataset,
    indices: np.ndarray,
    *,
    batch_size: int,
    shape: BatchShape | None = None,
    mesh: Mesh | None = None,
) -> Iterator[GraphBatch]:
    """As `data.iterate_batches`, made ahead by a thread, and placed on the default device or on those of a mesh.

    On a mesh each batch is dealt out to the devices: every array has a leading axis of the devices, along which it lies
    on them, and every process gathers the graphs of its own devices alone. `shape` is then that of one device's part,
    `data.batch_shape` with `num_parts`.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data, parallel
      >>> pairs = data.from_arrays(None, [([0, 1], [1, 0])] * 4, [0, 1, 0, 1], n_node=[2] * 4)
      >>> batches = parallel.device_batches(pairs, np.arange(4), batch_size=2, mesh=parallel.data_mesh(1))
      >>> [batch.labels[:, :, 0].tolist() for batch in batches]  # A row per device, its last graph is padding.
      [[[0.0, 1.0, 0.0]], [[0.0, 1.0, 0.0]]]
    """
    if mesh is None:
        batches = iterate_batches(dataset, indices, batch_size=batch_size, shape=shape)
        return prefetch(jax.device_put(batch) for batch in batches)
    return prefetch(_shared_batches(dataset, indices, batch_size, shape, mesh))


def _shared_batches(dataset, indices, batch_size, shape, mesh):
    num_parts = mesh.size
    shape = batch_shape(dataset, [indices], batch_size, num_parts) if shape is None else shape
    own = [n for n, device in enumerate(mesh.devices.flat) if device.process_index == jax.process_index()]
    sharding = NamedSharding(mesh, PartitionSpec(DATA_AXIS))
    offsets = part_offsets(len(indices), batch_size, num_parts)
    for first in range(0, len(offsets) - 1, num_parts):
        parts = [_part(dataset, indices, offsets[first : first + num_parts + 1], n, shape) for n in own]
        stacked = jax.tree.map(lambda *arrays: np.stack(arrays), *parts)
        yield jax.tree.map(lambda array: jax.make_array_from_process_local_data(sharding, array), stacked)


def _part(dataset, indices, offsets, number, shape):
    before = indices[offsets[0] : offsets[number]]
    rows = BatchPart(
        (int(dataset.n_node[before].sum()) + np.arange(shape.n_node)).astype(np.int32),
        (int(dataset.n_edge[before].sum()) + np.arange(shape.n_edge)).astype(np.int32),
    )
    return make_batch(dataset, indices[offsets[number] : offsets[number + 1]], shape)._replace(part=rows)
