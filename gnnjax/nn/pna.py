"""Principal neighbourhood aggregation."""

import functools
import math
from collections.abc import Sequence
from typing import Literal, get_args

import jax
import jax.numpy as jnp
import jraph
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from gnnjax.graphs import in_degrees
from gnnjax.nn.linear import Linear
from gnnjax.ops import SegmentStatistics, check_edge_attention, matmul, segment_statistics

__all__ = ["Aggregator", "PNAConv", "mean_log_degree"]

EPSILON = 1e-5  # under the square root of the standard deviation

Aggregator = Literal["mean", "min", "max", "std", "sum"]


class PNAConv(nnx.Module):
    r"""Principal neighbourhood aggregation whose messages may carry an edge attention.

    .. math:: x_i' = b + W \, \big[ s(d_i) \operatorname{agg}_{(j, i)} a_{ji} [x_i, x_j, e_{ji}] \big]_{s, \mathrm{agg}}

    for each scaler :math:`s` and aggregator, side by side. The standard deviation is
    :math:`\sqrt{\max(E[m^2] - E[m]^2, 0) + 10^{-5}}`. A node that receives nothing aggregates to 0 (the standard
    deviation to :math:`\sqrt{10^{-5}}`). The scaler is 1 and, with `degree_scaler`, also
    :math:`\log(d_i + 1) / \delta` and its inverse (1 where :math:`d_i = 0`).

    As in GSAT's published code the attention multiplies the whole message, the receiver's own features included.

    Args:
      in_features: width of the node features.
      out_features: width of the result.
      edge_features: width of the edge features, or None to ignore them.
      aggregators: reductions of the messages, in the order of the linear layer's input.
      degree_scaler: :math:`\delta` > 0, see `mean_log_degree`; None goes without degree scalers.
      rngs: keys for the initial parameters.

    Raises:
      ValueError: an aggregator is not known, or `degree_scaler` not positive.

    Source: Corso et al., NeurIPS 2020 (arXiv 2004.05718); the attention follows Miao et al., ICML 2022
    (arXiv 2201.12987).

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, nn
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> conv = nn.PNAConv(3, 8, aggregators=("mean", "max"), degree_scaler=0.6, rngs=nnx.Rngs(0))
      >>> conv(path).shape, conv.linear.in_features == 3 * 2 * (3 + 3)
      ((3, 8), True)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        edge_features: int | None = None,
        aggregators: Sequence[Aggregator] = get_args(Aggregator),
        degree_scaler: float | None = None,
        rngs: nnx.Rngs,
    ):
        unknown = set(aggregators) - set(get_args(Aggregator))
        if unknown or not aggregators:
            raise ValueError(f"aggregators is {tuple(aggregators)}, must be some of {get_args(Aggregator)}")
        if degree_scaler is not None and not degree_scaler > 0:
            raise ValueError(f"degree_scaler is {degree_scaler}, must be positive")
        self.aggregators = tuple(aggregators)
        self.edge_features = edge_features
        self.degree_scaler = degree_scaler
        num_scalers = 1 if degree_scaler is None else 3
        width = 2 * in_features + (edge_features or 0)
        self.linear = Linear(num_scalers * len(self.aggregators) * width, out_features, rngs=rngs)

    def __call__(
        self, graphs: jraph.GraphsTuple, edge_attention: Float[Array | np.ndarray, " edges"] | None = None
    ) -> Float[Array, "nodes out_features"]:
        """Returns the new node features; rows of padding nodes are finite and meaningless.

        Args:
          graphs: `nodes` is `[nodes, in_features]`; `edges` is `[edges, edge_features]` if the layer uses them.
          edge_attention: a factor for each message.

        Raises:
          ValueError: `edge_attention` does not hold one value per edge.
        """
        x = jnp.asarray(graphs.nodes)
        degree = in_degrees(graphs).astype(x.dtype)[:, None]
        messages = [x[graphs.senders]]
        if self.edge_features is not None:
            messages.append(jnp.asarray(graphs.edges))
        own_kernel, received_kernel = self._kernels(x.shape[1])
        if edge_attention is None:
            own, own_kernel = self._merge_own(own_kernel, x, degree)
        else:
            check_edge_attention(edge_attention, len(messages[0]))
            messages = [columns * edge_attention[:, None] for columns in messages]
            weight = segment_statistics(edge_attention[:, None], graphs.receivers, x.shape[0])
            own = [_aggregate_own(weight, x, degree)[name] for name in self.aggregators]
        # Reduced apart: with one attention for all layers what the edges carry is the same in each, and reduced once.
        parts = [_aggregate(segment_statistics(columns, graphs.receivers, x.shape[0]), degree) for columns in messages]
        received = [jnp.concatenate([part[name] for part in parts], axis=1) for name in self.aggregators]
        # A sum of products instead of one product of what they would be side by side, which would have to be copied.
        # A scaler is one factor per node, so that it can come after the product.
        products = (
            matmul(columns, kernel.reshape(len(kernel), -1))
            for columns, kernel in zip([*own, *received], [*own_kernel, *received_kernel], strict=True)
        )
        per_scaler = functools.reduce(jnp.add, products)
        per_scaler = per_scaler.reshape(len(x), *received_kernel.shape[2:])
        return (self._scalers(degree)[:, :, None] * per_scaler).sum(axis=1) + self.linear.bias[...]

    def _kernels(self, in_features: int):
        """Weights of the receiver's features and of the rest, each `[aggregators, rows, scalers, out_features]`."""
        kernel = self.linear.kernel[...]
        num_aggregators = len(self.aggregators)
        width = in_features + in_features + (self.edge_features or 0)
        kernel = kernel.reshape(-1, num_aggregators, width, kernel.shape[1]).transpose(1, 2, 0, 3)
        return kernel[:, :in_features], kernel[:, in_features:]

    def _merge_own(self, kernel, x, degree):
        """The receiver's columns and their weights where every attention is 1.

        Mean, minimum and maximum of equal terms are that term, so that their weights add up; the standard deviation
        is a constant, which one column of ones carries.
        """
        by_name = dict(zip(self.aggregators, kernel, strict=True))
        columns, kernels = [], []
        equal = [by_name[name] for name in ("mean", "min", "max") if name in by_name]
        if equal:
            columns.append(jnp.minimum(degree, 1) * x)
            kernels.append(sum(equal))
        if "sum" in by_name:
            columns.append(degree * x)
            kernels.append(by_name["sum"])
        if "std" in by_name:
            columns.append(jnp.full((len(x), 1), math.sqrt(EPSILON), x.dtype))
            kernels.append(by_name["std"].sum(axis=0, keepdims=True))
        return columns, kernels

    def _scalers(self, degree):
        """`[nodes, scalers]`."""
        if self.degree_scaler is None:
            return jnp.ones_like(degree)
        amplification = jnp.log(degree + 1) / self.degree_scaler
        attenuation = jnp.where(degree > 0, 1 / jnp.where(degree > 0, amplification, 1), 1)
        return jnp.concatenate([jnp.ones_like(degree), amplification, attenuation], axis=1)


def _aggregate(statistics: SegmentStatistics, degree) -> dict[str, Array]:
    count = jnp.maximum(degree, 1)
    mean = statistics.sum / count
    variance = jax.nn.relu(statistics.square_sum / count - mean * mean)
    return {
        "mean": mean,
        "min": statistics.min,
        "max": statistics.max,
        "std": jnp.sqrt(variance + EPSILON),
        "sum": statistics.sum,
    }


def _aggregate_own(weight: SegmentStatistics, x, degree) -> dict[str, Array]:
    """Reductions of `a_ij x_i` over j, from those of the weights `[nodes, 1]`: no edge-sized array of features."""
    count = jnp.maximum(degree, 1)
    mean = weight.sum / count
    variance = jax.nn.relu(weight.square_sum / count - mean * mean)
    negative = x < 0
    return {
        "mean": mean * x,
        "min": jnp.where(negative, weight.max, weight.min) * x,
        "max": jnp.where(negative, weight.min, weight.max) * x,
        "std": jnp.sqrt(variance * x * x + EPSILON),
        "sum": weight.sum * x,
    }


def mean_log_degree(degree_histogram: np.ndarray) -> float:
    r"""The published code's :math:`\delta`: mean of :math:`\log(h + 1)` over the *entries* h of a degree histogram.

    The paper has the mean of :math:`\log(d + 1)` over the nodes.

    Args:
      degree_histogram: `[degrees]`, number of training nodes with in-degree 0, 1, 2, ... (see
        `data.degree_histogram`).

    Examples:
      >>> import numpy as np
      >>> from gnnjax import nn
      >>> round(nn.mean_log_degree(np.array([0, 2, 1])), 3), round(float(np.log([1, 3, 2]).mean()), 3)
      (0.597, 0.597)
    """
    return math.fsum(np.log1p(degree_histogram)) / len(degree_histogram)
