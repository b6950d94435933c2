"""GSAT with a GIN backbone and edge attention in eager PyTorch Geometric: what gnnjax is timed against.

The same maths as `gnnjax.models.GSAT` over `gnnjax.models.GIN`, written the way PyTorch Geometric is meant to
be used. What a data loader could have made beforehand (reverse-edge ids, the number of graphs) is given, not
computed in the step. Modules are named as in the original code, so its weights can be loaded.

Source: Miao et al., ICML 2022 (arXiv 2201.12987).
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.nn import InstanceNorm, MessagePassing, global_add_pool
from torch_geometric.typing import OptTensor

from gnnjax.data import GraphBatch

__all__ = ["GIN", "Batch", "Extractor", "GINConv", "GSATStep", "Outputs", "batch_from_gnnjax", "info_loss"]


class Batch(NamedTuple):
    """Several graphs as one; nothing is padded.

    Attributes:
      x: `[nodes, features]`.
      edge_index: `[2, edges]`, senders and receivers.
      graph_ids: `[nodes]`, the graph of each node.
      labels: `[graphs, 1]`, 0 or 1.
      reverse_edges: `[edges]`, for each edge the index of the opposite one.
    """

    x: Tensor
    edge_index: Tensor
    graph_ids: Tensor
    labels: Tensor
    reverse_edges: Tensor


class Outputs(NamedTuple):
    """What a step returns: logits `[graphs, 1]`, edge attention `[edges, 1]` and the losses."""

    logits: Tensor
    edge_attention: Tensor
    loss: Tensor
    prediction_loss: Tensor
    info_loss: Tensor


def batch_from_gnnjax(batch: GraphBatch) -> Batch:
    """The real graphs of a padded gnnjax batch of binary data, in the same order."""
    graphs = batch.graphs
    num_graphs = int(np.sum(batch.graph_mask))
    n_node = np.asarray(graphs.n_node[:num_graphs])
    num_edges = int(np.sum(graphs.n_edge[:num_graphs]))
    edge_index = np.stack([graphs.senders[:num_edges], graphs.receivers[:num_edges]]).astype(np.int64)
    return Batch(
        x=torch.tensor(graphs.nodes[: n_node.sum()]),
        edge_index=torch.tensor(edge_index),
        graph_ids=torch.tensor(np.repeat(np.arange(num_graphs), n_node)),
        labels=torch.tensor(batch.labels[:num_graphs]),
        reverse_edges=torch.tensor(batch.reverse_edges[:num_edges].astype(np.int64)),
    )


class GINConv(MessagePassing):
    """Graph isomorphism convolution whose messages may be multiplied by an edge attention `[edges, 1]`."""

    def __init__(self, mlp: nn.Module):
        super().__init__(aggr="add")
        self.nn = mlp
        self.register_buffer("eps", torch.zeros(1))

    def forward(self, x: Tensor, edge_index: Tensor, edge_attention: OptTensor = None) -> Tensor:
        received = self.propagate(edge_index, x=x, edge_attention=edge_attention)
        return self.nn((1 + self.eps) * x + received)

    def message(self, x_j: Tensor, edge_attention: OptTensor) -> Tensor:
        return x_j if edge_attention is None else x_j * edge_attention


class GIN(nn.Module):
    """The classifier: node embeddings, a sum over each graph and one logit."""

    def __init__(self, in_features: int, hidden_size: int, num_layers: int, dropout_rate: float):
        super().__init__()
        self.dropout_rate = dropout_rate
        self.node_encoder = nn.Linear(in_features, hidden_size)
        self.convs = nn.ModuleList(
            GINConv(
                nn.Sequential(
                    nn.Linear(hidden_size, hidden_size),
                    nn.BatchNorm1d(hidden_size),
                    nn.ReLU(),
                    nn.Linear(hidden_size, hidden_size),
                )
            )
            for _ in range(num_layers)
        )
        self.fc_out = nn.Sequential(nn.Linear(hidden_size, 1))

    def embed(self, batch: Batch, edge_attention: OptTensor = None) -> Tensor:
        """Node embeddings `[nodes, hidden_size]`."""
        x = self.node_encoder(batch.x)
        for conv in self.convs:
            x = conv(x, batch.edge_index, edge_attention).relu()
            x = F.dropout(x, self.dropout_rate, self.training)
        return x

    def forward(self, batch: Batch, edge_attention: OptTensor = None) -> Tensor:
        embedding = self.embed(batch, edge_attention)
        return self.fc_out(global_add_pool(embedding, batch.graph_ids, size=len(batch.labels)))


class Extractor(nn.Module):
    """The MLP from the embeddings of an edge's two ends to its attention logit."""

    def __init__(self, hidden_size: int, dropout_rate: float):
        super().__init__()
        self.feature_extractor = nn.Sequential(
            *self._hidden_layer(2 * hidden_size, 4 * hidden_size, dropout_rate),
            *self._hidden_layer(4 * hidden_size, hidden_size, dropout_rate),
            nn.Linear(hidden_size, 1),
        )

    @staticmethod
    def _hidden_layer(width: int, next_width: int, dropout_rate: float) -> list[nn.Module]:
        return [nn.Linear(width, next_width), InstanceNorm(next_width), nn.ReLU(), nn.Dropout(dropout_rate)]

    def forward(self, embedding: Tensor, batch: Batch) -> Tensor:
        sender, receiver = batch.edge_index
        graph_ids = batch.graph_ids[sender]
        x = torch.cat([embedding[sender], embedding[receiver]], dim=-1)
        for layer in self.feature_extractor:
            x = layer(x, graph_ids, len(batch.labels)) if isinstance(layer, InstanceNorm) else layer(x)
        return x


def info_loss(attention: Tensor, r: float) -> Tensor:
    """Mean divergence of the attention from Bernoulli(r)."""
    signal = attention * torch.log(attention / r + 1e-6)
    background = (1 - attention) * torch.log((1 - attention) / (1 - r + 1e-6) + 1e-6)
    return (signal + background).mean()


class GSATStep:
    """The model, its optimiser, and one training or evaluation step at a time, on binary undirected data.

    Args:
      in_features: width of the node features.
      hidden_size, num_layers, dropout_rate: of the GIN.
      extractor_dropout_rate: dropout of the extractor.
      learning_rate: of Adam.
    """

    def __init__(
        self,
        in_features: int,
        *,
        hidden_size: int = 64,
        num_layers: int = 2,
        dropout_rate: float = 0.3,
        extractor_dropout_rate: float = 0.5,
        learning_rate: float = 1e-3,
    ):
        self.model = nn.ModuleDict(
            {
                "clf": GIN(in_features, hidden_size, num_layers, dropout_rate),
                "extractor": Extractor(hidden_size, extractor_dropout_rate),
            }
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=learning_rate)

    def train_step(self, batch: Batch, r: float, uniform: OptTensor = None) -> Outputs:
        """One step of Adam; `uniform`, `[edges, 1]` in (0, 1), replaces the noise of the sampling."""
        self.model.train()
        self.optimizer.zero_grad()
        outputs = self._forward(batch, r, uniform)
        outputs.loss.backward()
        self.optimizer.step()
        return outputs

    @torch.inference_mode()
    def eval_step(self, batch: Batch, r: float) -> Outputs:
        """Outputs in evaluation mode: no noise, no dropout, running statistics."""
        self.model.eval()
        return self._forward(batch, r)

    def _forward(self, batch: Batch, r: float, uniform: OptTensor = None) -> Outputs:
        clf, extractor = self.model["clf"], self.model["extractor"]
        logits = extractor(clf.embed(batch), batch)
        if self.model.training:
            if uniform is None:
                uniform = torch.empty_like(logits).uniform_(1e-10, 1 - 1e-10)
            logits = logits + uniform.log() - (1 - uniform).log()
        attention = logits.sigmoid()
        edge_attention = (attention + attention[batch.reverse_edges]) / 2
        class_logits = clf(batch, edge_attention)
        prediction = F.binary_cross_entropy_with_logits(class_logits, batch.labels)
        info = info_loss(attention, r)
        return Outputs(class_logits, edge_attention, prediction + info, prediction, info)
