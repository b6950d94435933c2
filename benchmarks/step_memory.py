"""Memory of a GSAT training step, by XLA's own count, per node and per edge of a batch.

Nothing is run: the step is compiled for three sizes of batch, and the differences are divided.

    python benchmarks/step_memory.py
"""

import sys
from pathlib import Path

# The library may be used from a clone without being installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jraph
import numpy as np
from flax import nnx

from gnnjax import models
from gnnjax.data import GraphBatch
from gnnjax.train import GSATObjective, adam_l2, create_state, make_train_step

NUM_NODES, NUM_EDGES, NUM_GRAPHS = 32_000, 64_000, 129


def temporary_bytes(backbone: str, num_nodes: int, num_edges: int) -> tuple[int, int]:
    """Temporary memory of the compiled step, in bytes, and the number of the model's parameters."""
    classifier = models.build_backbone(backbone, in_features=10, out_features=1, rngs=nnx.Rngs(0))
    optimizer = adam_l2(1e-3, 0.0)
    graphdef, state = create_state(models.GSAT(classifier, rngs=nnx.Rngs(1)), optimizer)
    step = make_train_step(graphdef, optimizer, GSATObjective("binary"))
    edges, graphs = (np.zeros(n, np.int32) for n in (num_edges, NUM_GRAPHS))
    nodes = np.zeros((num_nodes, 10), np.float32)
    batch = GraphBatch(
        graphs=jraph.GraphsTuple(nodes, None, edges, edges, None, graphs, graphs),
        labels=np.zeros((NUM_GRAPHS, 1), np.float32),
        graph_mask=np.ones(NUM_GRAPHS, bool),
        reverse_edges=edges,
        edge_labels=None,
    )
    compiled = jax.jit(step, donate_argnums=0).lower(state, batch, 0.5, 1.0, jax.random.key(0)).compile()
    analysis = compiled.memory_analysis()
    if analysis is None:
        sys.exit("error: XLA does not count memory on this backend")
    return analysis.temp_size_in_bytes, sum(leaf.size for leaf in jax.tree.leaves(state.params))


def main() -> None:
    print("backbone  parameters  bytes per node  bytes per edge")
    for backbone in ("gin", "pna"):
        base, num_parameters = temporary_bytes(backbone, NUM_NODES, NUM_EDGES)
        per_node = (temporary_bytes(backbone, 2 * NUM_NODES, NUM_EDGES)[0] - base) / NUM_NODES
        per_edge = (temporary_bytes(backbone, NUM_NODES, 2 * NUM_EDGES)[0] - base) / NUM_EDGES
        print(f"{backbone:8s}  {num_parameters:10d}  {per_node:14.0f}  {per_edge:14.0f}")


if __name__ == "__main__":
    main()
