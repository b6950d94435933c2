"""What GSAT asks of the classifier that it explains."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

from jaxtyping import Array, Float

__all__ = ["Backbone", "ClassifierOutput"]


@runtime_checkable
class Backbone(Protocol):
    """A graph classifier that GSAT can explain: `models.GIN`, `PNA` and `SPMotifNet` are some."""

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
