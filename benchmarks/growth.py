"""How the cost of an epoch grows with the data: 1, 10 and 100 times the graphs, nodes or edges.

    python benchmarks/growth.py
    python benchmarks/growth.py --json growth.json --figure growth.png

Everything is generated. An exponent of 1 is linear growth; it is the slope of the line through the logarithms of size
and time. Of the smallest sizes a part of the time is that of starting programs, so that the slope from 10 to 100 times
stands beside that of all three.
"""

import argparse
import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from matplotlib.figure import Figure
from rich.table import Table
from tqdm import tqdm

from benchmarks.large_graph import attention_ours, sum_ours
from benchmarks.machine import available_cores, environment, limit_threads
from benchmarks.workload import Run, repeated, seconds
from data_prep.communities import generate
from experiments.report import print_wide
from gnnjax import explain, models, train
from gnnjax.atomic import atomic_open
from gnnjax.data import generate_ba2motifs, random_node_splits
from gnnjax.host_memory import keep_freed_memory
from gnnjax.plot import save_figure
from gnnjax.train.passes import Passes, make_passes
from gnnjax.train.steps import create_state, make_train_step

FACTORS = (1, 10, 100)
EDGES_PER_NODE = 10


def gsat_epoch(num_graphs: int) -> Run:
    """A step is an epoch of GSAT with GIN, batches assembled anew."""
    dataset = generate_ba2motifs(num_graphs)
    backbone = models.GIN(dataset.in_features, dataset.out_features, rngs=nnx.Rngs(0))
    return training_epochs(backbone, make_passes(dataset, {"train": np.arange(num_graphs)}, batch_size=128, epochs=1))


def sampled_epoch(num_nodes: int) -> Run:
    """A step is an epoch of GSAT over all nodes of one graph by sampled neighbourhoods."""
    dataset = generate(num_nodes, EDGES_PER_NODE * num_nodes)
    backbone = models.GIN(dataset.nodes.shape[1], dataset.num_classes, readout="node", rngs=nnx.Rngs(0))
    splits = {"train": np.arange(num_nodes)}
    return training_epochs(backbone, make_passes(dataset, splits, batch_size=100, epochs=1, neighbours=(3, 3)))


def training_epochs(backbone: models.Backbone, passes: Passes) -> Run:
    """A step trains on all batches of the training part."""
    optimizer, objective = train.adam_l2(1e-3), train.GSATObjective(passes.task)
    graphdef, state = create_state(models.GSAT(backbone, rngs=nnx.Rngs(1)), optimizer)
    step, key = make_train_step(graphdef, optimizer, objective), jax.random.key(0)

    def epoch():
        nonlocal state
        for batch in passes.batches("train", 0):
            state, *_ = step(state, batch, 0.7, 1.0, key)
        return state

    return repeated(epoch)


def transformer_epochs(num_nodes: int) -> Run:
    """A step is an epoch of sparse attention on the whole graph: training and evaluation."""
    dataset = generate(num_nodes, EDGES_PER_NODE * num_nodes)
    inputs = jax.tree.map(jnp.asarray, models.node_inputs(dataset.graph))
    masks = random_node_splits(num_nodes, num_splits=1)

    def run(epochs: int):
        features, classes = dataset.nodes.shape[1], dataset.num_classes
        model = models.GraphTransformer(features, classes, attention="sparse", hidden_size=64, rngs=nnx.Rngs(0))
        train.fit_nodes([model], inputs, dataset.labels, masks, seeds=[0], epochs=epochs)

    return run


def attention_graph(num_nodes: int) -> Run:
    """A step is the pruned attention graph of two layers and heads."""
    dataset = generate(num_nodes, EDGES_PER_NODE * num_nodes)
    ends = dataset.receivers, dataset.senders
    weights = np.random.default_rng(0).random((2, 2, dataset.num_edges), np.float32)
    weights /= EDGES_PER_NODE
    return repeated(functools.partial(explain.sparse_attention_graph, weights, *ends, num_nodes, top_k=32))


def by_edges(make: Callable[[int, int], Run], num_edges: int) -> Run:
    """A step of `benchmarks/large_graph.py`, seven edges per node."""
    return make(num_edges // 7, num_edges)


# name -> smallest size, steps per block, what makes a run from a size
WORKLOADS: dict[str, tuple[int, str, int, Callable[[int], Run]]] = {
    "GSAT with GIN, an epoch": (128, "graphs", 1, gsat_epoch),
    "GSAT on sampled nodes, an epoch": (2000, "nodes", 1, sampled_epoch),
    "graph transformer (SL), an epoch": (1000, "nodes", 3, transformer_epochs),
    "weighted sum, forward and backward": (12_000, "edges", 1, functools.partial(by_edges, sum_ours)),
    "sparse attention layer, forward and backward": (12_000, "edges", 1, functools.partial(by_edges, attention_ours)),
    "pruned attention graph": (1000, "nodes", 1, attention_graph),
}


def measure(size: int, steps: int, make: Callable[[int], Run], repetitions: int) -> float:
    """Median seconds per step."""
    run = make(size)
    run(steps)
    return float(np.median([seconds(run, steps) / steps for _ in range(repetitions)]))


def exponent(sizes, times) -> float:
    """Slope of the line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def draw_growth(results: dict[str, dict]) -> Figure:
    """Time over size, both relative to the smallest, beside linear growth."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot(FACTORS, FACTORS, color="black", linestyle=":", label="linear")
    for name, result in results.items():
        times = np.divide(result["seconds"], result["seconds"][0])
        axes.plot(FACTORS, times, marker="o", label=f"{name}: {result['exponent']:.2f}")
    axes.set(xscale="log", yscale="log", xlabel="times the data", ylabel="times the time")
    axes.set_xticks(FACTORS, labels=[f"{factor}" for factor in FACTORS])
    axes.minorticks_off()
    axes.legend(fontsize=8, title="exponent")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3, help="blocks, of which the median counts (default: 3)")
    parser.add_argument("--threads", type=int, default=min(2, available_cores()), help="default: 2")
    parser.add_argument("--match", default="", metavar="TEXT", help="only what has this text in its name")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all timings and versions to this file")
    parser.add_argument("--figure", type=Path, metavar="PATH", help="draw time over size into this file")
    arguments = parser.parse_args()
    chosen = {name: workload for name, workload in WORKLOADS.items() if arguments.match in name}
    if not chosen:
        parser.error(f"nothing has {arguments.match!r} in its name; there are: {'; '.join(WORKLOADS)}")
    if arguments.repetitions < 1 or not 1 <= arguments.threads <= available_cores():
        parser.error(f"--repetitions must be at least 1, --threads between 1 and {available_cores()}")
    limit_threads(arguments.threads)
    keep_freed_memory()
    table = Table(title="seconds per step")
    for column in ("workload", "smallest size", *(f"x {factor}" for factor in FACTORS), "exponent", "from x 10"):
        table.add_column(column, justify="left" if column == "workload" else "right")
    results = {}
    for name, (size, unit, steps, make) in tqdm(chosen.items(), desc="growth", dynamic_ncols=True):
        sizes = [factor * size for factor in FACTORS]
        times = [measure(each, steps, make, arguments.repetitions) for each in sizes]
        result = {"sizes": sizes, "unit": unit, "seconds": times, "exponent": exponent(sizes, times)}
        result["exponent_from_10"] = exponent(sizes[1:], times[1:])
        results[name] = result
        slopes = (f"{result[key]:.2f}" for key in ("exponent", "exponent_from_10"))
        table.add_row(name, f"{size} {unit}", *(f"{each:.4g}" for each in times), *slopes)
    print_wide(table)
    if arguments.figure:
        save_figure(draw_growth(results), arguments.figure)
    if arguments.json:
        with atomic_open(arguments.json, "t") as file:
            file.write(json.dumps({"environment": environment(arguments.threads), "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
