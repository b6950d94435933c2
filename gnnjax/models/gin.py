"""The GIN graph classifier of GSAT."""

from collections.abc import Sequence

import jax
from flax import nnx

from gnnjax.models.backbone import GraphClassifier, Readout
from gnnjax.nn import GINConv, Linear, feature_encoder, sum_pool

__all__ = ["GIN"]


class GIN(GraphClassifier):
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
      readout: `graph`, or `node` for logits of each node instead of each graph.
      rngs: keys for the initial parameters.

    Source: Xu et al., ICLR 2019 (arXiv 1810.00826), in the shape that Miao et al., ICML 2022 (arXiv 2201.12987) use.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models
      >>> dataset = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)
      >>> model = models.GIN(dataset.in_features, dataset.out_features, hidden_size=8, rngs=nnx.Rngs(0))
      >>> logits, output = model(dataset[0])
      >>> logits.shape, output.node_embedding.shape
      ((1, 1), (3, 8))
    """

    pool = staticmethod(sum_pool)

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
        readout: Readout = "graph",
        rngs: nnx.Rngs,
    ):
        self.hidden_size = hidden_size
        self.dropout_rate = dropout_rate
        self.num_statistics = num_statistics
        self.readout = readout
        self.node_encoder = feature_encoder(in_features, hidden_size, rngs=rngs)
        self.edge_encoder = None if edge_features is None else feature_encoder(edge_features, hidden_size, rngs=rngs)
        width = sum(edge_features) if isinstance(edge_features, Sequence) else edge_features or 0
        self._layers_encode_edges = width <= hidden_size
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

    def encode_edges(self, edges):
        """Wide features once; narrow ones are left to the layers, which multiply their weights into the encoder's."""
        return edges if self._layers_encode_edges else super().encode_edges(edges)

    def convolve(self, layer, graphs, edge_attention, node_mask, normalize):
        """The convolution, ReLU."""
        options = normalize | {
            "node_mask": node_mask,
            "edge_encoder": self.edge_encoder if self._layers_encode_edges else None,
        }
        return jax.nn.relu(self.convs[layer](graphs, edge_attention, **options))
