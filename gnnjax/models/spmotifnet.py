"""The local-extremum classifier that GSAT uses on Spurious-Motif."""

import jax
from flax import nnx

from gnnjax.models.backbone import GraphClassifier, Readout
from gnnjax.nn import MLP, LEConv, Linear, mean_pool

__all__ = ["SPMotifNet"]


class SPMotifNet(GraphClassifier):
    """Linear encoder, `num_layers` local extremum convolutions with ReLU, mean over the nodes, MLP.

    It has neither dropout nor batch norm. Edge features of width 1 are edge weights.

    Args:
      in_features: width of the node features.
      out_features: number of logits: 1 for a binary task, else classes or tasks.
      hidden_size: width of the convolutions; the classifier's hidden layer has twice that.
      num_layers: number of convolutions.
      readout: `graph`, or `node` for logits of each node instead of each graph.
      rngs: keys for the initial parameters.

    Source: Wu et al., ICLR 2022 (arXiv 2201.12872); the published module's unused parameters are left out.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> for readout in ("graph", "node"):
      ...     logits, _ = models.SPMotifNet(3, 2, hidden_size=8, readout=readout, rngs=nnx.Rngs(0))(path)
      ...     print(readout, logits.shape)
      graph (1, 2)
      node (3, 2)
    """

    pool = staticmethod(mean_pool)

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        hidden_size: int = 32,
        num_layers: int = 2,
        readout: Readout = "graph",
        rngs: nnx.Rngs,
    ):
        self.readout = readout
        self.hidden_size = hidden_size
        self.node_encoder = Linear(in_features, hidden_size, rngs=rngs)
        self.convs = nnx.List([LEConv(hidden_size, hidden_size, rngs=rngs) for _ in range(num_layers)])
        self.classifier = MLP((hidden_size, 2 * hidden_size, out_features), rngs=rngs)

    def convolve(self, layer, graphs, edge_attention, node_mask, normalize):
        """The convolution, ReLU."""
        return jax.nn.relu(self.convs[layer](graphs, edge_attention))
