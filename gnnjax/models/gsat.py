"""Graph stochastic attention: a classifier that shows which edges it used."""

from typing import NamedTuple

import jax
import jraph
import numpy as np
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from gnnjax.batch_part import BatchPart
from gnnjax.graphs import edge_graph_ids, node_graph_ids, reverse_edges
from gnnjax.models.backbone import Backbone
from gnnjax.nn import MLP
from gnnjax.ops import pair_linear, row_uniform, sample_concrete

__all__ = ["GSAT", "GSATOutput"]


class GSATOutput(NamedTuple):
    """What GSAT computes on its way to the logits.

    Attributes:
      node_embedding: `[nodes, hidden_size]`, of the pass without attention.
      attention_logits: `[edges]` (or `[nodes]` where attention is learned on nodes), log odds.
      attention: the same shape, in (0, 1); sampled in training. The information loss is taken on these.
      edge_attention: `[edges]`, in (0, 1): the factor on each message, equal for both directions of an undirected edge.
        This is the explanation.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> model = models.GSAT(models.GIN(3, 1, hidden_size=8, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
      >>> logits, output = model(path)
      >>> list(zip(path.senders.tolist(), path.receivers.tolist()))
      [(0, 1), (1, 2), (1, 0), (2, 1)]
      >>> output.edge_attention.shape, np.allclose(output.edge_attention[:2], output.edge_attention[2:])
      ((4,), True)
    """

    node_embedding: Float[Array, "nodes hidden_size"]
    attention_logits: Float[Array, " rows"]
    attention: Float[Array, " rows"]
    edge_attention: Float[Array, " edges"]


class GSAT(nnx.Module):
    """A backbone applied twice: to embed the nodes, and to classify with the attention learned from the embeddings.

    An MLP turns the embeddings of an edge's two ends (or of a node) into the log odds of keeping it. Training samples
    the attention from the relaxed Bernoulli distribution with these odds; evaluation takes the odds' probability.

    Args:
      backbone: the classifier; its weights serve both passes.
      learn_edge_attention: learn on edges; otherwise on nodes, and an edge gets the product of its ends' attention.
      dropout_rate: of the attention MLP, in [0, 1).
      temperature: of the relaxed Bernoulli samples.
      rngs: keys for the initial parameters.

    Source: Miao, Liu and Li, ICML 2022 (arXiv 2201.12987).

    Examples:
      >>> import jax
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models
      >>> path = data.from_arrays([np.eye(3)], [([0, 1], [1, 2])], [0], undirected=True)[0]
      >>> model = models.GSAT(models.GIN(3, 1, hidden_size=8, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
      >>> logits, output = model(path)
      >>> logits.shape, np.allclose(output.attention, jax.nn.sigmoid(output.attention_logits))
      ((1, 1), True)
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        learn_edge_attention: bool = True,
        dropout_rate: float = 0.5,
        temperature: float = 1.0,
        rngs: nnx.Rngs,
    ):
        self.backbone = backbone
        self.learn_edge_attention = learn_edge_attention
        self.temperature = temperature
        hidden = backbone.hidden_size
        sizes = (2 * hidden, 4 * hidden, hidden, 1) if learn_edge_attention else (hidden, 2 * hidden, hidden, 1)
        self.extractor = MLP(sizes, norm="instance", dropout_rate=dropout_rate, rngs=rngs)

    def __call__(
        self,
        graphs: jraph.GraphsTuple,
        *,
        graph_mask: Bool[Array | np.ndarray, " graphs"] | None = None,
        reverse: Int[Array | np.ndarray, " edges"] | None = None,
        train: bool = False,
        key: jax.Array | None = None,
        uniform: Float[Array | np.ndarray, " rows"] | None = None,
        part: BatchPart | None = None,
    ) -> tuple[Float[Array, "classified out_features"], GSATOutput]:
        """Classifies graphs (or nodes) and explains how.

        Args:
          graphs: a batch; `nodes` and `edges` as the backbone takes them.
          graph_mask: True for real graphs (None: all are).
          reverse: `graphs.reverse_edges` of the batch, if it is at hand; None finds it here, which costs a sort.
          train: sample the attention and use the batch's statistics in batch norms.
          key: for dropout and for the noise of the samples; needed to train unless `uniform` is given, which then goes
            without dropout.
          uniform: the noise in (0, 1), one value per attention logit, instead of drawing it.

        Returns:
          The logits and every intermediate of interest; jit drops what is not read.

        Raises:
          ValueError: `train` without `key` and `uniform`.
        """
        if train and key is None and uniform is None:
            raise ValueError("training draws random attention: pass key (or the noise itself as uniform)")
        embed_key, extract_key, noise_key, classify_key = (
            (None,) * 4 if key is None or not train else jax.random.split(key, 4)
        )
        options: dict = {"graph_mask": graph_mask, "train": train}
        row_numbers = None
        if part is not None:
            options["part"] = part
            row_numbers = part.edge_rows if self.learn_edge_attention else part.node_rows
        embedding = self.backbone.embed(graphs, key=embed_key, **options)
        attention_logits = self._extract(graphs, embedding, extract_key, row_numbers)
        attention = self._sample(attention_logits, train, noise_key, uniform, row_numbers)
        edge_attention = self._to_edges(graphs, attention, reverse)
        logits, _ = self.backbone(graphs, edge_attention, key=classify_key, **options)
        return logits, GSATOutput(embedding, attention_logits, attention, edge_attention)

    def _extract(self, graphs, embedding, key, row_numbers):
        options = {"num_graphs": graphs.n_node.shape[0], "key": key, "row_numbers": row_numbers}
        if self.learn_edge_attention:
            first = self.extractor.layers[0]
            hidden = pair_linear(embedding, graphs.senders, graphs.receivers, first.kernel[...], first.bias[...])
            logits = self.extractor.after_first(hidden, graph_ids=edge_graph_ids(graphs), **options)
        else:
            logits = self.extractor(embedding, graph_ids=node_graph_ids(graphs), **options)
        return logits[:, 0]

    def _sample(self, logits, train, key, uniform, row_numbers):
        if not train:
            return jax.nn.sigmoid(logits)
        if uniform is None and row_numbers is None:
            uniform = jax.random.uniform(key, logits.shape, logits.dtype, minval=1e-10)
        elif uniform is None:
            uniform = row_uniform(key, row_numbers, minval=1e-10)
        return sample_concrete(logits, uniform, temperature=self.temperature)

    def _to_edges(self, graphs, attention, reverse):
        if not self.learn_edge_attention:
            return attention[graphs.senders] * attention[graphs.receivers]
        if reverse is None:
            num_graphs = graphs.n_node.shape[0]
            reverse = reverse_edges(graphs.senders, graphs.receivers, edge_graph_ids(graphs), num_graphs)
        return (attention + attention[reverse]) / 2
