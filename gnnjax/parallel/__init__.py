"""One computation on several devices."""

from gnnjax.parallel.mesh import map_parts, node_axis, sum_over_devices
from gnnjax.parallel.node_partition import NodePartition, partition_inputs, partition_nodes
from gnnjax.parallel.partitioned_logits import partitioned_logits
from gnnjax.parallel.processes import is_first_process, wait_for_processes
from gnnjax.parallel.shared_batches import data_mesh, device_batches

__all__ = [
    "NodePartition",
    "data_mesh",
    "device_batches",
    "is_first_process",
    "map_parts",
    "node_axis",
    "partition_inputs",
    "partition_nodes",
    "partitioned_logits",
    "sum_over_devices",
    "wait_for_processes",
]
