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

    Examples:
      >>> import numpy as np
      >>> from gnnjax import plot, train
      >>> attention, signal = np.array([0.9, 0.2, 0.1]), np.array([1, 0, 0])
      >>> evaluation = train.Evaluation({}, np.array([[2.0]]), np.array([[1.0]]), attention, signal, np.array([3]))
      >>> figure = plot.attention_histogram(evaluation)
      >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
      ['background edges (2)', 'signal edges (1)']
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
