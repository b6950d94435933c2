"""Times node classifiers with attention, and attention graphs, in gnnjax and in PyTorch.

    pip install -e .[benchmarks]
    python benchmarks/attention_graphs.py --cora PATH --texas PATH      # processed files; random graphs without them
    python benchmarks/attention_graphs.py --large
    python benchmarks/attention_graphs.py --webkb --texas PATH

The models have 2 layers of 2 heads and width 128. PyTorch's side is the original's form (`torch_attention.py`), for the
large sparse layer PyTorch Geometric's TransformerConv. Both sides take the same inputs in one process, by turns, with
the same number of threads. Absolute times move with the machine and its load; the ratios, taken between neighbouring
blocks, move less. Memory is the peak of a fresh process per side, less what it held after its imports: the inputs
count, and for gnnjax the compilation.
"""

import argparse
import functools
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jraph
import numpy as np
from flax import nnx
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.gsat_step import QUIET_SPREAD, Run, available_cores, environment, limit_threads, seconds
from gnnjax import data
from gnnjax.errors import DataError
from gnnjax.explain import attention_graph
from gnnjax.host_memory import keep_freed_memory, peak_memory
from gnnjax.models import FAMILY_FLOWS, Family, NodeInputs, build_node_classifier, node_inputs
from gnnjax.ops import sparse_attention, sparse_pattern
from gnnjax.train import fit_nodes

try:
    import torch
    from torch_geometric.nn import TransformerConv
except ImportError:
    HAVE_TORCH = False
else:
    HAVE_TORCH = True
    from benchmarks.torch_attention import NodeClassifier, NodeTraining, inputs_from_gnnjax

WIDTH, HEADS, LAYERS, EPOCHS = 128, 2, 2, 99
FAMILIES: tuple[Family, ...] = ("sc", "sl", "dlb", "dl")
MEMORY_STEPS = 3  # From the second step on Adam's moments are there too.
# Allocator settings in the environment change times and memory of both sides.
ALLOCATOR = ("GLIBC_TUNABLES", "LD_PRELOAD", "MALLOC_TOP_PAD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_")


class Workload(NamedTuple):
    """One row of the table.

    Attributes:
      name: of the row.
      steps: how many make up a timed block.
      sides: for each side what makes, from data on disk, a function that takes a number of steps; can be pickled.
    """

    name: str
    steps: int
    sides: dict[str, Callable[[], Run]]


def random_graph(name: str, num_nodes: int, num_edges: int, features: int, classes: int) -> data.NodeDataset:
    """Random directed edges, and about 20 random binary features set per node."""
    rng = np.random.default_rng(0)
    ids = rng.choice(num_nodes**2, num_edges, replace=False)
    senders, receivers = data.sorted_unique_edges(*np.divmod(ids, num_nodes))
    nodes = (rng.random((num_nodes, features)) < 20 / features).astype(np.float32)
    return data.NodeDataset(
        name, nodes, senders, receivers, rng.integers(classes, size=num_nodes).astype(np.int32), classes
    )


def write_problem(dataset: data.NodeDataset, path: Path) -> None:
    """Writes the graph, ten splits and the structure that the models read."""
    np.savez(
        path,
        allow_pickle=False,
        nodes=dataset.nodes,
        senders=dataset.senders,
        receivers=dataset.receivers,
        labels=dataset.labels,
        num_classes=dataset.num_classes,
        distance_bias=data.distance_bias(data.shortest_path_distances(dataset)),
        positional_encoding=data.laplacian_encoding(dataset),
        **data.random_node_splits(dataset.num_nodes),
    )


class Problem:
    """What a family's models are trained on; reads no more than this of the file."""

    def __init__(self, path: Path, family: Family):
        self.family = family
        with np.load(path) as arrays:
            nodes, senders, receivers = (arrays[name] for name in ("nodes", "senders", "receivers"))
            self.labels, self.num_classes = arrays["labels"], int(arrays["num_classes"])
            self.masks = {part: arrays[part] for part in ("train", "valid", "test")}
            extra = {"dlb": "distance_bias", "dl": "positional_encoding"}.get(family)
            structure = {extra: arrays[extra]} if extra else {}
        sizes = np.array([len(nodes)]), np.array([len(senders)])
        graph = jraph.GraphsTuple(nodes, None, receivers, senders, None, *sizes)
        self.inputs: NodeInputs = node_inputs(graph, flow=FAMILY_FLOWS[family], **structure)

    def split(self, index: int) -> dict[str, np.ndarray]:
        """The masks of a split, `[nodes]` each."""
        return {part: mask[index] for part, mask in self.masks.items()}

    def gnnjax_model(self):
        """A model of the size that is measured."""
        arguments = {"hidden_size": WIDTH, "num_layers": LAYERS, "num_heads": HEADS, "rngs": nnx.Rngs(0)}
        return build_node_classifier(self.family, self.inputs.nodes.shape[1], self.num_classes, **arguments)

    def torch_training(self, split: int):
        """As `gnnjax_model`, for PyTorch, with its optimiser."""
        model = NodeClassifier(
            self.family,
            self.inputs.nodes.shape[1],
            self.num_classes,
            hidden_size=WIDTH,
            num_layers=LAYERS,
            num_heads=HEADS,
        )
        return NodeTraining(model, inputs_from_gnnjax(self.family, self.inputs), self.labels, self.split(split))


def gnnjax_epochs(path: Path, family: Family) -> Run:
    """A step is an epoch."""
    problem = Problem(path, family)
    model, inputs = problem.gnnjax_model(), jax.tree.map(jnp.asarray, problem.inputs)
    masks = {part: mask[:1] for part, mask in problem.masks.items()}

    def run(epochs: int):
        fit_nodes([model], inputs, problem.labels, masks, seeds=[0], epochs=epochs)

    return run


def torch_epochs(path: Path, family: Family) -> Run:
    """A step is an epoch."""
    return repeated(Problem(path, family).torch_training(0).epoch)


def repeated(step: Callable[[], object]) -> Run:
    """Does `step` a number of times; waits for JAX's results."""

    def run(steps: int):
        for _ in range(steps):
            jax.block_until_ready(step())

    return run


def random_attention(num_nodes: int) -> np.ndarray:
    """`[2, 2, num_nodes, num_nodes]`, rows of which sum to one."""
    attention = np.random.default_rng(0).random((LAYERS, HEADS, num_nodes, num_nodes), np.float32)
    attention /= attention.sum(-1, keepdims=True)
    return attention


def gnnjax_graph(num_nodes: int) -> Run:
    """A step is an attention graph."""
    return repeated(functools.partial(attention_graph, jnp.asarray(random_attention(num_nodes))))


def torch_graph(num_nodes: int) -> Run:
    """A step is an attention graph."""
    attention = torch.from_numpy(random_attention(num_nodes))

    def step():
        first, second = attention.mean(1)
        return second @ first

    return repeated(step)


def gnnjax_product(num_nodes: int) -> Run:
    """A step is a product of two matrices."""
    layers = jnp.asarray(random_attention(num_nodes)[:, 0])
    return repeated(lambda: jnp.matmul(layers[1], layers[0]))


def torch_product(num_nodes: int) -> Run:
    """A step is a product of two matrices."""
    layers = torch.from_numpy(random_attention(num_nodes)[:, 0])
    return repeated(lambda: layers[1] @ layers[0])


def large_layer(num_nodes: int, num_edges: int) -> tuple[np.ndarray, ...]:
    """Rows and columns of the pattern, features, the weights of query, key and value, and the output's gradient."""
    rng = np.random.default_rng(0)
    rows, columns = np.divmod(np.unique(rng.integers(num_nodes**2, size=num_edges)), num_nodes)
    nodes, gradient = rng.normal(size=(2, num_nodes, WIDTH)).astype(np.float32)
    weights = (rng.normal(size=(3 * WIDTH, WIDTH)) / np.sqrt(WIDTH)).astype(np.float32)
    return rows, columns, nodes, weights, gradient


def gnnjax_layer(num_nodes: int, num_edges: int) -> Run:
    """A step is one forward and backward pass; gradients of weights and features."""
    rows, columns, nodes, weights, gradient = large_layer(num_nodes, num_edges)

    @jax.jit
    def step(weights, biases, nodes, pattern, gradient):
        def forward(weights, biases, nodes):
            stacked = (nodes @ weights.T + biases).reshape(num_nodes, 3, HEADS, -1)
            return sparse_attention(stacked[:, 0], stacked[:, 1], stacked[:, 2], pattern).reshape(nodes.shape)

        out, backward = jax.vjp(forward, weights, biases, nodes)
        return out, backward(gradient)

    pattern, biases = sparse_pattern(rows, columns, num_nodes), np.zeros(3 * WIDTH, np.float32)
    return repeated(functools.partial(step, *jax.device_put((weights, biases, nodes, pattern, gradient))))


def pyg_layer(num_nodes: int, num_edges: int) -> Run:
    """As `gnnjax_layer`."""
    rows, columns, nodes, weights, gradient = large_layer(num_nodes, num_edges)
    layer = TransformerConv(WIDTH, WIDTH // HEADS, HEADS, root_weight=False)
    with torch.no_grad():
        linears = layer.lin_query, layer.lin_key, layer.lin_value
        for linear, matrix in zip(linears, weights.reshape(3, WIDTH, WIDTH), strict=True):
            linear.weight.copy_(torch.from_numpy(matrix))
            linear.bias.zero_()
    x = torch.from_numpy(nodes).requires_grad_()
    edge_index, gradient = torch.from_numpy(np.stack([columns, rows])), torch.from_numpy(gradient)

    def step():
        layer.zero_grad()
        x.grad = None
        out = layer(x, edge_index)
        out.backward(gradient)

    return repeated(step)


def epoch_workloads(name: str, path: Path, steps: int) -> list[Workload]:
    """An epoch, a step of training and an evaluation, of each family with attention."""
    sides = {"gnnjax": gnnjax_epochs} | ({"PyTorch": torch_epochs} if HAVE_TORCH else {})
    return [
        Workload(
            f"{family.upper()}, {name}, one epoch",
            steps,
            {side: functools.partial(make, path, family) for side, make in sides.items()},
        )
        for family in ("sl", "dlb", "dl")
    ]


def graph_workloads(num_nodes: int) -> list[Workload]:
    """The attention graph of two layers, and the one product in it."""
    rows = {"attention graph": (gnnjax_graph, torch_graph), "one product": (gnnjax_product, torch_product)}
    return [
        Workload(
            f"{name}, {num_nodes} nodes",
            1,
            {
                side: functools.partial(make, num_nodes)
                for side, make in zip(("gnnjax", "PyTorch"), makes, strict=True)
                if side == "gnnjax" or HAVE_TORCH
            },
        )
        for name, makes in rows.items()
    ]


def layer_workload(num_nodes: int, num_edges: int, steps: int) -> Workload:
    """Sparse attention, forward and backward."""
    sides = {"gnnjax": gnnjax_layer} | ({"PyTorch": pyg_layer} if HAVE_TORCH else {})
    return Workload(
        f"sparse attention layer, {num_nodes} nodes, {num_edges} edges",
        steps,
        {side: functools.partial(make, num_nodes, num_edges) for side, make in sides.items()},
    )


def measured_memory(make: Callable[[], Run], threads: int, keep: bool) -> int:
    """Bytes that a side takes at its peak beside its imports. For a process of its own."""
    limit_threads(threads)
    if keep:
        keep_freed_memory()
    before = peak_memory()
    make()(MEMORY_STEPS)
    return peak_memory() - before


def memory_of_each(workloads: list[Workload], threads: int, keep: bool) -> dict[str, dict[str, int]]:
    """`measured_memory`: workload -> side -> bytes."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        return {
            workload.name: {
                side: pool.submit(measured_memory, make, threads, keep).result()
                for side, make in workload.sides.items()
            }
            for workload in workloads
        }


def measure(workloads: list[Workload], repetitions: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds per step of each block, the sides by turns: workload -> side -> `[repetitions]`."""
    times = {}
    for workload in workloads:
        runs = {side: make() for side, make in workload.sides.items()}
        blocks = times[workload.name] = {side: [] for side in runs}
        for run in runs.values():
            run(workload.steps)
        for _ in range(repetitions):
            for side, run in runs.items():
                blocks[side].append(1000 * seconds(run, workload.steps) / workload.steps)
    return times


def gnnjax_splits(path: Path, family: Family, splits: int) -> None:
    """Trains one model per split, one after the other, from an empty cache of programs."""
    jax.clear_caches()
    problem = Problem(path, family)
    inputs = jax.tree.map(jnp.asarray, problem.inputs)
    for split in range(splits):
        masks = {part: mask[[split]] for part, mask in problem.masks.items()}
        fit_nodes([problem.gnnjax_model()], inputs, problem.labels, masks, seeds=[split], epochs=EPOCHS)


def torch_splits(path: Path, family: Family, splits: int) -> None:
    """As `gnnjax_splits`."""
    problem = Problem(path, family)
    for split in range(splits):
        training = problem.torch_training(split)
        for _ in range(EPOCHS):
            training.epoch()


def measure_splits(path: Path, splits: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of all runs of each family, start to end: row -> side -> `[1]`; the last row is their sum."""
    sides = {"gnnjax": gnnjax_splits} | ({"PyTorch": torch_splits} if HAVE_TORCH else {})
    times: dict[str, dict[str, list[float]]] = {}
    for family in FAMILIES:
        times[family.upper()] = {
            side: [seconds(functools.partial(train, path, family), splits)] for side, train in sides.items()
        }
    times["all"] = {side: [sum(row[side][0] for row in times.values())] for side in sides}
    return times


def print_times(console: Console, title: str, times: dict, memory: dict) -> None:
    """One row per workload: median and range of the blocks and of their ratios, and peak memory."""
    table = Table(title=title)
    table.add_column("")
    sides = list(next(iter(times.values())))
    for side in sides:
        table.add_column(side, justify="right")
    if len(sides) == 2:
        table.add_column("PyTorch / gnnjax", justify="right")
    if memory:
        for side in sides:
            table.add_column(f"{side}, MB", justify="right")
    for name, blocks in times.items():
        row = [summary(blocks[side], 1) for side in sides]
        if len(sides) == 2:
            row.append(summary(np.divide(blocks["PyTorch"], blocks["gnnjax"]), 2))
        if memory:
            row += [f"{memory[name][side] / 1e6:.0f}" for side in sides]
        table.add_row(name, *row)
    console.print(table)


def summary(values, digits: int) -> str:
    """Median and range, or the only value."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} - {max(values):.{digits}f})"


def read_dataset(path: Path | None, name: str, sizes: tuple[int, int, int, int]) -> data.NodeDataset:
    """The processed file, or a random graph of the size of the dataset."""
    return data.load_nodes(path) if path else random_graph(f"random, size of {name}", *sizes)


def parse_arguments() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cora", "--data", type=Path, metavar="PATH", help="processed file of Cora")
    parser.add_argument("--texas", type=Path, metavar="PATH", help="processed file of Texas")
    parser.add_argument("--large", action="store_true", help="the large sparse layer instead of the default workloads")
    parser.add_argument("--webkb", action="store_true", help="whole runs on Texas instead of the default workloads")
    parser.add_argument("--nodes", type=int, default=5201, help="of the attention graph (default: 5201, as Squirrel)")
    parser.add_argument("--layer-nodes", type=int, default=170_000, help="of the large layer (default: 170000)")
    parser.add_argument("--layer-edges", type=int, default=1_200_000, help="of the large layer (default: 1200000)")
    parser.add_argument("--splits", type=int, default=2, help="1 .. 10, of the whole runs (default: 2)")
    parser.add_argument("--repetitions", type=int, default=5, help="blocks per side (default: 5)")
    parser.add_argument("--steps", type=int, default=2, help="per block on Cora and of the large layer (default: 2)")
    parser.add_argument("--threads", type=int, default=min(2, available_cores()), help="of each side (default: 2)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all timings and versions to this file")
    parser.add_argument(
        "--keep-freed-memory",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="gnnjax.host_memory.keep_freed_memory for both sides, as the experiments do (default: yes)",
    )
    parser.add_argument(
        "--memory", action=argparse.BooleanOptionalAction, default=True, help="measure memory too (default: yes)"
    )
    arguments = parser.parse_args()
    sizes = ("nodes", "layer_nodes", "layer_edges", "repetitions", "steps")
    if min(getattr(arguments, size) for size in sizes) < 1 or not 1 <= arguments.splits <= 10:
        parser.error("sizes and counts must be at least 1, --splits at most 10")
    if not 1 <= arguments.threads <= available_cores():
        parser.error(f"--threads must be between 1 and the {available_cores()} cores available")
    return parser, arguments


def main():
    """Parses the command line, measures, prints, writes."""
    parser, arguments = parse_arguments()
    try:
        cora = read_dataset(arguments.cora, "Cora", (2708, 10_556, 1433, 7))
        texas = read_dataset(arguments.texas, "Texas", (183, 325, 1703, 5))
    except DataError as error:
        parser.error(str(error))
    limit_threads(arguments.threads)
    kept = arguments.keep_freed_memory and keep_freed_memory()
    console = Console()
    if not console.is_terminal:
        console.width = 160
    say = functools.partial(console.print, highlight=False, soft_wrap=True, markup=False)
    facts = environment(arguments.threads) | {"freed memory kept": kept}
    facts |= {name: os.environ[name] for name in ALLOCATOR if name in os.environ}
    say(", ".join(f"{name} {value}" for name, value in facts.items()))
    load_before = os.getloadavg()[0]

    with tempfile.TemporaryDirectory() as folder:
        default = not (arguments.large or arguments.webkb)
        workloads = []
        if default:
            for dataset, steps in ((cora, arguments.steps), (texas, 20 * arguments.steps)):
                path = Path(folder) / f"{len(workloads)}.npz"
                write_problem(dataset, path)
                workloads += epoch_workloads(dataset.name, path, steps)
            workloads += graph_workloads(arguments.nodes)
        if arguments.large:
            workloads.append(layer_workload(arguments.layer_nodes, arguments.layer_edges, arguments.steps))
        memory = memory_of_each(workloads, arguments.threads, kept) if arguments.memory else {}
        times = measure(workloads, arguments.repetitions)
        splits = {}
        if arguments.webkb:
            path = Path(folder) / "splits.npz"
            write_problem(texas, path)
            splits = measure_splits(path, arguments.splits)

    if workloads:
        title = "milliseconds per step: median (min - max) of the blocks" + ("; peak memory" if memory else "")
        print_times(console, title, times, memory)
    if default:
        graph, product = (times[workload.name]["gnnjax"] for workload in workloads[-2:])
        say(f"Attention graph / its one product, gnnjax: {summary(np.divide(graph, product), 2)}.")
    if splits:
        title = f"seconds of {arguments.splits} runs of {EPOCHS} epochs on {texas.name}, compilation included"
        print_times(console, title, splits, {})
    say(f"Load of the machine (1 min): {load_before:.1f} before, {os.getloadavg()[0]:.1f} after.")
    spread = max((max(blocks) / min(blocks) for sides in times.values() for blocks in sides.values()), default=1)
    if spread > QUIET_SPREAD:
        say(f"Blocks of the same steps differ by {spread:.1f}x: the machine was busy, so do not quote this.")
    if not HAVE_TORCH:
        say("No comparison: torch or torch_geometric is not installed (pip install -e .[benchmarks]).")
    if arguments.json:
        record = {
            "environment": facts,
            "load": [load_before, os.getloadavg()[0]],
            "milliseconds_per_step": times,
            "peak_bytes": memory,
            "seconds_of_whole_runs": splits,
        }
        arguments.json.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
