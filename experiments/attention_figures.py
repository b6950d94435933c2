"""The figures of attention graphs, and the page on which one is explored."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.node_runs import NodeExperiment, Variant
from gnnjax import explain, plot

__all__ = ["draw_deletion", "draw_figures", "write_pages"]


def draw_figures(experiment: NodeExperiment, attention: Mapping[Variant, np.ndarray]) -> dict[str, Figure]:
    """Name -> figure, for models that differ in their family alone.

    Args:
      experiment: the data.
      attention: of each variant, `[layers, heads, nodes, nodes]`.
    """
    (num_layers, num_heads, *_), *others = {values.shape for values in attention.values()}
    if others:
        raise ValueError("the figures compare models of one number of layers and heads")
    dataset, distances = experiment.dataset, experiment.distances
    adjacency = dataset.adjacency(self_loops=True).astype(bool)
    graphs = {variant.family.upper(): np.asarray(explain.attention_graph(each)) for variant, each in attention.items()}
    figures = {
        "heat_maps": plot.heat_maps(
            {
                family: {
                    "adjacency and self loops": adjacency,
                    "attention graph": graph,
                    "quasi-adjacency": explain.top_entries(graph, adjacency.nnz),
                }
                for family, graph in graphs.items()
            },
            dataset.labels,
        ),
        "hops": _hop_figure(attention, graphs, distances, dataset.labels),
    }
    matrices = {variant.family.upper(): each for variant, each in attention.items()}
    if num_heads > 1:
        pairs = {
            f"{family}, layer {layer + 1}": (each[layer, 0], each[layer, 1])
            for family, each in matrices.items()
            for layer in range(num_layers)
        }
        figures["heads"] = plot.agreement_plot(pairs)
    if num_layers > 1:
        layers = {family: np.asarray(explain.layer_graphs(each)) for family, each in matrices.items()}
        figures["layers"] = plot.agreement_plot(
            {family: (each[0], each[1]) for family, each in layers.items()},
            xlabel="attention of layer 1",
            ylabel="attention of layer 2",
        )
    return figures


def draw_deletion(analyses: Mapping[Variant, Mapping[str, Any]]) -> Figure:
    """Deletion curves of models, from their analyses."""
    return plot.deletion_plot(
        {
            variant.family.upper(): {
                order: explain.DeletionCurve(**{name: np.array(values) for name, values in curve.items()})
                for order, curve in analysis["deletion"].items()
            }
            for variant, analysis in analyses.items()
        }
    )


def write_pages(experiment: NodeExperiment, attention: Mapping[Variant, np.ndarray]) -> None:
    """One page per model, in the folder of the run."""
    dataset = experiment.dataset
    for variant, each in attention.items():
        layers = np.asarray(explain.layer_graphs(each))
        inputs, model = experiment.inputs(variant.family), experiment.trained(variant, 0)
        accuracy = np.mean([result["test_accuracy"] for result in experiment.results(variant)])
        explain.write_html(
            experiment.workdir / f"attention_graph_{variant.folder}.html",
            layers=layers,
            aggregated=np.asarray(explain.attention_graph(each)),
            senders=dataset.senders,
            receivers=dataset.receivers,
            labels=dataset.labels,
            predictions=np.asarray(model(inputs)).argmax(-1),
            splits={name: mask[0] for name, mask in experiment.masks.items()},
            title=f"{dataset.name}, {variant}",
            description=f"Attention: mean of {experiment.num_splits} runs, mean test accuracy {100 * accuracy:.1f} %. "
            "Predictions and parts: those of the first run.",
        )


def _hop_figure(attention, graphs, distances, labels) -> Figure:
    hops = [*range(distances.max() + 1), -1]
    lines = {}
    for variant, each in attention.items():
        heads = [explain.attention_by_hops(head, distances) for head in each.reshape(-1, *each.shape[2:])]
        lines[variant.family.upper()] = np.array([[*head.mean, head.unreachable_mean] for head in heads])
    expected = {family: explain.expected_hops(graph, distances) for family, graph in graphs.items()}
    return plot.hop_plot(lines, hops, expected=expected, labels=labels)
