"""PGExplainer: one network that explains every graph, learned from many."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jraph
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float

from gnnjax.data import GraphBatch, GraphDataset, Task, batch_shape, epoch_order, iterate_batches
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.masked_classifier import MaskedClassifier
from gnnjax.explain.post_hoc.batched import Explainable, as_classifier, both_directions, explain_batches
from gnnjax.explain.post_hoc.mask_cost import mask_costs
from gnnjax.explain.post_hoc.node_embedding import node_embedding
from gnnjax.explain.post_hoc.targets import Target, target_losses, target_weights
from gnnjax.graphs import edge_graph_ids
from gnnjax.nn import MLP
from gnnjax.ops import pair_linear, sample_concrete

__all__ = ["PGExplainer"]

_Embed = Callable[[jraph.GraphsTuple], Float[Array, "nodes embedding_size"]]


class PGExplainer(nnx.Module):
    r"""An MLP from the embeddings of an edge's two ends to the log odds of keeping it.

    `fit` trains it on some graphs, a call explains any others in one pass.

    Args:
      embedding_size: width of the node embeddings, `hidden_size` of a `models.Backbone`.
      hidden_size: of the MLP.
      average_directions: one value for both directions of an undirected edge, also in training.
      rngs: keys for the initial parameters.

    Source: Luo et al., NeurIPS 2020 (arXiv 2011.04573), section 4.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> from gnnjax.models import GIN
    >>> path = from_arrays([np.ones((3, 1))] * 2, [([0, 1], [1, 2])] * 2, [1, 0], undirected=True)
    >>> model = GIN(1, 1, hidden_size=8, rngs=nnx.Rngs(0))
    >>> explainer = PGExplainer(8, rngs=nnx.Rngs(1))
    >>> losses = explainer.fit(model, path, np.array([0]), epochs=2)
    >>> len(losses), explainer(model, path, np.array([1])).edge_mask.shape
    (2, (4,))
    """

    def __init__(self, embedding_size: int, *, hidden_size: int = 64, average_directions: bool = True, rngs: nnx.Rngs):
        self.mlp = MLP((2 * embedding_size, hidden_size, 1), rngs=rngs)
        self.average_directions = average_directions

    def log_odds(
        self, embedding: Float[Array, "nodes embedding_size"], graphs: jraph.GraphsTuple
    ) -> Float[Array, " edges"]:
        """Log odds of keeping each edge."""
        first = self.mlp.layers[0]
        hidden = pair_linear(embedding, graphs.senders, graphs.receivers, first.kernel[...], first.bias[...])
        return self.mlp.after_first(hidden)[:, 0]

    def fit(
        self,
        model: Explainable,
        dataset: GraphDataset,
        indices: np.ndarray,
        *,
        target: Target = "prediction",
        embed: _Embed | None = None,
        epochs: int = 30,
        learning_rate: float = 3e-3,
        temperatures: tuple[float, float] = (5.0, 1.0),
        size: float = 0.05,
        entropy: float = 1.0,
        seed: int = 0,
        batch_size: int = 128,
        on_epoch: Callable[[int, float], Any] | None = None,
    ) -> list[float]:
        r"""Trains on graphs whose predictions, not labels or true explanations, are known.

        Masks are relaxed Bernoulli samples (`ops.sample_concrete`), whose temperature is
        :math:`\tau_0 (\tau_1 / \tau_0)^{k / K}` in epoch k of K. What is minimised is the loss of the masked graph's
        prediction plus the mask's size and entropy, mean over the graphs, with Adam.

        Args:
          model: what is explained, see `Explainable`.
          dataset, indices: graphs to learn from.
          target: what is explained, see `target_weights`.
          embed: node embeddings, a pytree for `jax.jit` (default: `node_embedding(model)`).
          epochs: passes over the graphs.
          learning_rate: of Adam.
          temperatures: the first, :math:`\tau_0`, and the last, :math:`\tau_1`.
          size, entropy: weights of the mask's sum and mean entropy, see `mask_costs`.
          seed: of shuffles and samples.
          batch_size: graphs per step.
          on_epoch: called as `on_epoch(epoch, loss)`, for a progress bar.

        Returns:
          The mean loss of each epoch.

        Raises:
          ValueError: `indices` is empty, `target` is not known, or a temperature is not positive.
          TypeError: `model` is a function and `embed` is not given.
        """
        indices = np.asarray(indices)
        if not indices.size:
            raise ValueError("there are no graphs to learn from: indices is empty")
        if min(temperatures) <= 0:
            raise ValueError(f"temperatures are {temperatures}, must be positive")
        classify, embed = as_classifier(model), _embedding(model, embed)
        graphdef, params = nnx.split(self)
        numbers = {"learning_rate": learning_rate, "size": size, "entropy": entropy}
        state = optax.adam(learning_rate).init(params)
        orders = [epoch_order(indices, seed=seed, epoch=epoch) for epoch in range(epochs)]
        shape = batch_shape(dataset, orders, batch_size)
        first, last = temperatures
        history = []
        for epoch, order in enumerate(orders):
            temperature = first * (last / first) ** (epoch / epochs)
            key = jax.random.fold_in(jax.random.key(seed), epoch)
            losses = []
            for step, batch in enumerate(iterate_batches(dataset, order, batch_size=batch_size, shape=shape)):
                noise = jax.random.fold_in(key, step)
                params, state, loss = _train_step(
                    graphdef,
                    params,
                    state,
                    classify,
                    embed,
                    batch,
                    noise,
                    numbers,
                    temperature,
                    task=dataset.task,
                    target=target,
                )
                losses.append(loss)
            # The last batch may be smaller; each graph counts the same.
            sizes = [min(batch_size, len(order) - start) for start in range(0, len(order), batch_size)]
            history.append(float(np.average(jax.device_get(losses), weights=sizes)))
            if on_epoch is not None:
                on_epoch(epoch, history[-1])
        nnx.update(self, params)
        return history

    def __call__(
        self,
        model: Explainable,
        dataset: GraphDataset,
        indices: np.ndarray,
        *,
        embed: _Embed | None = None,
        batch_size: int = 128,
    ) -> Explanations:
        """Explains graphs with what `fit` learned; the target is that of `fit`.

        Args:
          model: what is explained, see `Explainable`.
          dataset, indices: the graphs, in order.
          embed: as for `fit`.
          batch_size: graphs at a time.

        Returns:
          Masks in (0, 1).

        Raises:
          ValueError: `indices` is empty.
          TypeError: `model` is a function and `embed` is not given.
          DataError: a graph is not there, or a score is not finite.
        """
        classify, embed = as_classifier(model), _embedding(model, embed)
        graphdef, params = nnx.split(self)

        def explain(batch, _):
            return _explain(graphdef, params, classify, embed, batch)

        return explain_batches(explain, dataset, indices, method="pg_explainer", batch_size=batch_size)


def _embedding(model, embed):
    if embed is None:
        return node_embedding(model)
    return embed if isinstance(embed, jax.tree_util.Partial) else jax.tree_util.Partial(embed)


@functools.partial(jax.jit, static_argnums=0, static_argnames=("task", "target"))
def _train_step(
    graphdef: nnx.GraphDef,
    params: Any,
    state: Any,
    classify: MaskedClassifier,
    embed: _Embed,
    batch: GraphBatch,
    key: jax.Array,
    numbers: dict[str, float],
    temperature: float,
    *,
    task: Task,
    target: Target,
):
    graphs = batch.graphs
    graph_ids, num_graphs = edge_graph_ids(graphs), len(graphs.n_node)
    whole = classify(graphs, None)
    weights = target_weights(task, whole, batch.labels, target)
    embedding = embed(graphs)

    def loss_fn(params):
        explainer = nnx.merge(graphdef, params)
        log_odds = explainer.log_odds(embedding, graphs)
        uniform = jax.random.uniform(key, log_odds.shape, log_odds.dtype, minval=1e-10)
        edge_mask = sample_concrete(log_odds, uniform, temperature=temperature)
        edge_mask = both_directions(edge_mask, batch, explainer.average_directions)
        losses = target_losses(task, classify(graphs, edge_mask), weights, whole)
        losses += mask_costs(edge_mask, graph_ids, num_graphs, size=numbers["size"], entropy=numbers["entropy"])
        return jnp.where(batch.graph_mask, losses, 0).sum() / batch.graph_mask.sum()

    loss, gradient = jax.value_and_grad(loss_fn)(params)
    updates, state = optax.adam(numbers["learning_rate"]).update(gradient, state)
    return optax.apply_updates(params, updates), state, loss


@functools.partial(jax.jit, static_argnums=0)
def _explain(graphdef: nnx.GraphDef, params: Any, classify: MaskedClassifier, embed: _Embed, batch: GraphBatch):
    explainer = nnx.merge(graphdef, params)
    edge_mask = jax.nn.sigmoid(explainer.log_odds(embed(batch.graphs), batch.graphs))
    return both_directions(edge_mask, batch, explainer.average_directions), classify(batch.graphs, None)
