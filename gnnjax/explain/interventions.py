"""Whether a node classifier needs its attention: predictions where it is replaced, or parts of it knocked out.

An attention graph shows where attention lies, not that predictions depend on it. Here the trained weights stay as they
are, and only the attention matrices are changed, in all layers and heads, at test time. Parts are knocked out of the
attention of the intact model, which later layers do not compute anew: what changes is what flows along it.

Source: ablation and replacement of attention follow Jain & Wallace, NAACL 2019 (arXiv 1902.10186), Serrano & Smith, ACL
2019 (arXiv 1906.03731), and Wiegreffe & Pinter, EMNLP 2019 (arXiv 1908.04626).
"""

from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from scipy.sparse import csr_array

from gnnjax.explain.bias_graph import bias_attention
from gnnjax.explain.checks import class_labels
from gnnjax.explain.fixed_attention import (
    check_attention,
    check_evaluated_nodes,
    logits_with_attention,
    own_attention,
)
from gnnjax.explain.masked_attention import mask_attention, without_diagonal, without_keys
from gnnjax.explain.patterns import reference_nodes as find_reference_nodes
from gnnjax.models import GraphTransformer, NodeInputs
from gnnjax.ops import SparsePattern, segment_mean

__all__ = ["InterventionResult", "attention_interventions", "mean_row_attention", "uniform_attention"]

# Of the attention in memory at the peak, as measured.
_COPIES = 4


class InterventionResult(NamedTuple):
    """What the model predicts under an intervention.

    Attributes:
      accuracy: share in [0, 1] of the evaluated nodes that are classified correctly.
      changed: share in [0, 1] of the evaluated nodes that are classified otherwise than by the intact model.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> runs = [explain.InterventionResult(accuracy=1.0, changed=0.0), explain.InterventionResult(0.5, 0.5)]
    >>> explain.InterventionResult(*np.mean(runs, axis=0).tolist())
    InterventionResult(accuracy=0.75, changed=0.25)
    """

    accuracy: float
    changed: float


def attention_interventions(
    model: GraphTransformer,
    inputs: NodeInputs,
    labels: Int[np.ndarray, " nodes"],
    mask: Bool[np.ndarray, " nodes"],
    *,
    other_attention: Float[Array | np.ndarray, "layers heads ..."] | None = None,
    reference_nodes: int = 5,
    random_draws: int = 5,
    seed: int = 0,
) -> dict[str, InterventionResult]:
    """Accuracy and change of prediction under each intervention, beside the intact model.

    | key | attention of every layer and head |
    |---|---|
    | `intact` | the model's own |
    | `zero` | nothing (zero ablation): of the layer only the bias of its out-projection is left |
    | `identity` | each node to itself |
    | `uniform_neighbors` | the same to each neighbour and itself: rows of A + I, normalized |
    | `bias_only` | softmax of distance bias times learned scale, without queries and keys; `dense_biased` alone |
    | `mean_row` | `mean_row_attention`: what a key receives no longer depends on the query (mean ablation) |
    | `other_run` | `other_attention`; only if that is given |
    | `without_reference_nodes` | the model's own without the keys that receive most, the same in all layers and heads |
    | `without_random_nodes` | the same with as many random keys, mean over draws: the null of the former |
    | `without_diagonal` | the model's own without that of each node to itself |

    The last three come a second time as `..._renormalized`, where what is left of a row is scaled to sum to one.

    Args:
      model: a trained model of any kind of attention.
      inputs: the graph, with what the model needs.
      labels: `[nodes]`, classes.
      mask: `[nodes]`, the nodes to evaluate, such as those of the test part.
      other_attention: attention of a model of the same kind that was trained with another seed or split, from `attend`.
      reference_nodes: how many keys to knock out.
      random_draws: how often as many random keys are drawn.
      seed: of these draws.

    Raises:
      MemoryLimitError: dense attention does not fit in memory.
      ValueError: the model has no attention, or an array or number does not fit the graph.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax import data, explain, models
    >>> path = data.NodeDataset("path", np.eye(3, dtype=np.float32), np.array([0, 1, 1, 2], np.int32),
    ...                         np.array([1, 0, 2, 1], np.int32), np.array([0, 1, 0], np.int32), num_classes=2)
    >>> inputs = models.node_inputs(path.graph)
    >>> model = models.GraphTransformer(3, 2, attention="sparse", hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
    >>> results = explain.attention_interventions(model, inputs, path.labels, np.ones(3, bool), reference_nodes=1)
    >>> list(results)[:5], results["intact"].changed
    (['intact', 'zero', 'identity', 'uniform_neighbors', 'mean_row'], 0.0)
    """
    num_nodes = inputs.pattern.num_nodes
    labels, mask = class_labels(labels, num_nodes), check_evaluated_nodes(mask, num_nodes)
    if random_draws < 1:
        raise ValueError(f"random_draws is {random_draws}, must be at least 1")
    inputs = jax.tree.map(jnp.asarray, inputs)
    attention = own_attention(model, inputs, copies=_COPIES)
    if other_attention is not None:
        other_attention = check_attention(other_attention, attention.shape, "other_attention")
    nodes = _reference_nodes(attention, inputs.pattern, reference_nodes)

    def predict(attention: jax.Array) -> np.ndarray:
        return np.asarray(logits_with_attention(model, inputs, attention).argmax(-1))[mask]

    intact, labels = predict(attention), labels[mask]

    def evaluate(attention: jax.Array) -> InterventionResult:
        predicted = predict(attention)
        return InterventionResult(float(np.mean(predicted == labels)), float(np.mean(predicted != intact)))

    results = {"intact": evaluate(attention)}
    for name, replacement in _replacements(model, inputs, attention, other_attention):
        results[name] = evaluate(replacement)
    rng = np.random.default_rng(seed)
    draws = [rng.choice(num_nodes, reference_nodes, replace=False) for _ in range(random_draws)]
    for renormalize, suffix in ((False, ""), (True, "_renormalized")):
        keep = {"pattern": inputs.pattern, "renormalize": renormalize}
        results[f"without_reference_nodes{suffix}"] = evaluate(without_keys(attention, keys=nodes, **keep))
        random = [evaluate(without_keys(attention, keys=drawn, **keep)) for drawn in draws]
        results[f"without_random_nodes{suffix}"] = InterventionResult(*np.mean(random, axis=0).tolist())
        results[f"without_diagonal{suffix}"] = evaluate(without_diagonal(attention, **keep))
    return results


@jax.jit
def uniform_attention(pattern: SparsePattern) -> Float[Array, "1 1 entries"]:
    """The same attention to all that a node may attend to.

    >>> import numpy as np
    >>> from gnnjax import explain, ops
    >>> pattern = ops.sparse_pattern(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)  # 0 attends to both, 1 to itself
    >>> explain.uniform_attention(pattern).tolist()
    [[[0.5, 0.5, 1.0]]]
    """
    ones = jnp.ones((1, 1, pattern.rows.shape[0]))
    return mask_attention(ones, True, pattern, True)


@jax.jit
def mean_row_attention(
    attention: Float[Array | np.ndarray, "layers heads ..."], pattern: SparsePattern
) -> Float[Array, "layers heads ..."]:
    """The mean over queries in the place of each query's own attention.

    In sparse attention the mean for a key is over the queries that may attend to it; each row then has the means of
    those keys that the query may attend to, scaled to sum to one. Where all may attend to all, this is the mean row.

    Args:
      attention: `[layers, heads, entries]` in the order of `pattern`, or `[layers, heads, nodes, nodes]`.
      pattern: where the entries of sparse attention are.

    Returns:
      `[layers, heads, entries]`, or `[layers, heads, 1, nodes]`.

    >>> import numpy as np
    >>> from gnnjax import explain, ops
    >>> pattern = ops.sparse_pattern(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)  # 0 attends to both, 1 to itself
    >>> attention = np.array([[[0.5, 0.5, 1.0]]], np.float32)
    >>> np.asarray(explain.mean_row_attention(attention, pattern)).round(2)  # of 0: 1/2 and 3/4, scaled
    array([[[0.4, 0.6, 1. ]]], dtype=float32)
    """
    attention = jnp.asarray(attention)
    if attention.ndim == 4:
        return attention.mean(2, keepdims=True)
    means = segment_mean(jnp.moveaxis(attention, -1, 0), pattern.columns, pattern.num_nodes)
    return mask_attention(jnp.moveaxis(means[pattern.columns], 0, -1), True, pattern, True)


def _replacements(
    model: GraphTransformer, inputs: NodeInputs, attention: jax.Array, other_attention: jax.Array | None
) -> Iterator[tuple[str, jax.Array]]:
    """One at a time, since each may have the size of the model's own attention."""
    pattern = inputs.pattern
    yield "zero", jnp.zeros((1, 1, pattern.rows.shape[0]))
    yield "identity", (pattern.rows == pattern.columns).astype(jnp.float32)[None, None]
    yield "uniform_neighbors", uniform_attention(pattern)
    if model.bias_scale is not None:
        bias = bias_attention(np.asarray(inputs.distance_bias), float(model.bias_scale[0]))
        yield "bias_only", jnp.asarray(bias)[None, None]
    yield "mean_row", mean_row_attention(attention, pattern)
    if other_attention is not None:
        yield "other_run", other_attention


def _reference_nodes(attention: jax.Array, pattern: SparsePattern, count: int) -> np.ndarray:
    mean = np.asarray(attention.mean((0, 1)))
    if attention.ndim == 3:
        num_nodes = pattern.num_nodes
        mean = csr_array((mean, np.asarray(pattern.columns), np.asarray(pattern.row_pointers)), (num_nodes, num_nodes))
    return find_reference_nodes(mean, count).nodes
