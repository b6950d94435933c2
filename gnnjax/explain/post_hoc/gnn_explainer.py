"""GNNExplainer: a mask learned for each graph by itself."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gnnjax.data import GraphBatch, GraphDataset, Task
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.masked_classifier import MaskedClassifier
from gnnjax.explain.post_hoc.batched import Explainable, as_classifier, both_directions, explain_batches
from gnnjax.explain.post_hoc.mask_cost import mask_costs
from gnnjax.explain.post_hoc.targets import Target, target_losses, target_weights
from gnnjax.graphs import edge_graph_ids
from gnnjax.ops import row_uniform

__all__ = ["gnn_explainer"]


def gnn_explainer(
    model: Explainable,
    dataset: GraphDataset,
    indices: np.ndarray,
    *,
    target: Target = "prediction",
    num_steps: int = 100,
    learning_rate: float = 0.1,
    size: float = 0.005,
    entropy: float = 1.0,
    average_directions: bool = True,
    seed: int = 0,
    batch_size: int = 128,
) -> Explanations:
    r"""Minimises the loss of the masked graph's prediction, plus the mask's size and entropy, with Adam.

    The mask is :math:`\sigma(l)` of one number per edge. All graphs of a batch are optimised at once, and none depends
    on the others: neither the batch size nor the order matters.

    Args:
      model: see `Explainable`.
      dataset, indices: the graphs, in order.
      target: what is explained, see `target_weights`.
      num_steps: of Adam.
      learning_rate: of Adam.
      size, entropy: weights of the mask's sum and mean entropy, see `mask_costs`.
      average_directions: one mask for both directions of an undirected edge, also while it is learned.
      seed: of the initial numbers.
      batch_size: graphs at a time.

    Returns:
      Masks in (0, 1).

    Raises:
      ValueError: `indices` is empty, `target` is not known, or `num_steps` is below 1.
      DataError: a graph is not there, or the optimisation led to numbers that are not finite.

    Source: Ying et al., NeurIPS 2019 (arXiv 1903.03894), section 4, without the mask on features; defaults are those
    of its published code.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> from gnnjax.models import GIN
    >>> path = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
    >>> mask = gnn_explainer(GIN(1, 1, rngs=nnx.Rngs(0)), path, np.array([0]), num_steps=5).edge_mask
    >>> bool(mask[0] == mask[2]), bool(((mask > 0) & (mask < 1)).all())
    (True, True)
    """
    if num_steps < 1:
        raise ValueError(f"num_steps is {num_steps}, must be at least 1")
    classify = as_classifier(model)
    key = jax.random.key(seed, impl="threefry2x32")
    options = {"num_steps": num_steps, "average_directions": average_directions}
    numbers = {"learning_rate": learning_rate, "size": size, "entropy": entropy}

    def explain(batch, edge_rows):
        return _explain(classify, batch, edge_rows, key, numbers, task=dataset.task, target=target, **options)

    return explain_batches(explain, dataset, indices, method="gnn_explainer", batch_size=batch_size)


@functools.partial(jax.jit, static_argnames=("task", "target", "num_steps", "average_directions"))
def _explain(
    classify: MaskedClassifier,
    batch: GraphBatch,
    edge_rows: np.ndarray,
    key: jax.Array,
    numbers: dict[str, float],
    *,
    task: Task,
    target: Target,
    num_steps: int,
    average_directions: bool,
):
    graphs = batch.graphs
    graph_ids, num_graphs = edge_graph_ids(graphs), len(graphs.n_node)
    whole = classify(graphs, None)
    weights = target_weights(task, whole, batch.labels, target)
    adam = optax.adam(numbers["learning_rate"])

    def mask_of(mask_logits):
        return both_directions(jax.nn.sigmoid(mask_logits), batch, average_directions)

    def loss(mask_logits):
        edge_mask = mask_of(mask_logits)
        losses = target_losses(task, classify(graphs, edge_mask), weights, whole)
        losses += mask_costs(edge_mask, graph_ids, num_graphs, size=numbers["size"], entropy=numbers["entropy"])
        # A sum over graphs, of which Adam makes steps for each number by itself.
        return jnp.where(batch.graph_mask, losses, 0).sum()

    def step(carry, _):
        mask_logits, state = carry
        updates, state = adam.update(jax.grad(loss)(mask_logits), state)
        return (optax.apply_updates(mask_logits, updates), state), None

    start = _initial_logits(key, edge_rows, jnp.asarray(graphs.n_node)[graph_ids]).astype(whole.dtype)
    (mask_logits, _), _ = jax.lax.scan(step, (start, adam.init(start)), length=num_steps)
    return mask_of(mask_logits), whole


def _initial_logits(key, edge_rows, num_nodes):
    r"""Normal numbers of deviation :math:`\sqrt{2} \sqrt{2 / (2 n)}`, n nodes, as in the published code."""
    uniform = row_uniform(key, edge_rows, minval=1e-7)
    return jnp.sqrt(2) * jax.lax.erf_inv(2 * uniform - 1) * jnp.sqrt(2 / num_nodes)
