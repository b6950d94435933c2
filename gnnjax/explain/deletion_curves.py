"""How predictions change as attention is taken away, or given back, entry by entry, the largest first or at random.

If attention weights tell what matters, deleting the largest entries changes predictions sooner than deleting as many
at random, and deleting the smallest later. The trained weights stay as they are; the entries are those of the intact
model in all layers and heads, and later layers do not compute theirs anew.

Source: deletion and insertion: Petsiuk et al., BMVC 2018 (arXiv 1806.07421); of attention, with renormalization and
beside random entries: Serrano & Smith, ACL 2019 (arXiv 1906.03731).
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from gnnjax.explain.checks import class_labels
from gnnjax.explain.fixed_attention import check_attention, check_evaluated_nodes, own_attention
from gnnjax.explain.masked_attention import mask_attention
from gnnjax.models import GraphTransformer, NodeInputs
from gnnjax.ops import SparsePattern

__all__ = [
    "DeletionCurve",
    "DeletionMeasure",
    "DeletionOrder",
    "DeletionRanking",
    "deletion_curves",
    "pool_deletion_curves",
]

DeletionMeasure = Literal["accuracy", "changed", "total_variation"]
DeletionOrder = Literal["largest_first", "smallest_first", "random"]
DeletionRanking = Literal["row", "matrix"]

# Close to both ends, since most of the attention is in few entries.
_FRACTIONS = (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1)
# Of the attention in memory at the peak, as measured: itself, its ranks, and what evaluation makes of them.
_COPIES = 6


class DeletionCurve(NamedTuple):
    """What the model predicts at each fraction of entries deleted, or inserted.

    Attributes:
      fractions: `[points]`, from 0 to 1.
      accuracy: `[draws, points]`, share in [0, 1] of the evaluated nodes that are classified correctly; one draw where
        the order is not random.
      changed: `[draws, points]`, share in [0, 1] of them that are classified otherwise than by the intact model.
      total_variation: `[draws, points]`, mean total-variation distance in [0, 1] of their class probabilities from
        those of the intact model.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> falling = np.array([[1, 0.5, 0], [1, 1, 0]])  # two draws
    >>> curve = explain.DeletionCurve(np.array([0, 0.5, 1]), falling, 1 - falling, 1 - falling)
    >>> curve.area("accuracy")
    array([0.5 , 0.75])
    """

    fractions: Float[np.ndarray, " points"]
    accuracy: Float[np.ndarray, "draws points"]
    changed: Float[np.ndarray, "draws points"]
    total_variation: Float[np.ndarray, "draws points"]

    def area(self, measure: DeletionMeasure) -> Float[np.ndarray, " draws"]:
        """Area under the curve of each draw, in [0, 1], by the trapezoidal rule."""
        return np.trapezoid(getattr(self, measure), self.fractions, axis=-1)


def deletion_curves(
    model: GraphTransformer,
    inputs: NodeInputs,
    labels: Int[np.ndarray, " nodes"],
    mask: Bool[np.ndarray, " nodes"],
    *,
    attention: Float[Array | np.ndarray, "layers heads ..."] | None = None,
    insert: bool = False,
    ranking: DeletionRanking = "row",
    renormalize: bool = False,
    fractions: Sequence[float] = _FRACTIONS,
    draws: int = 5,
    seed: int = 0,
) -> dict[DeletionOrder, DeletionCurve]:
    """Deletes attention entries: those of largest weight first, those of smallest weight first, and at random.

    Entries are ranked in each layer and head by itself, and deleted in all of them at once; of equal weights the first
    in the row counts as larger. Fractions are evaluated one after the other: how many they are takes no memory.

    Args:
      model: a trained model of any kind of attention.
      inputs: the graph, with what the model needs.
      labels: `[nodes]`, classes.
      mask: `[nodes]`, the nodes to evaluate, such as those of the test part.
      attention: what to delete from, and what counts as intact; `[layers, heads, entries]` in the order of the inputs'
        pattern, or `[layers, heads, nodes, nodes]`. None: the model's own.
      insert: begin with no attention at all, and insert entries in the same orders until the model is intact.
      ranking: `row`, the given fraction of each query's entries (rounded to whole entries), or `matrix`, that of all
        entries of a layer and head.
      renormalize: scale what is left of each row to sum to one.
      fractions: ascending, from 0 to 1.
      draws: number of random orders.
      seed: of the random orders.

    Raises:
      MemoryLimitError: dense attention does not fit in memory.
      ValueError: the model has no attention, or an argument does not fit.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax import data, explain, models
    >>> path = data.NodeDataset("path", np.eye(3, dtype=np.float32), np.array([0, 1, 1, 2], np.int32),
    ...                         np.array([1, 0, 2, 1], np.int32), np.array([0, 1, 0], np.int32), num_classes=2)
    >>> inputs = models.node_inputs(path.graph)
    >>> model = models.GraphTransformer(3, 2, attention="sparse", hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
    >>> curves = explain.deletion_curves(model, inputs, path.labels, np.ones(3, bool), fractions=(0, 0.5, 1), draws=2)
    >>> [(order, curve.accuracy.shape) for order, curve in curves.items()]
    [('largest_first', (1, 3)), ('smallest_first', (1, 3)), ('random', (2, 3))]
    >>> curves["largest_first"].changed[0, 0].item()  # where nothing is deleted
    0.0
    """
    num_nodes, num_entries = inputs.pattern.num_nodes, inputs.pattern.rows.shape[0]
    labels, mask = class_labels(labels, num_nodes), check_evaluated_nodes(mask, num_nodes)
    points = _check_fractions(fractions)
    if ranking not in get_args(DeletionRanking):
        raise ValueError(f"ranking is {ranking!r}, must be one of {', '.join(get_args(DeletionRanking))}")
    if draws < 1:
        raise ValueError(f"draws is {draws}, must be at least 1")
    pattern = jax.tree.map(np.asarray, inputs.pattern)
    inputs = jax.tree.map(jnp.asarray, inputs)
    if attention is None:
        attention = own_attention(model, inputs, copies=_COPIES)
    else:
        tail = (num_nodes, num_nodes) if np.ndim(attention) == 4 else (num_entries,)
        attention = check_attention(attention, (len(model.layers), model.layers[0].num_heads, *tail))
    graphdef, state = nnx.split(model)
    evaluate = functools.partial(_evaluation(graphdef), nnx.to_pure_dict(state), inputs, labels, mask, attention)
    sizes = _group_sizes(attention.ndim == 3, pattern, ranking)
    counts = np.floor(points[:, None] * sizes + 0.5).astype(np.int32)

    def curve(draws: Iterable[np.ndarray], *, reverse: bool = False) -> DeletionCurve:
        # Kept are the ranks from `first` up to `end`: an order's beginning if inserted, its rest if deleted.
        first, end = np.zeros_like(counts), np.broadcast_to(sizes, counts.shape)
        if reverse:
            first, end = (sizes - counts, end) if insert else (first, sizes - counts)
        else:
            first, end = (first, counts) if insert else (counts, end)
        measures = [evaluate(ranks, first, end, renormalize) for ranks in draws]
        return DeletionCurve(points, *(np.stack(values) for values in zip(*measures, strict=True)))

    matrices = np.asarray(attention).reshape(-1, *attention.shape[2:])

    def rank(weights: Iterable[np.ndarray]) -> np.ndarray:
        ranks = np.empty(matrices.shape, np.int32)
        for place, matrix in enumerate(weights):
            ranks[place] = _ranks(matrix, pattern, ranking)
        return ranks.reshape(attention.shape)

    by_weight = [rank(matrices)]
    rng = np.random.default_rng(seed)
    return {
        "largest_first": curve(by_weight),
        "smallest_first": curve(by_weight, reverse=True),
        "random": curve(rank(rng.random(matrix.shape, np.float32) for matrix in matrices) for _ in range(draws)),
    }


def pool_deletion_curves(
    runs: Sequence[Mapping[DeletionOrder, DeletionCurve]],
) -> dict[DeletionOrder, DeletionCurve]:
    """The curves of several runs, such as those of all splits, as one: its draws are the runs' means over theirs.

    Raises:
      ValueError: there are no runs, or their orders or fractions differ.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> runs = [{"random": explain.DeletionCurve(np.array([0, 1]), *[np.array(draws)] * 3)}
    ...         for draws in ([[1, 0], [1, 0.5]], [[0.75, 0.5]])]
    >>> explain.pool_deletion_curves(runs)["random"].accuracy
    array([[1.  , 0.25],
           [0.75, 0.5 ]])
    """
    if not runs:
        raise ValueError("runs is empty: give the curves of at least one run")
    pooled = {}
    for order, first in runs[0].items():
        curves = [run[order] for run in runs if order in run]
        if len(curves) < len(runs) or not all(np.array_equal(curve.fractions, first.fractions) for curve in curves):
            raise ValueError(f"{order}: the runs differ in their orders or fractions")
        means = [[measure.mean(0) for measure in curve[1:]] for curve in curves]
        pooled[order] = DeletionCurve(first.fractions, *(np.stack(measure) for measure in zip(*means, strict=True)))
    return pooled


def _check_fractions(fractions: Sequence[float]) -> np.ndarray:
    values = np.asarray(fractions, np.float64)
    if values.ndim != 1 or len(values) < 2 or values[0] != 0 or values[-1] != 1 or not np.all(np.diff(values) > 0):
        raise ValueError(f"fractions must ascend from 0 to 1, are {values.tolist()}")
    return values


def _group_sizes(is_sparse: bool, pattern: SparsePattern, ranking: DeletionRanking) -> np.ndarray:
    """`[nodes]`, how many entries are ranked together with those of each row."""
    if ranking == "row" and is_sparse:
        return np.diff(pattern.row_pointers)
    num_nodes = pattern.num_nodes
    if ranking == "row":
        return np.full(num_nodes, num_nodes)
    return np.full(num_nodes, len(pattern.rows) if is_sparse else num_nodes**2)


def _ranks(
    weights: Float[np.ndarray, "..."], pattern: SparsePattern, ranking: DeletionRanking
) -> Int[np.ndarray, "..."]:
    """For each entry of a matrix, how many of its row or of the matrix come before it, the largest first."""
    if ranking == "row" and weights.ndim == 1:
        order = np.lexsort((-weights, pattern.rows))
        ranks = np.empty(weights.shape, np.int32)
        ranks[order] = np.arange(len(order)) - pattern.row_pointers[pattern.rows]
        return ranks
    groups = weights if ranking == "row" else weights.reshape(1, -1)
    # Bits of positive floats sort as the floats do. With the index in the lower half every key is unique, so that an
    # unstable sort will do, which is eight times as fast as a stable argsort (5 201 nodes).
    keys = -groups.astype(np.float32).view(np.int32).astype(np.int64)
    keys <<= 32
    keys += np.arange(groups.shape[1])
    keys.sort(axis=-1)
    ranks = np.empty(groups.shape, np.int32)
    np.put_along_axis(ranks, keys & 0xFFFFFFFF, np.arange(groups.shape[1], dtype=np.int32)[None], -1)
    return ranks.reshape(weights.shape)


@functools.lru_cache(maxsize=16)
def _evaluation(graphdef: nnx.GraphDef) -> Callable:
    """The jitted function that keeps the entries of rank `first` to `end - 1`, each `[fractions, nodes]`."""

    @jax.jit
    def evaluate(params, inputs, labels, mask, attention, ranks, first, end, renormalize):
        model = nnx.merge(graphdef, params, copy=True)
        intact = jax.nn.softmax(model.with_attention(inputs, attention))

        def of_entries(limit):
            return limit[inputs.pattern.rows] if ranks.ndim == 3 else limit[:, None]

        def mean(values):
            return jnp.where(mask, values, 0).sum() / mask.sum()

        def point(limits):
            first, end = map(of_entries, limits)
            kept = (first <= ranks) & (ranks < end)
            masked = mask_attention(attention, kept, inputs.pattern, renormalize)
            probabilities = jax.nn.softmax(model.with_attention(inputs, masked))
            predicted = probabilities.argmax(-1)
            distance = jnp.abs(probabilities - intact).sum(-1) / 2
            return mean(predicted == labels), mean(predicted != intact.argmax(-1)), mean(distance)

        return jax.lax.map(point, (first, end))

    return evaluate
