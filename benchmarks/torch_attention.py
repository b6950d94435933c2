"""The node classifiers of the attention-graph paper in plain PyTorch: what gnnjax is timed against.

The original's form: `torch.nn.MultiheadAttention` over all pairs of nodes, whose attention matrices are returned by
every forward pass; SL excludes pairs by a mask, DLB adds its bias. Modules are named as in the original, so that its
weights can be loaded.

Source: El et al. 2025 (arXiv 2502.12352).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnjax.models import Family, NodeInputs

__all__ = ["GraphConv", "Inputs", "NodeClassifier", "NodeTraining", "inputs_from_gnnjax"]


class Inputs(NamedTuple):
    """One graph.

    Attributes:
      nodes: `[nodes, features]`.
      structure: by family; SC: the convolution's matrix `[nodes, nodes]`; SL: True where row may not attend to column;
        DLB: the distance bias `[nodes, nodes]`; DL: the positional encoding `[nodes, size]`.
    """

    nodes: Tensor
    structure: Tensor


def inputs_from_gnnjax(family: Family, inputs: NodeInputs) -> Inputs:
    """The same graph as dense tensors. Dense products are the fastest for SC too on graphs as small as WebKB's."""
    rows, columns = np.asarray(inputs.pattern.rows), np.asarray(inputs.pattern.columns)
    match family:
        case "dlb":
            structure = np.asarray(inputs.distance_bias)
        case "dl":
            structure = np.asarray(inputs.positional_encoding)
        case "sl":
            structure = np.ones((inputs.pattern.num_nodes,) * 2, bool)
            structure[rows, columns] = False
        case "sc":
            degrees = np.bincount(rows)
            structure = np.zeros((inputs.pattern.num_nodes,) * 2, np.float32)
            structure[rows, columns] = 1 / np.sqrt(degrees[rows] * degrees[columns])
    return Inputs(torch.tensor(np.asarray(inputs.nodes)), torch.tensor(structure))


class GraphConv(nn.Module):
    """Graph convolution with a given matrix."""

    def __init__(self, width: int):
        super().__init__()
        self.lin = nn.Linear(width, width, bias=False)
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor, matrix: Tensor) -> Tensor:
        return matrix @ self.lin(x) + self.bias


class NodeClassifier(nn.Module):
    """SC, SL, DLB or DL.

    Args:
      family: of the four.
      in_features, out_features: widths.
      hidden_size, num_layers, num_heads: of the layers; SC has no heads.
      dropout_rate: of the attention weights and after each layer.
      positional_features: width of DL's positional encoding.
    """

    def __init__(
        self,
        family: Family,
        in_features: int,
        out_features: int,
        *,
        hidden_size: int = 128,
        num_layers: int = 2,
        num_heads: int = 2,
        dropout_rate: float = 0.5,
        positional_features: int = 16,
    ):
        super().__init__()
        self.family, self.dropout_rate = family, dropout_rate
        self.lin_in = nn.Linear(in_features, hidden_size)
        self.lin_out = nn.Linear(hidden_size, out_features)
        if family == "dlb":
            self.attn_bias_scale = nn.Parameter(torch.full((1,), 10.0))
        if family == "dl":
            self.lin_pos_enc = nn.Linear(positional_features, hidden_size)
        self.layers = nn.ModuleList(
            GraphConv(hidden_size)
            if family == "sc"
            else nn.MultiheadAttention(hidden_size, num_heads, dropout=dropout_rate)
            for _ in range(num_layers)
        )

    def forward(self, inputs: Inputs) -> tuple[Tensor, list[Tensor]]:
        """Log-probabilities of the classes, and each layer's attention `[heads, nodes, nodes]` (none in SC)."""
        x, attention = self.lin_in(inputs.nodes), []
        mask = None
        match self.family:
            case "sl":
                mask = inputs.structure
            case "dlb":
                mask = self.attn_bias_scale * inputs.structure
            case "dl":
                x = x + self.lin_pos_enc(inputs.structure)
        for layer in self.layers:
            if self.family == "sc":
                update = layer(x, inputs.structure)
            else:
                update, weights = layer(x, x, x, attn_mask=mask, need_weights=True, average_attn_weights=False)
                attention.append(weights)
            x = x + F.dropout(update.relu(), self.dropout_rate, self.training)
        return self.lin_out(x).log_softmax(-1), attention


class NodeTraining:
    """A model, its Adam optimiser, and one epoch at a time.

    Args:
      model: the classifier.
      inputs: the graph.
      labels: `[nodes]`.
      masks: `train`, `valid` and `test`, each bool `[nodes]`.
    """

    def __init__(self, model: NodeClassifier, inputs: Inputs, labels: np.ndarray, masks: Mapping[str, np.ndarray]):
        self.model, self.inputs = model, inputs
        self.labels = torch.tensor(labels.astype(np.int64))
        self.masks = {part: torch.tensor(mask) for part, mask in masks.items()}
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def train_step(self) -> Tensor:
        """One step over the training nodes; returns the loss."""
        self.model.train()
        self.optimizer.zero_grad()
        train = self.masks["train"]
        loss = F.nll_loss(self.model(self.inputs)[0][train], self.labels[train])
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Accuracy of each part, without dropout."""
        self.model.eval()
        right = self.model(self.inputs)[0].argmax(-1) == self.labels
        return {part: right[mask].float().mean().item() for part, mask in self.masks.items()}

    def epoch(self) -> dict[str, float]:
        """A step, then an evaluation."""
        loss = self.train_step().item()
        return {"loss": loss} | self.evaluate()
