"""Other people's classifiers as backbones: plain functions of weights, and Flax Linen modules."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

__all__ = ["FunctionBackbone", "LinenBackbone"]


class FunctionBackbone(nnx.Module):
    """A classifier made of two functions and their weights, for `GSAT` to explain and `train.fit` to train.

    Both functions are called as `f(weights, graphs, edge_attention, graph_mask=..., train=..., key=...)`; take `**_`
    for the options that you do not need. `graphs` is a padded `jraph.GraphsTuple`, `edge_attention` `[edges]` the
    factor to multiply each message by (ones where there is none), `graph_mask` `[graphs]` False for padding or None,
    and `key` a random key for dropout or None.

    Args:
      embed: gives node embeddings `[nodes, hidden_size]`, from which the attention is learned.
      classify: gives logits `[graphs, outputs]` (or `[nodes, outputs]`).
      weights: any pytree of arrays.
      hidden_size: width of the embeddings.

    Raises:
      TypeError: a leaf of `weights` is no array; keep such things in the functions.

    >>> import jax.numpy as jnp
    >>> from flax import nnx
    >>> from gnnjax import models, nn, ops
    >>> def embed(weights, graphs, edge_attention, **_):
    ...     x = graphs.nodes @ weights["embed"]
    ...     return jnp.tanh(x + ops.propagate(x, graphs.senders, graphs.receivers, edge_attention))
    >>> def classify(weights, graphs, edge_attention, **_):
    ...     x = embed(weights, graphs, edge_attention)
    ...     return nn.sum_pool(graphs._replace(nodes=x)) @ weights["classify"]
    >>> weights = {"embed": jnp.ones((10, 16)), "classify": jnp.ones((16, 1))}
    >>> model = models.GSAT(models.FunctionBackbone(embed, classify, weights, hidden_size=16), rngs=nnx.Rngs(0))
    """

    def __init__(self, embed: Callable[..., Any], classify: Callable[..., Any], weights: Any, *, hidden_size: int):
        self.hidden_size = hidden_size
        self._embed, self._classify = embed, classify
        leaves, self._structure = jax.tree.flatten(weights)
        self.weights = nnx.List([nnx.Param(jnp.asarray(leaf)) for leaf in leaves])

    def embed(self, graphs, edge_attention=None, **options) -> jax.Array:
        """Node embeddings `[nodes, hidden_size]`."""
        return self._embed(self._unflatten(), graphs, _or_ones(graphs, edge_attention), **_complete(options))

    def __call__(self, graphs, edge_attention=None, **options) -> tuple[jax.Array, None]:
        """Logits, and nothing besides."""
        weights = self._unflatten()
        return self._classify(weights, graphs, _or_ones(graphs, edge_attention), **_complete(options)), None

    def _unflatten(self):
        return jax.tree.unflatten(self._structure, [leaf[...] for leaf in self.weights])


class LinenBackbone(nnx.Module):
    """A Flax Linen classifier, for `GSAT` to explain and `train.fit` to train.

    Its methods `embed` and `__call__` are called as `f(graphs, edge_attention, train=...)` and give node embeddings
    `[nodes, hidden_size]` and logits; see `FunctionBackbone` for the arguments. Dropout draws from the rng `dropout`;
    collections other than `params`, such as `batch_stats`, are updated in training.

    Args:
      module: the Linen module.
      variables: what its `init` returned.
      hidden_size: width of the embeddings.

    Examples:
      >>> import jax
      >>> import numpy as np
      >>> from flax import linen, nnx
      >>> from gnnjax import data, models, nn, ops
      >>> class Classifier(linen.Module):
      ...     def setup(self):
      ...         self.encoder, self.head = linen.Dense(8), linen.Dense(1)
      ...     def embed(self, graphs, edge_attention, train=False):
      ...         x = self.encoder(graphs.nodes)
      ...         return linen.relu(x + ops.propagate(x, graphs.senders, graphs.receivers, edge_attention))
      ...     def __call__(self, graphs, edge_attention, train=False):
      ...         return self.head(nn.sum_pool(graphs._replace(nodes=self.embed(graphs, edge_attention))))
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> variables = Classifier().init(jax.random.key(0), path, np.ones(4, np.float32))
      >>> model = models.GSAT(models.LinenBackbone(Classifier(), variables, hidden_size=8), rngs=nnx.Rngs(0))
      >>> logits, output = model(path)
      >>> logits.shape, output.edge_attention.shape
      ((1, 1), (4,))
    """

    def __init__(self, module: Any, variables: Mapping[str, Any], *, hidden_size: int):
        self.hidden_size = hidden_size
        self._module = module
        state = dict(variables)
        weights, self._structure = jax.tree.flatten(state.pop("params"))
        statistics, self._statistics_structure = jax.tree.flatten(state)
        self._collections = tuple(state)
        self.weights = nnx.List([nnx.Param(jnp.asarray(leaf)) for leaf in weights])
        self.statistics = nnx.List([nnx.BatchStat(jnp.asarray(leaf)) for leaf in statistics])

    def embed(self, graphs, edge_attention=None, **options) -> jax.Array:
        """Node embeddings `[nodes, hidden_size]`."""
        return self._apply("embed", graphs, edge_attention, options)

    def __call__(self, graphs, edge_attention=None, **options) -> tuple[jax.Array, None]:
        """Logits, and nothing besides."""
        return self._apply("__call__", graphs, edge_attention, options), None

    def _apply(self, method, graphs, edge_attention, options):
        options = _complete(options)
        variables = {"params": jax.tree.unflatten(self._structure, [leaf[...] for leaf in self.weights])}
        variables |= jax.tree.unflatten(self._statistics_structure, [leaf[...] for leaf in self.statistics])
        train, key = options["train"], options["key"]
        result = self._module.apply(
            variables,
            graphs,
            _or_ones(graphs, edge_attention),
            train=train,
            method=method,
            rngs=None if key is None else {"dropout": key},
            mutable=list(self._collections) if train else False,
        )
        if not train:
            return result
        result, changed = result
        updated = jax.tree.leaves({name: changed.get(name, variables[name]) for name in self._collections})
        for statistic, value in zip(self.statistics, updated, strict=True):
            statistic[...] = value
        return result


def _or_ones(graphs, edge_attention):
    return jnp.ones(len(graphs.senders)) if edge_attention is None else edge_attention


def _complete(options):
    return {"graph_mask": None, "train": False, "key": None} | options
