"""What GSAT asks of the classifier that it explains, and what its classifiers share."""

import abc
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import jraph
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float

from gnnjax.batch_part import DATA_AXIS, BatchPart
from gnnjax.graphs import node_graph_ids
from gnnjax.ops import dropout

__all__ = ["Backbone", "ClassifierOutput", "GraphClassifier", "Readout"]

Readout = Literal["graph", "node"]


@runtime_checkable
class Backbone(Protocol):
    """A graph classifier that GSAT can explain: `models.GIN`, `PNA` and `SPMotifNet` are some.

    One that takes `part` as well (see `GraphClassifier`) can be trained on several devices.

    Examples:
      >>> from flax import nnx
      >>> from gnnjax import models, nn
      >>> candidates = models.SPMotifNet(3, 1, hidden_size=8, rngs=nnx.Rngs(0)), nn.Linear(3, 1, rngs=nnx.Rngs(0))
      >>> [isinstance(candidate, models.Backbone) for candidate in candidates]
      [True, False]
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

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> logits, output = models.SPMotifNet(3, 2, hidden_size=8, rngs=nnx.Rngs(0))(path)
      >>> output.node_embedding.shape
      (3, 8)
    """

    node_embedding: Float[Array, "nodes hidden_size"]


class GraphClassifier(nnx.Module):
    """A classifier of layers: encoders, message passing, a pool of the nodes of each graph, and logits from that.

    A subclass sets the attributes below and says what a layer does.

    Attributes:
      hidden_size: width of the node embeddings.
      convs: one module per layer.
      dropout_rate: after each layer, in [0, 1).
      num_statistics: 2 where batch norms keep the statistics of the passes without and with attention apart.
      node_encoder, edge_encoder: of the features; edges may have none.
      readout: `graph`, or `node` for a classifier of nodes, which does not pool.
      pool: from graphs to a row for each.
      classifier: from these rows, or from nodes, to logits.

    Examples:
      >>> import jax
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models, nn
      >>> class OneLayer(models.GraphClassifier):
      ...     pool = staticmethod(nn.mean_pool)
      ...     def __init__(self, in_features, out_features, *, hidden_size=8, rngs):
      ...         self.hidden_size = hidden_size
      ...         self.node_encoder = nn.Linear(in_features, hidden_size, rngs=rngs)
      ...         self.convs = nnx.List([nn.LEConv(hidden_size, hidden_size, rngs=rngs)])
      ...         self.classifier = nn.Linear(hidden_size, out_features, rngs=rngs)
      ...     def convolve(self, layer, graphs, edge_attention, node_mask, normalize):
      ...         return jax.nn.relu(self.convs[layer](graphs, edge_attention))
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> logits, output = OneLayer(3, 2, rngs=nnx.Rngs(0))(path)
      >>> logits.shape, output.node_embedding.shape
      ((1, 2), (3, 8))
    """

    hidden_size: int
    convs: nnx.List
    dropout_rate = 0.0
    num_statistics = 1
    node_encoder: Any
    edge_encoder: Any = None
    readout: Readout = "graph"
    pool: Callable
    classifier: Any

    @abc.abstractmethod
    def convolve(
        self,
        layer: int,
        graphs: jraph.GraphsTuple,
        edge_attention: Float[Array | np.ndarray, " edges"] | None,
        node_mask: Bool[Array | np.ndarray, " nodes"] | None,
        normalize: dict[str, Any],
    ) -> Float[Array, "nodes hidden_size"]:
        """What a layer makes of the nodes, before dropout; `normalize` are the other options of `nn.BatchNorm`."""

    def encode_edges(self, edges: Array | np.ndarray) -> Array | np.ndarray:
        """What the layers read of the edge features, where the model has an encoder for them."""
        return self.edge_encoder(edges)

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
        node_mask = None if graph_mask is None else jnp.asarray(graph_mask)[node_graph_ids(graphs)]
        normalize = {
            "train": train,
            "statistics": 0 if edge_attention is None else self.num_statistics - 1,
            "axis_name": None if part is None else DATA_AXIS,
        }
        row_numbers = None if part is None else part.node_rows
        keys = [None] * len(self.convs) if key is None else jax.random.split(key, len(self.convs))
        if self.edge_encoder is not None:
            graphs = graphs._replace(edges=self.encode_edges(graphs.edges))
        graphs = graphs._replace(nodes=self.node_encoder(graphs.nodes))
        for layer, layer_key in enumerate(keys):
            x = self.convolve(layer, graphs, edge_attention, node_mask, normalize)
            graphs = graphs._replace(nodes=dropout(x, self.dropout_rate, layer_key, row_numbers))
        return graphs.nodes

    def __call__(
        self,
        graphs: jraph.GraphsTuple,
        edge_attention: Float[Array | np.ndarray, " edges"] | None = None,
        **options,
    ) -> tuple[Float[Array, "classified out_features"], ClassifierOutput]:
        """Classifies graphs, or nodes.

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
        rows = embedding if self.readout == "node" else self.pool(graphs._replace(nodes=embedding))
        return self.classifier(rows), ClassifierOutput(embedding)
