"""Times the attention graph of sparse attention on a large graph, and measures its memory.

    python benchmarks/sparse_attention_graph.py --threads 2
    python benchmarks/sparse_attention_graph.py --skew 0.8     # a few hubs are joined to much of the graph

The graph is drawn at random: 100 000 nodes, 1 000 000 directed edges and a self loop for each node, random softmax
weights for 2 layers and 2 heads. Everything starts from the edge lists. Beside gnnjax's functions stand scipy's own
product of the same matrices, and what the same costs in XLA: matrix-vector products by segment sums, one chosen node
after the other, and a planned product. Each is run by turns; memory is the peak of a fresh process of its own, less
what that held before.
"""

import argparse
import functools
import json
import multiprocessing
import operator
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_array

from benchmarks.machine import available_cores, environment, limit_threads
from benchmarks.report import summary
from gnnjax.errors import MemoryLimitError
from gnnjax.explain.attention_of_nodes import attention_from, attention_to
from gnnjax.explain.sparse_attention_graph import sparse_attention_graph
from gnnjax.host_memory import peak_memory
from gnnjax.ops import propagate
from gnnjax.ops.sparse import sparse_pattern
from gnnjax.ops.sparse_product import plan_product

GB = 1e9
NUM_LAYERS = 2
EXACT, SCIPY = "graph, exact", "graph, exact, scipy"


class Attention(NamedTuple):
    """Edge lists ordered by sender and receiver, and `[layers, heads, edges]` weights."""

    weights: np.ndarray
    senders: np.ndarray
    receivers: np.ndarray
    num_nodes: int


def draw_attention(num_nodes: int, num_edges: int, num_heads: int, skew: float) -> Attention:
    """Random edges, the i-th node at either end with a probability that goes as `i ** -skew`; random softmax."""
    rng = np.random.default_rng(0)
    share = np.arange(1, num_nodes + 1.0) ** -skew
    ends = rng.choice(num_nodes, (2, num_edges), p=share / share.sum())
    self_loops = np.arange(num_nodes) * (num_nodes + 1)
    senders, receivers = np.divmod(np.unique(np.append(ends[0] * num_nodes + ends[1], self_loops)), num_nodes)
    heads = np.exp(rng.normal(size=(NUM_LAYERS * num_heads, len(senders))))
    heads = [head / np.bincount(senders, head)[senders] for head in heads]
    weights = np.reshape(heads, (NUM_LAYERS, num_heads, -1)).astype(np.float32)
    return Attention(weights, senders.astype(np.int32), receivers.astype(np.int32), num_nodes)


@jax.jit
def attention_from_by_segment_sums(weights, senders, receivers, nodes, zeros):
    """`attention_from` in XLA: matrix-vector products over all edges."""

    def row(node):
        def step(x, layer):
            return propagate(x, senders, receivers, layer), None

        return jax.lax.scan(step, zeros.at[node].set(1), weights.mean(axis=1), reverse=True)[0][:, 0]

    return jax.lax.map(row, nodes)


@jax.jit
def jitted_multiply(plan, left_values, right_values):
    """A function of its own, so that the plan is an argument of the program."""
    return plan.multiply(left_values, right_values)


class Workloads:
    """What is measured: each method ends when its result is there."""

    def __init__(self, attention: Attention, top_k: int, chosen: int):
        self.attention, self.top_k = attention, top_k
        self.nodes = np.random.default_rng(1).choice(attention.num_nodes, chosen, replace=False)

    def exact(self):
        return sparse_attention_graph(*self.attention)

    def exact_by_scipy(self):
        """What one would write without this library: one matrix per layer, their product, columns sorted."""
        weights, senders, receivers, num_nodes = self.attention
        layers = [csr_array((heads.mean(axis=0), (senders, receivers)), shape=(num_nodes,) * 2) for heads in weights]
        product = functools.reduce(operator.matmul, layers[::-1])
        product.sort_indices()
        return product

    def pruned(self):
        return sparse_attention_graph(*self.attention, top_k=self.top_k)

    def rows(self):
        return sparse_attention_graph(*self.attention, rows=self.nodes)

    def attention_from(self):
        return attention_from(*self.attention, self.nodes)

    def attention_to(self):
        return attention_to(*self.attention, self.nodes)

    def attention_from_by_xla(self):
        zeros = jnp.zeros((self.attention.num_nodes, 1))
        return attention_from_by_segment_sums(*self.attention[:3], self.nodes, zeros).block_until_ready()

    def plan(self):
        pattern = sparse_pattern(self.attention.senders, self.attention.receivers, self.attention.num_nodes)
        return jax.device_put(plan_product(pattern, pattern))

    @functools.cached_property
    def planned(self):
        return self.plan()

    def planned_values(self):
        first, second = self.attention.weights.mean(axis=1)
        return jitted_multiply(self.planned, second, first).block_until_ready()


WORKLOADS = {
    EXACT: Workloads.exact,
    SCIPY: Workloads.exact_by_scipy,
    "graph, top k": Workloads.pruned,
    "graph, chosen rows": Workloads.rows,
    "attention from chosen nodes": Workloads.attention_from,
    "the same by XLA": Workloads.attention_from_by_xla,
    "attention to chosen nodes": Workloads.attention_to,
    "plan of the product": Workloads.plan,
    "values of a planned product": Workloads.planned_values,
}


def measured_memory(name: str, path: Path, options: dict) -> float | str:
    """Bytes that one workload takes beside its input, or why it is refused. For a process of its own."""
    # Read and not drawn here, because that would take memory of its own.
    with np.load(path) as arrays:
        attention = Attention(arrays["weights"], arrays["senders"], arrays["receivers"], int(arrays["num_nodes"]))
    workloads = Workloads(attention, **options)
    before = peak_memory()
    try:
        WORKLOADS[name](workloads)
    except MemoryLimitError as error:
        return str(error)
    return peak_memory() - before


def save_attention(path: Path, settings: dict) -> None:
    """Draws the input and writes it."""
    np.savez(path, **draw_attention(**settings)._asdict())


def memory_of_each(settings: dict, options: dict) -> dict[str, float | str]:
    """`measured_memory` of every workload, one process after the other.

    Call it while this process is small: on Linux a process begins with the peak of the one that started it.
    """
    memory = {}
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool,
    ):
        path = Path(folder) / "attention.npz"
        pool.submit(save_attention, path, settings).result()
        for name in WORKLOADS:
            if name == SCIPY and isinstance(memory[EXACT], str):
                memory[name] = "not tried, because it would fill the memory"
            else:
                memory[name] = pool.submit(measured_memory, name, path, options).result()
    return memory


def measure(workloads: Workloads, names: list[str], repetitions: int) -> dict[str, list[float]]:
    """Seconds of each repetition, the workloads by turns. The first, untimed, compiles."""
    times = {name: [] for name in names}
    for repetition in range(repetitions + 1):
        for name in names:
            start = time.perf_counter()
            WORKLOADS[name](workloads)
            if repetition:
                times[name].append(time.perf_counter() - start)
    return times


def print_table(console: Console, times: dict[str, list[float]], memory: dict[str, float | str]) -> None:
    """One row per workload; the ratio is to the time of scipy in the same repetition."""
    table = Table(title="seconds: median (min - max) of the repetitions; GB: peak memory")
    table.add_column("workload", no_wrap=True)
    for column in ("seconds", "scipy / this", "GB"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, peak in memory.items():
        if isinstance(peak, str):
            table.add_row(name, "refused", "", "")
            continue
        seconds, ratio = times[name], ""
        if SCIPY in times and name.startswith("graph"):
            ratio = f"{statistics.median(np.divide(times[SCIPY], seconds)):.2f}"
        table.add_row(name, summary(seconds), ratio, f"{peak / GB:.2f}")
    console.print(table)


def main():
    """Parses the command line, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=100_000, help="default: 100000")
    parser.add_argument("--edges", type=int, default=1_000_000, help="beside the self loops (default: 1000000)")
    parser.add_argument("--heads", type=int, default=2, help="default: 2")
    parser.add_argument("--skew", type=float, default=0, help="0: all nodes alike; 0.8: hubs (default: 0)")
    parser.add_argument("--top-k", type=int, default=32, help="entries kept in each row (default: 32)")
    parser.add_argument("--chosen", type=int, default=100, help="nodes whose attention is asked for (default: 100)")
    parser.add_argument("--repetitions", type=int, default=3, help="default: 3")
    parser.add_argument("--threads", type=int, default=min(2, available_cores()), help="default: 2")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all timings and versions to this file")
    arguments = parser.parse_args()
    if min(arguments.nodes, arguments.edges, arguments.heads, arguments.repetitions) < 1:
        parser.error("--nodes, --edges, --heads and --repetitions must be at least 1")
    if not 1 <= arguments.threads <= available_cores():
        parser.error(f"--threads must be between 1 and the {available_cores()} cores available")
    limit_threads(arguments.threads)

    settings = {
        "num_nodes": arguments.nodes,
        "num_edges": arguments.edges,
        "num_heads": arguments.heads,
        "skew": arguments.skew,
    }
    options = {"top_k": arguments.top_k, "chosen": arguments.chosen}
    load_before = os.getloadavg()[0]
    memory = memory_of_each(settings, options)
    attention = draw_attention(**settings)
    facts = {
        **environment(arguments.threads),
        **settings,
        "edges and self loops": len(attention.senders),
        "largest out-degree": int(np.bincount(attention.senders).max()),
    }
    console = Console()
    say = functools.partial(console.print, highlight=False, soft_wrap=True, markup=False)
    say(", ".join(f"{name} {value}" for name, value in facts.items()))
    refused = {name: peak for name, peak in memory.items() if isinstance(peak, str)}
    names = [name for name in WORKLOADS if name not in refused]
    times = measure(Workloads(attention, **options), names, arguments.repetitions)

    print_table(console, times, memory)
    for name, reason in refused.items():
        say(f"{name}: {reason}")
    pruned = sparse_attention_graph(*attention, top_k=arguments.top_k)
    say(
        f"Top {arguments.top_k}: {pruned.graph.nnz} entries; dropped attention of a row: mean "
        f"{pruned.mean_dropped_mass:.3f}, max {pruned.max_dropped_mass:.3f}."
    )
    say(
        f"A dense matrix of this graph would need {4 * arguments.nodes**2 / GB:.0f} GB. Load of the machine (1 min): "
        f"{load_before:.1f} before, {os.getloadavg()[0]:.1f} after."
    )
    if arguments.json:
        record = {
            "environment": facts,
            "load": [load_before, os.getloadavg()[0]],
            "seconds": times,
            "peak_bytes": memory,
            "dropped_mass": {"mean": pruned.mean_dropped_mass, "max": pruned.max_dropped_mass},
        }
        arguments.json.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
