"""Memory of training on one graph whose nodes are partitioned over devices, by XLA's own count, per device.

Nothing is run: ten epochs are compiled for one, two and four devices that XLA makes of this host.

    python benchmarks/device_memory.py
    python benchmarks/device_memory.py --nodes 20000 --edges 200000
"""

import argparse
import sys
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from rich.table import Table

from data_prep.communities import generate
from experiments.report import print_wide
from gnnjax import models, parallel
from gnnjax.data import NodeDataset, random_node_splits
from gnnjax.train import adam_l2
from gnnjax.train.node_classification import make_epochs

DEVICES, EPOCHS = (1, 2, 4), 10


def megabytes(dataset: NodeDataset, family: models.Family, mesh: Mesh) -> tuple[float, float]:
    """What a device of the mesh holds: arguments, and the temporaries of training."""
    inputs = models.node_inputs(dataset.graph)
    model = models.build_node_classifier(
        family, dataset.nodes.shape[1], dataset.num_classes, num_layers=2, num_heads=2, rngs=nnx.Rngs(0)
    )
    optimizer, (graphdef, state) = adam_l2(1e-3), nnx.split(model)
    params, axis = nnx.to_pure_dict(state), parallel.node_axis(mesh)
    partition = parallel.partition_nodes(inputs.pattern, mesh.size)
    drawn = random_node_splits(len(dataset.labels), num_splits=1)
    masks = {part: partition.pad(mask[0]) for part, mask in drawn.items()}
    graph = parallel.partition_inputs(inputs, partition, axis), partition.pad(dataset.labels), masks
    split, whole = (NamedSharding(mesh, spec) for spec in (PartitionSpec(axis), PartitionSpec()))
    arguments = jax.device_put((params, optimizer.init(params), jax.random.key(0)), whole), jax.device_put(graph, split)
    epochs = make_epochs(graphdef, optimizer, EPOCHS, together=False, mesh=mesh)
    analysis = epochs.lower(*arguments[0], 0, *arguments[1]).compile().memory_analysis()
    if analysis is None:
        sys.exit("error: XLA does not count memory on this backend")
    return analysis.argument_size_in_bytes / 1e6, analysis.temp_size_in_bytes / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=170_000, help="default: 170000")
    parser.add_argument("--edges", type=int, default=1_200_000, help="default: 1200000")
    arguments = parser.parse_args()
    jax.config.update("jax_num_cpu_devices", max(DEVICES))
    dataset = generate(arguments.nodes, arguments.edges)
    table = Table(title=f"MB per device: {arguments.nodes} nodes, {arguments.edges} edges, 2 layers, 2 heads")
    for column in ("model", "devices", "arguments", "temporaries"):
        table.add_column(column, justify="left" if column == "model" else "right")
    families: tuple[models.Family, ...] = ("sc", "sl")
    for family in families:
        for num_devices in DEVICES:
            mesh = parallel.data_mesh(num_devices)
            table.add_row(family, str(num_devices), *(f"{size:.0f}" for size in megabytes(dataset, family, mesh)))
    print_wide(table)


if __name__ == "__main__":
    main()
