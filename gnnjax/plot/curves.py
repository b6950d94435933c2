"""Training curves."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from gnnjax.plot.style import ATTENTION, TRUTH

__all__ = ["training_curves"]

_STYLE = {"train": "#8a8a8a", "valid": ATTENTION, "test": TRUTH, "explained": "#d98b1f"}


def training_curves(history: Sequence[Mapping[str, Any]], best_epoch: int | None = None) -> Figure:
    """Losses and metrics over the epochs of `train.fit`, with the chosen epoch marked.

    A part that was not evaluated in every epoch is drawn as points.

    Examples:
      >>> from gnnjax import plot
      >>> metrics = [{"prediction_loss": 0.7, "accuracy": 0.5}, {"prediction_loss": 0.4, "accuracy": 0.9}]
      >>> history = [{"epoch": epoch, "train": each, "valid": each} for epoch, each in enumerate(metrics)]
      >>> [axes.get_title() for axes in plot.training_curves(history, best_epoch=1).axes]
      ['prediction loss', 'accuracy']
    """
    panels = {
        "prediction_loss": "prediction loss",
        "information_loss": "information loss",
        "accuracy": "accuracy",
        "roc_auc": "ROC-AUC",
        "rmse": "RMSE",
        "mae": "mean absolute error",
        "explanation_roc_auc": "explanation ROC-AUC",
    }
    panels = {name: label for name, label in panels.items() if name in history[0]["valid"]}
    figure = Figure(figsize=(3.6 * len(panels), 3), layout="constrained")
    for axes, (name, label) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for part, color in _STYLE.items():
            points = [(entry["epoch"], entry[part][name]) for entry in history if name in entry.get(part, {})]
            if points:
                line = {"linewidth": 1.2} if len(points) == len(history) else {"linestyle": "", "marker": "."}
                axes.plot(*zip(*points, strict=True), color=color, label=part, **line)
        if best_epoch is not None:
            axes.axvline(best_epoch, color="#333333", linewidth=0.8, linestyle=":", label="chosen epoch")
        axes.set(xlabel="epoch", title=label)
    axes.legend(frameon=False, fontsize=8)
    return figure
