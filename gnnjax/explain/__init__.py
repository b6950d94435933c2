"""Explanations: attention as graphs, and how good it is."""

from gnnjax.explain.attention_graph import (
    attention_graph,
    attention_rollout,
    average_attention_graph,
    head_path_graphs,
    layer_graphs,
)
from gnnjax.explain.metrics import explanation_roc_auc, mean_attention, precision_at_k

__all__ = [
    "attention_graph",
    "attention_rollout",
    "average_attention_graph",
    "explanation_roc_auc",
    "head_path_graphs",
    "layer_graphs",
    "mean_attention",
    "precision_at_k",
]
