"""GSAT with GIN and PNA backbones in eager PyTorch Geometric: what gnnjax is timed against.

The same maths as `gnnjax.models.GSAT`, written the way PyTorch Geometric is meant to be used. What a data loader could
have made beforehand (reverse-edge ids, the number of graphs) is given, not computed in the step. Modules are named as
in the original code, so its weights can be loaded.

Source: Miao et al., ICML 2022 (arXiv 2201.12987).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.nn import InstanceNorm, MessagePassing, global_add_pool, global_mean_pool
from torch_geometric.typing import OptTensor
from torch_geometric.utils import degree, scatter

from gnnjax.data import GraphBatch, Task

__all__ = ["BACKBONES", "GIN", "PNA", "Batch", "Extractor", "GSATTraining", "Outputs", "batch_from_gnnjax"]

AGGREGATORS = ("mean", "min", "max", "std", "sum")


class Batch(NamedTuple):
    """Several graphs as one; nothing is padded.

    Attributes:
      x: `[nodes, features]`, or `[nodes, columns]` categories.
      edge_index: `[2, edges]`, senders and receivers.
      edge_attr: `[edges, features]`, or `[edges, columns]` categories, or None.
      graph_ids: `[nodes]`, the graph of each node.
      labels: `[graphs, tasks]`, NaN where unlabelled, or `[graphs]` classes.
      reverse_edges: `[edges]`, for each edge the index of the opposite one, of itself where there is none.
    """

    x: Tensor
    edge_index: Tensor
    edge_attr: OptTensor
    graph_ids: Tensor
    labels: Tensor
    reverse_edges: Tensor


class Outputs(NamedTuple):
    """What a step returns: logits `[graphs, tasks]`, edge attention `[edges, 1]` and the losses."""

    logits: Tensor
    edge_attention: Tensor
    loss: Tensor
    prediction_loss: Tensor
    info_loss: Tensor


def batch_from_gnnjax(batch: GraphBatch) -> Batch:
    """The real graphs of a padded gnnjax batch, in the same order."""
    graphs = batch.graphs
    num_graphs = int(np.sum(batch.graph_mask))
    n_node = np.asarray(graphs.n_node[:num_graphs])
    num_edges = int(np.sum(graphs.n_edge[:num_graphs]))

    def rows(array, size):
        array = np.asarray(array[:size])
        return torch.tensor(array.astype(np.int64) if np.issubdtype(array.dtype, np.integer) else array)

    return Batch(
        x=rows(graphs.nodes, n_node.sum()),
        edge_index=torch.stack([rows(graphs.senders, num_edges), rows(graphs.receivers, num_edges)]),
        edge_attr=None if graphs.edges is None else rows(graphs.edges, num_edges),
        graph_ids=torch.tensor(np.repeat(np.arange(num_graphs), n_node)),
        labels=rows(batch.labels, num_graphs),
        reverse_edges=rows(batch.reverse_edges, num_edges),
    )


class CategoricalEncoder(nn.Module):
    """Sum of an embedding of each column of categories; the attribute's name is the original's."""

    def __init__(self, attribute: str, categories: Sequence[int], width: int):
        super().__init__()
        self.attribute = attribute
        setattr(self, attribute, nn.ModuleList(nn.Embedding(rows, width) for rows in categories))
        for table in getattr(self, attribute):
            nn.init.xavier_uniform_(table.weight)

    def forward(self, x: Tensor) -> Tensor:
        return sum(table(x[:, column]) for column, table in enumerate(getattr(self, self.attribute)))


def encoder(features: int | Sequence[int], attribute: str, width: int) -> nn.Module:
    """As `gnnjax.nn.feature_encoder`."""
    if isinstance(features, int):
        return nn.Linear(features, width)
    return CategoricalEncoder(attribute, features, width)


class GINConv(MessagePassing):
    """Graph isomorphism convolution whose messages may be multiplied by an edge attention `[edges, 1]`."""

    def __init__(self, width: int, edges: bool):
        super().__init__(aggr="add")
        self.nn = nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, width))
        self.lin = nn.Linear(width, width) if edges else None
        self.register_buffer("eps", torch.zeros(1))

    def forward(self, x: Tensor, edge_index: Tensor, edges: OptTensor, attention: OptTensor) -> Tensor:
        received = self.propagate(edge_index, x=x, edges=edges, attention=attention)
        return self.nn((1 + self.eps) * x + received)

    def message(self, x_j: Tensor, edges: OptTensor, attention: OptTensor) -> Tensor:
        if self.lin is not None:
            x_j = (x_j + self.lin(edges)).relu()
        return x_j if attention is None else x_j * attention


class PNAConv(MessagePassing):
    """Principal neighbourhood aggregation without degree scalers; each sum is made once."""

    def __init__(self, width: int, edges: bool, aggregators: Sequence[str]):
        super().__init__(aggr=None)
        self.aggregators = aggregators
        self.post_nn = nn.Sequential(nn.Linear(len(aggregators) * width * (3 if edges else 2), width))

    def forward(self, x: Tensor, edge_index: Tensor, edges: OptTensor, attention: OptTensor) -> Tensor:
        return self.post_nn(self.propagate(edge_index, x=x, edges=edges, attention=attention))

    def message(self, x_i: Tensor, x_j: Tensor, edges: OptTensor, attention: OptTensor) -> Tensor:
        message = torch.cat([x_i, x_j] if edges is None else [x_i, x_j, edges], dim=-1)
        return message if attention is None else message * attention

    def aggregate(self, inputs: Tensor, index: Tensor, dim_size=None) -> Tensor:
        count = degree(index, dim_size).clamp(min=1)[:, None]
        total = scatter(inputs, index, 0, dim_size, "sum")
        mean = total / count
        aggregated = {"sum": total, "mean": mean}
        if "std" in self.aggregators:
            variance = scatter(inputs * inputs, index, 0, dim_size, "sum") / count - mean * mean
            aggregated["std"] = (variance.relu() + 1e-5).sqrt()
        for extreme in {"min", "max"} & set(self.aggregators):
            aggregated[extreme] = scatter(inputs, index, 0, dim_size, extreme)
        return torch.cat([aggregated[name] for name in self.aggregators], dim=-1)


class GIN(nn.Module):
    """The classifier: node embeddings, a sum over each graph and a linear layer. Arguments as of `models.GIN`."""

    def __init__(
        self,
        in_features: int | Sequence[int],
        out_features: int,
        *,
        hidden_size: int = 64,
        num_layers: int = 2,
        dropout_rate: float = 0.3,
        edge_features: int | Sequence[int] | None = None,
    ):
        super().__init__()
        self.hidden_size, self.dropout_rate = hidden_size, dropout_rate
        self.node_encoder = encoder(in_features, "atom_embedding_list", hidden_size)
        edges = edge_features is not None
        self.edge_encoder = encoder(edge_features, "bond_embedding_list", hidden_size) if edges else None
        self.convs = nn.ModuleList(GINConv(hidden_size, edges) for _ in range(num_layers))
        self.fc_out = nn.Sequential(nn.Linear(hidden_size, out_features))

    def embed(self, batch: Batch, attention: OptTensor = None) -> Tensor:
        """Node embeddings `[nodes, hidden_size]`."""
        x = self.node_encoder(batch.x)
        edges = None if self.edge_encoder is None else self.edge_encoder(batch.edge_attr)
        for conv in self.convs:
            x = conv(x, batch.edge_index, edges, attention).relu()
            x = F.dropout(x, self.dropout_rate, self.training)
        return x

    def forward(self, batch: Batch, attention: OptTensor = None) -> Tensor:
        return self.fc_out(global_add_pool(self.embed(batch, attention), batch.graph_ids, size=len(batch.labels)))


class PNA(nn.Module):
    """The classifier: residual convolutions, a mean over each graph and an MLP. Arguments as of `models.PNA`."""

    def __init__(
        self,
        in_features: int | Sequence[int],
        out_features: int,
        *,
        hidden_size: int = 80,
        num_layers: int = 4,
        dropout_rate: float = 0.3,
        edge_features: int | Sequence[int] | None = None,
        aggregators: Sequence[str] = AGGREGATORS,
    ):
        super().__init__()
        self.hidden_size, self.dropout_rate = hidden_size, dropout_rate
        self.node_encoder = encoder(in_features, "atom_embedding_list", hidden_size)
        edges = edge_features is not None
        self.edge_encoder = encoder(edge_features, "bond_embedding_list", hidden_size) if edges else None
        self.convs = nn.ModuleList(PNAConv(hidden_size, edges, aggregators) for _ in range(num_layers))
        # PyTorch Geometric's own batch norm, inside which the original's weights are called module.
        self.batch_norms = nn.ModuleList(
            nn.ModuleDict({"module": nn.BatchNorm1d(hidden_size)}) for _ in range(num_layers)
        )
        self.fc_out = nn.Sequential(
            nn.Linear(hidden_size, hidden_size // 2),
            nn.ReLU(),
            nn.Linear(hidden_size // 2, hidden_size // 4),
            nn.ReLU(),
            nn.Linear(hidden_size // 4, out_features),
        )

    def embed(self, batch: Batch, attention: OptTensor = None) -> Tensor:
        """Node embeddings `[nodes, hidden_size]`."""
        x = self.node_encoder(batch.x)
        edges = None if self.edge_encoder is None else self.edge_encoder(batch.edge_attr)
        for conv, norm in zip(self.convs, self.batch_norms, strict=True):
            x = norm["module"](conv(x, batch.edge_index, edges, attention)).relu() + x
            x = F.dropout(x, self.dropout_rate, self.training)
        return x

    def forward(self, batch: Batch, attention: OptTensor = None) -> Tensor:
        return self.fc_out(global_mean_pool(self.embed(batch, attention), batch.graph_ids, size=len(batch.labels)))


BACKBONES = {"gin": GIN, "pna": PNA}


class Extractor(nn.Module):
    """The MLP from the embeddings of an edge's two ends, or of a node, to an attention logit."""

    def __init__(self, hidden_size: int, dropout_rate: float, learn_edge_attention: bool):
        super().__init__()
        self.learn_edge_attention = learn_edge_attention
        first, second = (2, 4) if learn_edge_attention else (1, 2)
        self.feature_extractor = nn.Sequential(
            *self._hidden_layer(first * hidden_size, second * hidden_size, dropout_rate),
            *self._hidden_layer(second * hidden_size, hidden_size, dropout_rate),
            nn.Linear(hidden_size, 1),
        )

    @staticmethod
    def _hidden_layer(width: int, next_width: int, dropout_rate: float) -> list[nn.Module]:
        return [nn.Linear(width, next_width), InstanceNorm(next_width), nn.ReLU(), nn.Dropout(dropout_rate)]

    def forward(self, embedding: Tensor, batch: Batch) -> Tensor:
        x, graph_ids = embedding, batch.graph_ids
        if self.learn_edge_attention:
            sender, receiver = batch.edge_index
            x, graph_ids = torch.cat([embedding[sender], embedding[receiver]], dim=-1), graph_ids[sender]
        for layer in self.feature_extractor:
            x = layer(x, graph_ids, len(batch.labels)) if isinstance(layer, InstanceNorm) else layer(x)
        return x


def info_loss(attention: Tensor, r: float) -> Tensor:
    """Mean divergence of the attention from Bernoulli(r)."""
    signal = attention * torch.log(attention / r + 1e-6)
    background = (1 - attention) * torch.log((1 - attention) / (1 - r + 1e-6) + 1e-6)
    return (signal + background).mean()


def prediction_loss(task: Task, logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy, over the labels that are there."""
    if task == "multiclass":
        return F.cross_entropy(logits, labels)
    labelled = ~labels.isnan()
    return F.binary_cross_entropy_with_logits(logits[labelled], labels[labelled])


class GSATTraining:
    """The model, its optimiser, and one training or evaluation step at a time.

    Args:
      classifier: one of `BACKBONES`.
      task: binary, multilabel or multiclass.
      learn_edge_attention: on edges, else on nodes.
      extractor_dropout_rate: dropout of the extractor.
      learning_rate, weight_decay: of Adam.
    """

    def __init__(
        self,
        classifier: Any,
        task: Task,
        *,
        learn_edge_attention: bool = True,
        extractor_dropout_rate: float = 0.5,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
    ):
        extractor = Extractor(classifier.hidden_size, extractor_dropout_rate, learn_edge_attention)
        self.task = task
        self.model = nn.ModuleDict({"clf": classifier, "extractor": extractor})
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=learning_rate, weight_decay=weight_decay)

    def train_step(self, batch: Batch, r: float, uniform: OptTensor = None) -> Outputs:
        """One step of Adam; `uniform`, `[edges or nodes, 1]` in (0, 1), replaces the noise of the sampling."""
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
        if extractor.learn_edge_attention:
            edge_attention = (attention + attention[batch.reverse_edges]) / 2
        else:
            sender, receiver = batch.edge_index
            edge_attention = attention[sender] * attention[receiver]
        class_logits = clf(batch, edge_attention)
        prediction = prediction_loss(self.task, class_logits, batch.labels)
        info = info_loss(attention, r)
        return Outputs(class_logits, edge_attention, prediction + info, prediction, info)
