"""The four model families of the attention-graph paper by name."""

from typing import Any, Literal, get_args

from flax import nnx

from gnnjax.models.graph_convolution import GraphConvolution
from gnnjax.models.graph_transformer import AttentionKind, GraphTransformer
from gnnjax.models.node_inputs import Flow

__all__ = ["FAMILY_FLOWS", "Family", "build_node_classifier"]

Family = Literal["sc", "sl", "dlb", "dl"]

_ATTENTION: dict[Family, AttentionKind] = {"sl": "sparse", "dlb": "dense_biased", "dl": "dense"}
# In the original, convolutions read along the edges, and sparse attention against them.
FAMILY_FLOWS: dict[Family, Flow] = {
    "sc": "to_receivers",
    "sl": "to_senders",
    "dlb": "to_senders",
    "dl": "to_senders",
}


def build_node_classifier(
    family: Family, in_features: int, out_features: int, *, num_heads: int = 2, rngs: nnx.Rngs, **arguments: Any
) -> GraphConvolution | GraphTransformer:
    """A node classifier of the paper's design space: sparse or dense, constant or learned.

    Args:
      family: `sc` (sparse, constant: graph convolutions), `sl` (sparse, learned: attention to neighbours), `dlb`
        (dense, learned, with a bias from distances) or `dl` (dense, learned, with positional encodings).
      in_features, out_features: widths.
      num_heads: of the attention; convolutions have none.
      rngs: keys for the initial parameters.
      **arguments: of `GraphConvolution` or `GraphTransformer`.

    Raises:
      ValueError: the family is not known.

    Examples:
      >>> from flax import nnx
      >>> from gnnjax import models
      >>> type(models.build_node_classifier("sc", 3, 2, hidden_size=8, rngs=nnx.Rngs(0))).__name__
      'GraphConvolution'
      >>> models.build_node_classifier("dlb", 3, 2, hidden_size=8, num_heads=4, rngs=nnx.Rngs(0)).attention
      'dense_biased'
    """
    if family not in get_args(Family):
        raise ValueError(f"family {family!r} is not known; there are {', '.join(get_args(Family))}")
    if family == "sc":
        return GraphConvolution(in_features, out_features, rngs=rngs, **arguments)
    return GraphTransformer(
        in_features, out_features, attention=_ATTENTION[family], num_heads=num_heads, rngs=rngs, **arguments
    )
