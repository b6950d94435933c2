"""The PNA graph classifier of GSAT."""

from collections.abc import Sequence
from typing import get_args

import jax
from flax import nnx

from gnnjax.models.backbone import GraphClassifier, Readout
from gnnjax.nn import MLP, Aggregator, BatchNorm, PNAConv, feature_encoder, mean_pool

__all__ = ["PNA"]


class PNA(GraphClassifier):
    """Principal neighbourhood aggregation: encoder, `num_layers` residual convolutions, mean over the nodes, MLP.

    Args:
      in_features: width of the node features, or the number of categories of each column (`nn.feature_encoder`).
      out_features: number of logits: 1 for a binary task, else classes or tasks.
      hidden_size: width of the convolutions; the classifier's hidden layers have a half and a quarter of it.
      num_layers: number of convolutions, each followed by batch norm, ReLU, the residual and dropout.
      dropout_rate: in [0, 1).
      edge_features: the same as `in_features` for the edge features, or None to ignore them.
      aggregators, degree_scaler: see `nn.PNAConv`.
      num_statistics: 2 keeps batch-norm statistics of the passes without and with attention apart; 1, as published,
        lets both passes move the same statistics.
      readout: `graph`, or `node` for logits of each node instead of each graph.
      rngs: keys for the initial parameters.

    Source: Corso et al., NeurIPS 2020 (arXiv 2004.05718), in the shape that Miao et al., ICML 2022 (arXiv 2201.12987)
    use.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models, nn
      >>> dataset = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)
      >>> scaler = nn.mean_log_degree(data.degree_histogram(dataset, np.array([0])))
      >>> model = models.PNA(3, 1, hidden_size=8, num_layers=1, degree_scaler=scaler, rngs=nnx.Rngs(0))
      >>> logits, output = model(dataset[0])
      >>> logits.shape, output.node_embedding.shape
      ((1, 1), (3, 8))
    """

    pool = staticmethod(mean_pool)

    def __init__(
        self,
        in_features: int | Sequence[int],
        out_features: int,
        *,
        hidden_size: int = 80,
        num_layers: int = 4,
        dropout_rate: float = 0.3,
        edge_features: int | Sequence[int] | None = None,
        aggregators: Sequence[Aggregator] = get_args(Aggregator),
        degree_scaler: float | None = None,
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
        self.convs = nnx.List(
            [
                PNAConv(
                    hidden_size,
                    hidden_size,
                    edge_features=None if edge_features is None else hidden_size,
                    aggregators=aggregators,
                    degree_scaler=degree_scaler,
                    rngs=rngs,
                )
                for _ in range(num_layers)
            ]
        )
        self.batch_norms = nnx.List([BatchNorm(hidden_size, num_statistics=num_statistics) for _ in range(num_layers)])
        self.classifier = MLP((hidden_size, hidden_size // 2, hidden_size // 4, out_features), rngs=rngs)

    def convolve(self, layer, graphs, edge_attention, node_mask, normalize):
        """The convolution, batch norm, ReLU, plus what came in."""
        x = self.batch_norms[layer](self.convs[layer](graphs, edge_attention), mask=node_mask, **normalize)
        return jax.nn.relu(x) + graphs.nodes
