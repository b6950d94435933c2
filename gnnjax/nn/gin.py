"""Graph isomorphism convolution, with and without edge features."""

import jax
import jax.numpy as jnp
import jraph
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float

from gnnjax.nn.encoders import CategoricalEncoder
from gnnjax.nn.linear import Linear
from gnnjax.nn.mlp import MLP
from gnnjax.ops import aggregate

__all__ = ["GINConv"]


class GINConv(nnx.Module):
    r"""Graph isomorphism convolution whose messages may carry an edge attention.

    .. math:: x_i' = \mathrm{MLP}\big(x_i + \sum_{(j, i)} a_{ji} m_{ji}\big)

    with :math:`m_{ji} = x_j`, or :math:`m_{ji} = \mathrm{ReLU}(x_j + W e_{ji} + b)` where edges have features (GINE).
    The MLP is linear, batch norm, ReLU, linear; the paper's :math:`\epsilon` is 0 and not trained, as in GSAT.

    Args:
      in_features: width of the node features.
      out_features: width of the result.
      edge_features: width of the edge features, or None to ignore them.
      num_statistics: separate batch-norm statistics, see `nn.BatchNorm`.
      rngs: keys for the initial parameters.

    Source: Xu et al., ICLR 2019 (arXiv 1810.00826); GINE: Hu et al., ICLR 2020 (arXiv 1905.12265); the attention
    follows Miao et al., ICML 2022 (arXiv 2201.12987).

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, nn
      >>> path = data.from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> x = nn.GINConv(1, 8, rngs=nnx.Rngs(0))(path)
      >>> x.shape, np.allclose(x[0], x[2]), np.allclose(x[0], x[1])
      ((3, 8), True, False)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        edge_features: int | None = None,
        num_statistics: int = 1,
        rngs: nnx.Rngs,
    ):
        sizes = (in_features, out_features, out_features)
        self.mlp = MLP(sizes, norm="batch", num_statistics=num_statistics, rngs=rngs)
        self.edge_linear = None if edge_features is None else Linear(edge_features, in_features, rngs=rngs)

    def __call__(
        self,
        graphs: jraph.GraphsTuple,
        edge_attention: Float[Array | np.ndarray, " edges"] | None = None,
        *,
        node_mask: Bool[Array | np.ndarray, " nodes"] | None = None,
        train: bool = False,
        statistics: int = 0,
        axis_name: str | None = None,
        edge_encoder: Linear | CategoricalEncoder | None = None,
    ) -> Float[Array, "nodes out_features"]:
        """Returns the new node features; rows of padding nodes are finite and meaningless.

        Args:
          graphs: `nodes` is `[nodes, in_features]`; `edges` is `[edges, edge_features]` if the layer uses them.
          edge_attention: a factor for each message.
          node_mask: True for real nodes (None: all are).
          train, statistics, axis_name: see `nn.BatchNorm`.
          edge_encoder: what makes the edge features of those in `graphs`, where that has not been done; it is then one
            product with the layer's own.

        Raises:
          ValueError: `edge_attention` does not hold one value per edge.
        """
        x = jnp.asarray(graphs.nodes)
        messages = x[graphs.senders]
        if self.edge_linear is not None:
            if edge_encoder is None:
                terms = self.edge_linear(graphs.edges)
            else:
                terms = edge_encoder.followed_by(self.edge_linear, graphs.edges)
            messages = jax.nn.relu(messages + terms)
        summed = aggregate(messages, graphs.receivers, x.shape[0], edge_attention)
        options = {"train": train, "statistics": statistics, "axis_name": axis_name}
        return self.mlp(x + summed, mask=node_mask, **options)
