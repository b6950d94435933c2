"""The distribution of the attention."""

import numpy as np
from matplotlib.figure import Figure

from gnnjax.plot.style import ATTENTION, TRUTH
from gnnjax.train import Evaluation

__all__ = ["attention_histogram"]


def attention_histogram(evaluation: Evaluation) -> Figure:
    """Distribution of the attention, signal and background edges apart where they are known.

    Raises:
      ValueError: the model has no attention.
    """
    attention = evaluation.edge_attention
    if attention is None:
        raise ValueError("the evaluated model has no attention to draw")
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    parts = {"all edges": (np.ones(len(attention), bool), ATTENTION)}
    if evaluation.edge_labels is not None:
        signal = evaluation.edge_labels == 1
        parts = {"background edges": (~signal, ATTENTION), "signal edges": (signal, TRUTH)}
    for name, (edges, color) in parts.items():
        if edges.any():
            label = f"{name} ({edges.sum():,})"
            weights = np.full(edges.sum(), 1 / edges.sum())
            bins = np.linspace(0, 1, 41).tolist()
            axes.hist(attention[edges], bins, weights=weights, alpha=0.65, color=color, label=label)
    axes.set(xlabel="edge attention", ylabel="share of edges", xlim=(0, 1))
    axes.legend(frameon=False)
    return figure
