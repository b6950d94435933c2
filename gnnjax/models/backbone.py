"""What GSAT asks of the classifier that it explains, and what its classifiers share."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jraph
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float

from gnnjax.batch_part import BatchPart

__all__ = ["Backbone", "ClassifierOutput", "GraphClassifier"]


@runtime_checkable
class Backbone(Protocol):
    """A graph classifier that GSAT can explain: `models.GIN`, `PNA` and `SPMotifNet` are some.

    One that takes `part` as well (see `GraphClassifier`) can be trained on several devices.
    """

    hidden_size: int

    def embed(self, graphs, edge_attention=None, *, graph_mask=None, train=False, key=None) -> Array:
        """Node embeddings `[nodes, hidden_size]`."""
        ...

    def __call__(self, graphs, edge_attention=None, *, graph_mask=None, train=False, key=None) -> tuple[Array, Any]:
        """Logits `[graphs, out_features]` and anything else."""
        ...


class ClassifierOutput(NamedTuple):
    """What a graph classifier computes on its way to the logits.

    Attributes:
      node_embedding: `[nodes, hidden_size]`, the features that the readout pools.
    """

    node_embedding: Float[Array, "nodes hidden_size"]


class GraphClassifier(nnx.Module):
    """A graph classifier that embeds the nodes and reads logits out of the embeddings of each graph."""

    hidden_size: int

    def embed(
        self,
        graphs: jraph.GraphsTuple,
        edge_attention: Float[Array | np.ndarray, " edges"] | None = None,
        *,
        graph_mask: Bool[Array | np.ndarray, " graphs"] | None = None,
        train: bool = False,
        key: jax.Array | None = None,
        part: BatchPart | None = None,
    ) -> Float[Array, "nodes hidden_size"]:
        """Node embeddings; the arguments are those of `__call__`."""
        raise NotImplementedError

    def read_out(self, graphs: jraph.GraphsTuple) -> Float[Array, "graphs out_features"]:
        """Logits of graphs whose `nodes` are embeddings."""
        raise NotImplementedError

    def __call__(
        self,
        graphs: jraph.GraphsTuple,
        edge_attention: Float[Array | np.ndarray, " edges"] | None = None,
        **options,
    ) -> tuple[Float[Array, "graphs out_features"], ClassifierOutput]:
        """Classifies graphs.

        Args:
          graphs: `nodes` is `[nodes, in_features]`; `edges` `[edges, edge_features]` if the model uses them.
          edge_attention: a factor for each message, usually in [0, 1]; None means 1.
          graph_mask: True for real graphs (None: all are); matters to batch norm in training alone.
          train: normalise with the batch's statistics and record them.
          key: for dropout; None switches it off.
          part: which part of a batch these graphs are, where several devices share it.

        Returns:
          The logits, and the node embedding behind them.

        Raises:
          ValueError: `edge_attention` does not hold one value per edge.
        """
        embedding = self.embed(graphs, edge_attention, **options)
        return self.read_out(graphs._replace(nodes=embedding)), ClassifierOutput(embedding)
