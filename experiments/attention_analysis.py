"""What is computed from the attention of trained node classifiers, as plain numbers."""

import functools
from typing import Any

import numpy as np

from experiments.node_runs import NodeExperiment, Variant
from gnnjax import explain, models
from gnnjax.host_memory import require_memory

__all__ = ["analyze", "bias_only_recovery", "mean_attention"]

_REWIRINGS = 5
# Deletion curves evaluate a model so often that a few runs must do.
_DELETION_RUNS = 3


def mean_attention(experiment: NodeExperiment, variant: Variant) -> np.ndarray:
    """`[layers, heads, nodes, nodes]`, the mean over the runs, of which one is in memory at a time."""
    runs = (experiment.attention(variant, split) for split in range(experiment.num_splits))
    mean = functools.reduce(np.add, runs) / experiment.num_splits
    return dense_attention(mean, experiment.inputs("sl")) if variant.family == "sl" else mean


def dense_attention(attention: np.ndarray, inputs: models.NodeInputs) -> np.ndarray:
    """Sparse attention `[layers, heads, entries]` as `[layers, heads, nodes, nodes]`."""
    num_nodes = inputs.pattern.num_nodes
    count = attention.shape[0] * attention.shape[1]
    require_memory(
        # The matrices, and the largest of the copies that analyses make of them.
        8 * count * num_nodes**2,
        f"analysing {count} attention matrices of {num_nodes} nodes",
        "use experiments/large_attention_graph.py",
    )
    dense = np.zeros((*attention.shape[:2], num_nodes, num_nodes), np.float32)
    dense[:, :, inputs.pattern.rows, inputs.pattern.columns] = attention
    return dense


def analyze(experiment: NodeExperiment, variant: Variant, attention: np.ndarray) -> dict[str, Any]:
    """Every analysis of the paper of a variant's mean attention, the null models, and the causal checks of each run."""
    dataset = experiment.dataset
    adjacency = dataset.adjacency()
    graph = np.asarray(explain.attention_graph(attention))
    hops = explain.attention_by_hops(graph, experiment.distances)
    expected = explain.expected_hops(graph, experiment.distances)
    concentration = explain.key_concentration(graph)
    return {
        "edges": explain.attention_on_edges(graph, adjacency)._asdict(),
        "recovery": _recovery(explain.adjacency_recovery(graph, adjacency)),
        "rewired_recovery": _rewired_recovery(graph, adjacency),
        "edge_correlation": _numbers(
            explain.edge_correlation_against_rewired(graph, adjacency, num_rewirings=_REWIRINGS)
        ),
        "hops": {"mean": hops.mean.tolist(), "share": hops.share.tolist(), "unreachable": hops.unreachable_share},
        "expected_hops": float(np.nanmean(expected)),
        "expected_hops_of_classes": explain.class_means(expected, dataset.labels, dataset.num_classes).tolist(),
        "self_attention": explain.self_attention_share(graph),
        "top_10_keys": concentration.top_share,
        "key_gini": concentration.gini,
        "head_agreement": [explain.attention_agreement(heads).tolist() for heads in attention],
        "layer_agreement": explain.attention_agreement(np.asarray(explain.layer_graphs(attention))).tolist(),
        "network": explain.network_statistics(graph, adjacency, dataset.labels)._asdict(),
        "interventions": _interventions(experiment, variant),
        "deletion": _deletion(experiment, variant),
    }


def bias_only_recovery(experiment: NodeExperiment, num_layers: int) -> dict[str, Any]:
    """Recovery of the input graph by the distance bias alone: no weights, no training."""
    graph = explain.bias_attention_graph(experiment.distance_bias, num_layers)
    return _recovery(explain.adjacency_recovery(graph, experiment.dataset.adjacency()))


def _recovery(recovery: explain.AdjacencyRecovery) -> dict[str, Any]:
    return {
        name: value._asdict() if isinstance(value, explain.Recovery) else value
        for name, value in recovery._asdict().items()
    }


def _rewired_recovery(graph: np.ndarray, adjacency) -> dict[str, Any]:
    """F1 of the top entries against rewired input graphs: what the nodes' degrees alone explain."""
    results = {}
    for name, diagonal in (("top", True), ("top_off_diagonal", False)):
        edges = adjacency.copy()
        edges.setdiag(1 if diagonal else 0)
        edges.eliminate_zeros()
        top = explain.top_entries(graph, edges.nnz, diagonal=diagonal)

        def f1(rewired, top=top, diagonal=diagonal):
            return explain.recovery(top, rewired, diagonal=diagonal).f1

        results[name] = _numbers(explain.compare_with_rewired(f1, adjacency, num_rewirings=_REWIRINGS))
    return results


def _numbers(comparison: explain.NullComparison) -> dict[str, float]:
    return {name: value for name, value in comparison._asdict().items() if name != "values"}


def _interventions(experiment: NodeExperiment, variant: Variant) -> dict[str, dict[str, float]]:
    """Mean over the runs, each on its own test nodes; the other run is the next one."""
    inputs, labels = experiment.inputs(variant.family), experiment.dataset.labels
    runs = []
    for split, mask in enumerate(experiment.masks["test"]):
        other = (split + 1) % experiment.num_splits
        runs.append(
            explain.attention_interventions(
                experiment.trained(variant, split),
                inputs,
                labels,
                mask,
                other_attention=experiment.attention(variant, other) if other != split else None,
            )
        )
    return {
        name: {
            "accuracy": float(np.mean([run[name].accuracy for run in runs])),
            "accuracy_std": float(np.std([run[name].accuracy for run in runs])),
            "changed": float(np.mean([run[name].changed for run in runs])),
        }
        for name in runs[0]
    }


def _deletion(experiment: NodeExperiment, variant: Variant) -> dict[str, dict[str, Any]]:
    """Deletion curves of the first runs, each on its own test nodes."""
    inputs, labels = experiment.inputs(variant.family), experiment.dataset.labels
    curves = explain.pool_deletion_curves(
        [
            explain.deletion_curves(experiment.trained(variant, split), inputs, labels, mask, draws=1)
            for split, mask in enumerate(experiment.masks["test"][:_DELETION_RUNS])
        ]
    )
    return {
        order: {name: values.tolist() for name, values in curve._asdict().items()} for order, curve in curves.items()
    }
