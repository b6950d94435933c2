"""Node embeddings of a classifier, as a function that can be passed through `jax.jit`."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jraph
from flax import nnx
from jaxtyping import Array, Float

from gnnjax.models import GSAT

__all__ = ["node_embedding"]


def node_embedding(model: nnx.Module) -> Callable[[jraph.GraphsTuple], Float[Array, "nodes hidden_size"]]:
    """`embed(graphs)` of a `models.Backbone`, or of that of a `models.GSAT`, in evaluation mode and without a mask.

    Args:
      model: the classifier.

    Raises:
      TypeError: it has no `embed`.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> from gnnjax.models import GIN
    >>> path = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
    >>> node_embedding(GIN(1, 1, hidden_size=8, rngs=nnx.Rngs(0)))(path[0]).shape
    (3, 8)
    """
    backbone: Any = model.backbone if isinstance(model, GSAT) else model
    if not hasattr(backbone, "embed"):
        raise TypeError(
            f"{type(model).__name__} has no embed(graphs) -> [nodes, hidden_size]; pass such a function as embed"
        )
    graphdef, state = nnx.split(backbone)
    return jax.tree_util.Partial(_Embed(graphdef), state)


@dataclasses.dataclass(frozen=True)
class _Embed:
    """Equal for models of equal structure, so that what is compiled for one serves the other."""

    graphdef: nnx.GraphDef

    def __call__(self, state, graphs):
        module: Any = nnx.merge(self.graphdef, state)
        return module.embed(graphs)
