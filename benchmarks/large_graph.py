"""Message passing and sparse attention on one large random graph, forward and backward, beside PyTorch Geometric."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.machine import HAVE_PYG
from benchmarks.workload import Run, Workload, repeated, sides
from gnnjax.ops import segment_max, segment_softmax, sparse_attention, sparse_pattern, spmm

if HAVE_PYG:
    import torch
    from torch_geometric.nn import SimpleConv, TransformerConv
    from torch_geometric.utils import softmax

__all__ = ["large_graph_workloads"]

WIDTH, HEADS = 128, 2


def large_graph_workloads(num_nodes: int, num_edges: int) -> list[Workload]:
    """Weighted sum, maximum and softmax over incoming edges, and a layer of attention."""
    size = f"{num_nodes} nodes, {num_edges} edges"
    rows = {
        f"weighted sum, {size}": (sum_ours, sum_pyg, 4.0),
        f"maximum, {size}": (max_ours, max_pyg, 3.0),
        f"softmax of edges, {size}": (softmax_ours, softmax_pyg, None),
        f"sparse attention layer, {size}": (attention_ours, attention_pyg, 1.5),
    }
    return [
        Workload(name, sides(ours, theirs, num_nodes, num_edges), target=target)
        for name, (ours, theirs, target) in rows.items()
    ]


def draw_edges(num_nodes: int, num_edges: int) -> tuple[np.ndarray, np.ndarray]:
    """Receivers and senders, ordered by both."""
    ids = np.random.default_rng(0).integers(num_nodes**2, size=num_edges)
    return np.divmod(np.unique(ids), num_nodes)


def draw(*shape: int) -> np.ndarray:
    """Normally distributed numbers."""
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def jax_step(function, arguments, gradient, *constants) -> Run:
    """A step is `function(*arguments, *constants)` and its gradients, for this gradient of the result."""

    @jax.jit
    def step(arguments, gradient, constants):
        out, backward = jax.vjp(lambda *arguments: function(*arguments, *constants), *arguments)
        return out, backward(gradient)

    return repeated(functools.partial(step, *jax.device_put((arguments, gradient, constants))))


def torch_step(function, arguments, gradient) -> Run:
    """As `jax_step`; the arguments are tensors."""
    gradient = torch.from_numpy(gradient)

    def step():
        for argument in arguments:
            argument.grad = None
        function(*arguments).backward(gradient)

    return repeated(step)


def _tensors(*arrays: np.ndarray):
    return tuple(torch.from_numpy(array).requires_grad_() for array in arrays)


def _edge_index(receivers: np.ndarray, senders: np.ndarray):
    return torch.from_numpy(np.stack([senders, receivers]))


def sum_ours(num_nodes: int, num_edges: int) -> Run:
    """Gradients of weights and features."""
    receivers, senders = draw_edges(num_nodes, num_edges)
    nodes, weights = draw(num_nodes, WIDTH), draw(len(senders))
    return jax_step(spmm, (weights, nodes), nodes, sparse_pattern(receivers, senders, num_nodes))


def sum_pyg(num_nodes: int, num_edges: int) -> Run:
    """As `sum_ours`."""
    receivers, senders = draw_edges(num_nodes, num_edges)
    nodes, weights = draw(num_nodes, WIDTH), draw(len(senders))
    conv, edge_index = SimpleConv(aggr="sum"), _edge_index(receivers, senders)
    return torch_step(lambda weights, x: conv(x, edge_index, weights), _tensors(weights, nodes), nodes)


def max_ours(num_nodes: int, num_edges: int) -> Run:
    """Gradient of the features."""
    receivers, senders = draw_edges(num_nodes, num_edges)
    nodes = draw(num_nodes, WIDTH)

    def largest(nodes, senders, receivers):
        return segment_max(nodes[senders], receivers, num_nodes)

    return jax_step(largest, (nodes,), nodes, senders.astype(np.int32), receivers.astype(np.int32))


def max_pyg(num_nodes: int, num_edges: int) -> Run:
    """As `max_ours`."""
    nodes, edge_index = draw(num_nodes, WIDTH), _edge_index(*draw_edges(num_nodes, num_edges))
    conv = SimpleConv(aggr="max")
    return torch_step(lambda x: conv(x, edge_index), _tensors(nodes), nodes)


def softmax_ours(num_nodes: int, num_edges: int) -> Run:
    """Of one score per edge and head."""
    receivers, _ = draw_edges(num_nodes, num_edges)
    scores = draw(len(receivers), HEADS)

    def weights(scores, receivers):
        return segment_softmax(scores, receivers, num_nodes)

    return jax_step(weights, (scores,), scores, receivers.astype(np.int32))


def softmax_pyg(num_nodes: int, num_edges: int) -> Run:
    """As `softmax_ours`."""
    receivers, _ = draw_edges(num_nodes, num_edges)
    scores, index = draw(len(receivers), HEADS), torch.from_numpy(receivers)
    return torch_step(lambda scores: softmax(scores, index, num_nodes=num_nodes), _tensors(scores), scores)


def attention_ours(num_nodes: int, num_edges: int) -> Run:
    """Projections and attention; gradients of weights and features."""
    receivers, senders = draw_edges(num_nodes, num_edges)
    nodes, weights = draw(num_nodes, WIDTH), draw(3 * WIDTH, WIDTH) / np.float32(np.sqrt(WIDTH))

    def layer(weights, biases, nodes, pattern):
        stacked = (nodes @ weights.T + biases).reshape(num_nodes, 3, HEADS, -1)
        return sparse_attention(stacked[:, 0], stacked[:, 1], stacked[:, 2], pattern).reshape(nodes.shape)

    arguments = weights, jnp.zeros(3 * WIDTH), nodes
    return jax_step(layer, arguments, nodes, sparse_pattern(receivers, senders, num_nodes))


def attention_pyg(num_nodes: int, num_edges: int) -> Run:
    """As `attention_ours`."""
    nodes, edge_index = draw(num_nodes, WIDTH), _edge_index(*draw_edges(num_nodes, num_edges))
    layer = TransformerConv(WIDTH, WIDTH // HEADS, HEADS, root_weight=False)
    (x,) = _tensors(nodes)

    def step(x):
        layer.zero_grad()
        return layer(x, edge_index)

    return torch_step(step, (x,), nodes)
