"""Fails where an operation of gnnjax has lost its lead over the plain formula.

    python benchmarks/guard.py

Both are timed in one process, by turns, so that the machine does not matter much; each ratio has a smallest value that
leaves room for noise, and what falls below is measured once more before it counts. The plain formulas are those of
`tests/plain.py`, whose values the tests compare with.
"""

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import jraph
import numpy as np
from flax import nnx
from rich.table import Table

from benchmarks.report import summary
from benchmarks.workload import OURS, Run, Workload, measure, repeated
from experiments.report import print_wide
from gnnjax import ops
from gnnjax.data import batch_shape, generate_ba2motifs, make_batch
from gnnjax.host_memory import keep_freed_memory
from gnnjax.nn import PNAConv
from tests import plain

PLAIN = "plain"


class Pair(NamedTuple):
    """Two functions of the same arguments.

    Attributes:
      fast, plain: the functions.
      arguments: arrays by which gradients are taken.
      others: further arguments; not closed over, since XLA would compute with them while it compiles.
      smallest: how many times as fast the first must be.
      gradient: time the gradient too; else the functions alone, which need not be of JAX.
    """

    fast: Callable[..., Any]
    plain: Callable[..., Any]
    arguments: tuple
    others: tuple
    smallest: float
    gradient: bool = True


def pairs() -> dict[str, Pair]:
    """What is guarded, at the sizes of a batch of BA-2Motifs and of a graph of 200 000 edges."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape).astype(np.float32))

    num_nodes, num_edges, num_graphs, width = 3328, 6656, 129, 80
    ends = tuple(jnp.asarray(rng.integers(num_nodes, size=num_edges), jnp.int32) for _ in range(2))
    graph_ids = jnp.sort(jnp.asarray(rng.integers(num_graphs, size=num_edges), jnp.int32))
    nodes = normal(num_nodes, width)
    conv = PNAConv(width, width, rngs=nnx.Rngs(0))

    def features_first(pair_linear):
        return lambda nodes, kernel, bias, senders, receivers: pair_linear(nodes, senders, receivers, kernel, bias)

    def pna(apply):
        def layer(nodes, attention, senders, receivers):
            return apply(jraph.GraphsTuple(nodes, None, receivers, senders, None, None, None), attention)

        return layer

    large = 30_000
    pattern = ops.sparse_pattern(rng.integers(large, size=200_000), rng.integers(large, size=200_000), large)
    entries = len(pattern.rows)

    def by_segment(function):
        return functools.partial(function, num_segments=large)

    motifs = generate_ba2motifs()
    order = rng.permutation(len(motifs))[:128]
    shape = batch_shape(motifs, [order], len(order))
    return {
        "dropout, half": Pair(
            lambda x, key: ops.dropout(x, 0.5, key),
            lambda x, key: plain.dropout(x, 0.5, key),
            (normal(num_edges, 256),),
            (jax.random.key(0),),
            2.0,
        ),
        "linear layer, 800 to 80": Pair(
            ops.matmul, plain.linear, (normal(num_nodes, 800), normal(800, width)), (), 1.0
        ),
        "linear layer of pairs": Pair(
            features_first(ops.pair_linear),
            features_first(plain.pair_linear),
            (nodes, normal(2 * width, 4 * width), normal(4 * width)),
            ends,
            1.05,
        ),
        "instance norm": Pair(
            functools.partial(ops.graph_instance_norm, num_graphs=num_graphs),
            functools.partial(plain.instance_norm, num_graphs=num_graphs),
            (normal(num_edges, 256),),
            (graph_ids,),
            0.95,
        ),
        "PNA layer": Pair(
            pna(conv), pna(functools.partial(plain.pna_conv, conv)), (nodes, normal(num_edges)), ends, 1.1
        ),
        "maximum per segment": Pair(
            by_segment(ops.segment_max), by_segment(plain.segment_max), (normal(entries, 64),), (pattern.rows,), 1.2
        ),
        "sparse times dense": Pair(ops.spmm, plain.spmm, (normal(entries), normal(large, 64)), (pattern,), 1.5),
        "sparse attention": Pair(
            ops.sparse_attention, plain.sparse_attention, tuple(normal(3, large, 2, 32)), (pattern,), 0.9
        ),
        "batching": Pair(
            lambda order: make_batch(motifs, order, shape),
            lambda order: plain.batch(motifs, order),
            (order,),
            (),
            2.0,
            gradient=False,
        ),
    }


def timed(function: Callable[..., Any], pair: Pair) -> Run:
    """A step is one call, or the gradient of the sum of squares."""
    if not pair.gradient:
        return repeated(lambda: function(*pair.arguments, *pair.others))
    step = jax.jit(jax.grad(lambda arguments, others: (function(*arguments, *others) ** 2).sum()))
    return repeated(functools.partial(step, pair.arguments, pair.others))


def measured_ratios(name: str, pair: Pair, repetitions: int) -> np.ndarray:
    """Plain time over ours, of each pair of neighbouring blocks."""
    sides = {
        side: functools.partial(timed, function, pair) for side, function in ((OURS, pair.fast), (PLAIN, pair.plain))
    }
    times = measure(Workload(name, sides, steps=2), repetitions)
    return np.divide(times[PLAIN], times[OURS])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=7, help="blocks per side (default: 7)")
    arguments = parser.parse_args()
    if arguments.repetitions < 1:
        parser.error("--repetitions must be at least 1")
    keep_freed_memory()
    table = Table(title="time of the plain formula / time of gnnjax: median (range)")
    for column in ("operation", "ratio", "smallest"):
        table.add_column(column)
    lost = []
    for name, pair in pairs().items():
        found = measured_ratios(name, pair, arguments.repetitions)
        if np.median(found) < pair.smallest:
            found = measured_ratios(name, pair, 2 * arguments.repetitions)
        if np.median(found) < pair.smallest:
            lost.append(name)
        table.add_row(name, summary(found), f"{pair.smallest:.2f}")
    print_wide(table)
    if lost:
        sys.exit(f"error: no longer faster than the plain formula by what it should be: {', '.join(lost)}")


if __name__ == "__main__":
    main()
