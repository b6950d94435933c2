"""Explanations of trained classifiers, many graphs at a time: `explainer(model, dataset, indices) -> Explanations`.

Methods that explain a class or a number take `target`, those that draw numbers `seed`. A model is compiled anew for
each call; who calls several times passes `explain.masked_classifier(model)`, made once.
"""

from gnnjax.explain.post_hoc.attention import attention
from gnnjax.explain.post_hoc.batched import Explainable, as_classifier, both_directions, explain_batches
from gnnjax.explain.post_hoc.gnn_explainer import gnn_explainer
from gnnjax.explain.post_hoc.gradient_times_input import gradient_times_input
from gnnjax.explain.post_hoc.integrated_gradients import integrated_gradients
from gnnjax.explain.post_hoc.mask_cost import mask_costs
from gnnjax.explain.post_hoc.node_embedding import node_embedding
from gnnjax.explain.post_hoc.pg_explainer import PGExplainer
from gnnjax.explain.post_hoc.random_scores import random_scores
from gnnjax.explain.post_hoc.targets import Target, target_losses, target_weights

__all__ = [
    "Explainable",
    "PGExplainer",
    "Target",
    "as_classifier",
    "attention",
    "both_directions",
    "explain_batches",
    "gnn_explainer",
    "gradient_times_input",
    "integrated_gradients",
    "mask_costs",
    "node_embedding",
    "random_scores",
    "target_losses",
    "target_weights",
]
