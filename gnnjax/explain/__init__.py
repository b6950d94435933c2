"""Explanations: attention as graphs, and how good it is."""

from gnnjax.explain.metrics import explanation_roc_auc, mean_attention, precision_at_k

__all__ = ["explanation_roc_auc", "mean_attention", "precision_at_k"]
