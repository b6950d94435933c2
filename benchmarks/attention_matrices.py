"""The attention graph of two layers of dense attention, beside its one product of matrices and beside PyTorch."""

import functools

import jax.numpy as jnp
import numpy as np

from benchmarks.machine import HAVE_PYG
from benchmarks.workload import OURS, Run, Workload, repeated, sides
from gnnjax.explain import attention_graph

if HAVE_PYG:
    import torch

__all__ = ["attention_graph_workloads"]

LAYERS, HEADS = 2, 2


def attention_graph_workloads(num_nodes: int) -> list[Workload]:
    """The whole, and what its product alone costs, in both libraries."""
    beside_product = Workload(
        f"attention graph, {num_nodes} nodes, beside its product",
        {OURS: functools.partial(graph_ours, num_nodes), "its product": functools.partial(product_ours, num_nodes)},
        target=1 / 1.2,
    )
    beside_torch = Workload(
        f"attention graph, {num_nodes} nodes", sides(graph_ours, graph_torch, num_nodes, other="torch")
    )
    return [beside_product, beside_torch]


def random_attention(num_nodes: int) -> np.ndarray:
    """`[2, 2, num_nodes, num_nodes]`, rows of which sum to one."""
    attention = np.random.default_rng(0).random((LAYERS, HEADS, num_nodes, num_nodes), np.float32)
    attention /= attention.sum(-1, keepdims=True)
    return attention


def graph_ours(num_nodes: int) -> Run:
    """A step is an attention graph."""
    return repeated(functools.partial(attention_graph, jnp.asarray(random_attention(num_nodes))))


def product_ours(num_nodes: int) -> Run:
    """A step is a product of two matrices."""
    layers = jnp.asarray(random_attention(num_nodes)[:, 0])
    return repeated(lambda: jnp.matmul(layers[1], layers[0]))


def graph_torch(num_nodes: int) -> Run:
    """As `graph_ours`."""
    attention = torch.from_numpy(random_attention(num_nodes))

    def step():
        first, second = attention.mean(1)
        return second @ first

    return repeated(step)
