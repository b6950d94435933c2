"""The operations as their formulas say, without anything done for speed: what the fast ones are held against.

`tests/test_plain.py` compares values and gradients, `benchmarks/guard.py` times.
"""

import jax
import jax.numpy as jnp
import jraph
import numpy as np

from gnnjax.data import GraphDataset
from gnnjax.nn import PNAConv

__all__ = [
    "batch",
    "dropout",
    "instance_norm",
    "linear",
    "pair_linear",
    "pna_conv",
    "segment_max",
    "sparse_attention",
    "spmm",
]


def dropout(x, rate, key):
    """A uniform number per entry."""
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def linear(x, kernel):
    """The product."""
    return x @ kernel


def pair_linear(nodes, senders, receivers, kernel, bias):
    """A linear layer on the features of both ends of an edge."""
    return jnp.concatenate([nodes[senders], nodes[receivers]], axis=1) @ kernel + bias


def _segment_mean(x, ids, num_segments):
    count = jax.ops.segment_sum(jnp.ones((len(x), 1), x.dtype), ids, num_segments)
    return jax.ops.segment_sum(x, ids, num_segments) / jnp.maximum(count, 1)


def instance_norm(x, graph_ids, num_graphs):
    """Mean 0 and variance 1 of each channel of a graph."""
    centred = x - _segment_mean(x, graph_ids, num_graphs)[graph_ids]
    return centred / jnp.sqrt(_segment_mean(centred**2, graph_ids, num_graphs) + 1e-5)[graph_ids]


def segment_max(x, ids, num_segments):
    """0 where there are no rows."""
    largest = jax.ops.segment_max(x, ids, num_segments)
    return jnp.where(jnp.isneginf(largest), 0, largest)


def _segment_softmax(x, ids, num_segments):
    """Over the rows of each segment."""
    exponentials = jnp.exp(x - jax.lax.stop_gradient(segment_max(x, ids, num_segments))[ids])
    return exponentials / jax.ops.segment_sum(exponentials, ids, num_segments)[ids]


def spmm(weights, x, pattern):
    """Gather, multiply, sum."""
    return jax.ops.segment_sum(weights[:, None] * x[pattern.columns], pattern.rows, pattern.num_nodes)


def sparse_attention(query, key, value, pattern):
    """One array of features per entry and head."""
    logits = (query[pattern.rows] * key[pattern.columns]).sum(-1) / jnp.sqrt(query.shape[-1])
    weights = _segment_softmax(logits, pattern.rows, pattern.num_nodes)
    return jax.ops.segment_sum(weights[..., None] * value[pattern.columns], pattern.rows, pattern.num_nodes)


def pna_conv(conv: PNAConv, graphs: jraph.GraphsTuple, edge_attention=None):
    """Messages of both ends' features, every aggregation by itself, one product of them all; no degree scalers."""
    x, ids, num_nodes = graphs.nodes, graphs.receivers, len(graphs.nodes)
    messages = jnp.concatenate([x[ids], x[graphs.senders]], axis=1)
    if edge_attention is not None:
        messages = messages * edge_attention[:, None]
    mean = _segment_mean(messages, ids, num_nodes)
    variance = jax.nn.relu(_segment_mean(messages**2, ids, num_nodes) - mean**2)
    aggregated = {
        "mean": mean,
        "min": -segment_max(-messages, ids, num_nodes),
        "max": segment_max(messages, ids, num_nodes),
        "std": jnp.sqrt(variance + 1e-5),
        "sum": jax.ops.segment_sum(messages, ids, num_nodes),
    }
    side_by_side = jnp.concatenate([aggregated[name] for name in conv.aggregators], axis=1)
    return side_by_side @ conv.linear.kernel[...] + conv.linear.bias[...]


def batch(dataset: GraphDataset, indices: np.ndarray) -> jraph.GraphsTuple:
    """Graph by graph, by jraph."""
    node_starts, edge_starts = np.cumsum(dataset.n_node) - dataset.n_node, np.cumsum(dataset.n_edge) - dataset.n_edge
    graphs = []
    for index in indices:
        nodes = slice(node_starts[index], node_starts[index] + dataset.n_node[index])
        edges = slice(edge_starts[index], edge_starts[index] + dataset.n_edge[index])
        sizes = dataset.n_node[index : index + 1], dataset.n_edge[index : index + 1]
        ends = dataset.receivers[edges], dataset.senders[edges]
        graphs.append(jraph.GraphsTuple(dataset.nodes[nodes], None, *ends, None, *sizes))
    return jraph.batch_np(graphs)
