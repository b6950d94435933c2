"""Explanations: attention as graphs, and how good it is."""

from gnnjax.explain import post_hoc
from gnnjax.explain.agreement import PairedEntries, attention_agreement, sample_paired_entries
from gnnjax.explain.assortativity import class_assortativity
from gnnjax.explain.attention_graph import (
    attention_graph,
    attention_rollout,
    average_attention_graph,
    head_path_graphs,
    layer_graphs,
)
from gnnjax.explain.attention_of_nodes import attention_from, attention_to
from gnnjax.explain.bias_graph import bias_attention, bias_attention_graph
from gnnjax.explain.clustering import mean_clustering
from gnnjax.explain.deletion_curves import (
    DeletionCurve,
    DeletionMeasure,
    DeletionOrder,
    DeletionRanking,
    deletion_curves,
    pool_deletion_curves,
)
from gnnjax.explain.edge_attention import EdgeAttention, attention_on_edges
from gnnjax.explain.explain_node import explain_node
from gnnjax.explain.explanation import Explanation, Subgraph
from gnnjax.explain.explanation_files import (
    from_json,
    load_explanations,
    save_explanations,
    to_json,
    write_explanation_graphml,
)
from gnnjax.explain.explanation_html import write_explanation_html
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.export import write_graphml, write_json, write_npz
from gnnjax.explain.fidelity import (
    Fidelity,
    FidelityForm,
    FidelityOf,
    PartLogits,
    characterization,
    fidelity,
    part_logits,
    unfaithfulness,
)
from gnnjax.explain.fixed_attention import own_attention
from gnnjax.explain.gini import gini
from gnnjax.explain.ground_truth import ExplanationRocAuc, TruthScores, explanation_roc_aucs, select_edges, truth_scores
from gnnjax.explain.hops import HopAttention, attention_by_hops, class_means, expected_hops
from gnnjax.explain.html import write_html
from gnnjax.explain.input_graph import edge_correlation, edge_overlap
from gnnjax.explain.interventions import (
    InterventionResult,
    attention_interventions,
    mean_row_attention,
    uniform_attention,
)
from gnnjax.explain.masked_classifier import MaskedClassifier, masked_classifier, masked_logits
from gnnjax.explain.metrics import explanation_roc_auc, mean_attention, precision_at_k
from gnnjax.explain.network import NetworkStatistics, network_statistics, to_graph
from gnnjax.explain.null_models import (
    NullComparison,
    chance_recovery,
    compare_with_rewired,
    edge_correlation_against_rewired,
)
from gnnjax.explain.pagerank import pagerank
from gnnjax.explain.patterns import (
    KeyConcentration,
    ReferenceNodes,
    key_concentration,
    reference_nodes,
    self_attention_share,
)
from gnnjax.explain.perturbation import RandomPerturbation, random_perturbation
from gnnjax.explain.quasi_adjacency import GridThreshold, grid_threshold, prune, top_entries
from gnnjax.explain.reciprocity import reciprocity
from gnnjax.explain.recovery import AdjacencyRecovery, Recovery, adjacency_recovery, recovery
from gnnjax.explain.rewiring import rewire
from gnnjax.explain.saved_attention_graph import SavedAttentionGraph, read_json, read_npz
from gnnjax.explain.sparse_attention_graph import (
    SparseAttentionGraph,
    average_sparse_attention_graph,
    sparse_attention_graph,
    sparse_head_path_graphs,
    sparse_rollout,
)
from gnnjax.explain.sparsity import FidelityCurve, fidelity_curve, sparsity
from gnnjax.explain.stability import RankCorrelations, rank_correlations
from gnnjax.explain.summary import judge

__all__ = [
    "AdjacencyRecovery",
    "DeletionCurve",
    "DeletionMeasure",
    "DeletionOrder",
    "DeletionRanking",
    "EdgeAttention",
    "Explanation",
    "ExplanationRocAuc",
    "Explanations",
    "Fidelity",
    "FidelityCurve",
    "FidelityForm",
    "FidelityOf",
    "GridThreshold",
    "HopAttention",
    "InterventionResult",
    "KeyConcentration",
    "MaskedClassifier",
    "NetworkStatistics",
    "NullComparison",
    "PairedEntries",
    "PartLogits",
    "RandomPerturbation",
    "RankCorrelations",
    "Recovery",
    "ReferenceNodes",
    "SavedAttentionGraph",
    "SparseAttentionGraph",
    "Subgraph",
    "TruthScores",
    "adjacency_recovery",
    "attention_agreement",
    "attention_by_hops",
    "attention_from",
    "attention_graph",
    "attention_interventions",
    "attention_on_edges",
    "attention_rollout",
    "attention_to",
    "average_attention_graph",
    "average_sparse_attention_graph",
    "bias_attention",
    "bias_attention_graph",
    "chance_recovery",
    "characterization",
    "class_assortativity",
    "class_means",
    "compare_with_rewired",
    "deletion_curves",
    "edge_correlation",
    "edge_correlation_against_rewired",
    "edge_overlap",
    "expected_hops",
    "explain_node",
    "explanation_roc_auc",
    "explanation_roc_aucs",
    "fidelity",
    "fidelity_curve",
    "from_json",
    "gini",
    "grid_threshold",
    "head_path_graphs",
    "judge",
    "key_concentration",
    "layer_graphs",
    "load_explanations",
    "masked_classifier",
    "masked_logits",
    "mean_attention",
    "mean_clustering",
    "mean_row_attention",
    "network_statistics",
    "own_attention",
    "pagerank",
    "part_logits",
    "pool_deletion_curves",
    "post_hoc",
    "precision_at_k",
    "prune",
    "random_perturbation",
    "rank_correlations",
    "read_json",
    "read_npz",
    "reciprocity",
    "recovery",
    "reference_nodes",
    "rewire",
    "sample_paired_entries",
    "save_explanations",
    "select_edges",
    "self_attention_share",
    "sparse_attention_graph",
    "sparse_head_path_graphs",
    "sparse_rollout",
    "sparsity",
    "to_graph",
    "to_json",
    "top_entries",
    "truth_scores",
    "unfaithfulness",
    "uniform_attention",
    "write_explanation_graphml",
    "write_explanation_html",
    "write_graphml",
    "write_html",
    "write_json",
    "write_npz",
]
