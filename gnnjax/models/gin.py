"""The GIN graph classifier of GSAT."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import jraph
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float

from gnnjax.graphs import node_graph_ids
from gnnjax.models.backbone import ClassifierOutput
from gnnjax.nn import GINConv, Linear, feature_encoder, sum_pool
from gnnjax.ops import dropout

__all__ = ["GIN"]


class GIN(nnx.Module):
    """Graph isomorphism network: encoder, `num_layers` convolutions, sum over the nodes, linear classifier.

    Args:
      in_features: width of the node features, or the number of categories of each column (`nn.feature_encoder`).
      out_features: number of logits: 1 for a binary task, else classes or tasks.
      hidden_size: width of all hidden layers.
      num_layers: number of convolutions, each followed by ReLU and dropout.
      dropout_rate: in [0, 1).
      edge_features: the same for the edge features, or None to ignore them.
      num_statistics: 2 keeps batch-norm statistics of the passes without and with attention apart; 1, as published,
        lets both passes move the same statistics.
      rngs: keys for the initial parameters.

    Source: Xu et al., ICLR 2019 (arXiv 1810.00826), in the shape that Miao et al., ICML 2022 (arXiv 2201.12987) use.
    """

    def __init__(
        self,
        in_features: int | Sequence[int],
        out_features: int,
        *,
        hidden_size: int = 64,
        num_layers: int = 2,
        dropout_rate: float = 0.3,
        edge_features: int | Sequence[int] | None = None,
        num_statistics: int = 1,
        rngs: nnx.Rngs,
    ):
        self.hidden_size = hidden_size
        self.dropout_rate = dropout_rate
        self.num_statistics = num_statistics
        self.node_encoder = feature_encoder(in_features, hidden_size, rngs=rngs)
        self.edge_encoder = None if edge_features is None else feature_encoder(edge_features, hidden_size, rngs=rngs)
        self.convs = nnx.List(
            [
                GINConv(
                    hidden_size,
                    hidden_size,
                    edge_features=None if edge_features is None else hidden_size,
                    num_statistics=num_statistics,
                    rngs=rngs,
                )
                for _ in range(num_layers)
            ]
        )
        self.classifier = Linear(hidden_size, out_features, rngs=rngs)

    def embed(
        self,
        graphs: jraph.GraphsTuple,
        edge_attention: Float[Array | np.ndarray, " edges"] | None = None,
        *,
        graph_mask: Bool[Array | np.ndarray, " graphs"] | None = None,
        train: bool = False,
        key: jax.Array | None = None,
    ) -> Float[Array, "nodes hidden_size"]:
        """Node embeddings; the arguments are those of `__call__`."""
        node_mask = None if graph_mask is None else jnp.asarray(graph_mask)[node_graph_ids(graphs)]
        statistics = 0 if edge_attention is None else self.num_statistics - 1
        keys = [None] * len(self.convs) if key is None else jax.random.split(key, len(self.convs))
        edges = None if self.edge_encoder is None else self.edge_encoder(graphs.edges)
        graphs = graphs._replace(nodes=self.node_encoder(graphs.nodes), edges=edges)
        for conv, layer_key in zip(self.convs, keys, strict=True):
            x = conv(graphs, edge_attention, node_mask=node_mask, train=train, statistics=statistics)
            graphs = graphs._replace(nodes=dropout(jax.nn.relu(x), self.dropout_rate, layer_key))
        return graphs.nodes

    def __call__(
        self,
        graphs: jraph.GraphsTuple,
        edge_attention: Float[Array | np.ndarray, " edges"] | None = None,
        *,
        graph_mask: Bool[Array | np.ndarray, " graphs"] | None = None,
        train: bool = False,
        key: jax.Array | None = None,
    ) -> tuple[Float[Array, "graphs out_features"], ClassifierOutput]:
        """Classifies graphs.

        Args:
          graphs: `nodes` is `[nodes, in_features]`; `edges` `[edges, edge_features]` if the model uses them.
          edge_attention: a factor for each message, usually in [0, 1]; None means 1.
          graph_mask: True for real graphs (None: all are); matters to batch norm in training alone.
          train: normalise with the batch's statistics and record them.
          key: for dropout; None switches it off.

        Returns:
          The logits, and the node embedding behind them.

        Raises:
          ValueError: `edge_attention` does not hold one value per edge.
        """
        embedding = self.embed(graphs, edge_attention, graph_mask=graph_mask, train=train, key=key)
        logits = self.classifier(sum_pool(graphs._replace(nodes=embedding)))
        return logits, ClassifierOutput(embedding)
