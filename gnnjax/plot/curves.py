"""Training curves."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from gnnjax.plot.style import ATTENTION, TRUTH

__all__ = ["training_curves"]

_STYLE = {"train": "#8a8a8a", "valid": ATTENTION, "test": TRUTH}


def training_curves(history: Sequence[Mapping[str, Any]], best_epoch: int | None = None) -> Figure:
    """Losses, accuracy and explanation quality over the epochs of `train.fit`, with the chosen epoch marked."""
    parts = [part for part in _STYLE if part in history[0]]
    panels = {
        "prediction_loss": "prediction loss (nats)",
        "information_loss": "information loss (nats)",
        "accuracy": "accuracy",
        "explanation_roc_auc": "explanation ROC-AUC",
    }
    panels = {name: label for name, label in panels.items() if name in history[0][parts[0]]}
    figure = Figure(figsize=(3.6 * len(panels), 3), layout="constrained")
    epochs = [entry["epoch"] for entry in history]
    for axes, (name, label) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        for part in parts:
            values = [entry[part][name] for entry in history]
            axes.plot(epochs, values, color=_STYLE[part], label=part, linewidth=1.2)
        if best_epoch is not None:
            axes.axvline(best_epoch, color="#333333", linewidth=0.8, linestyle=":", label="chosen epoch")
        axes.set(xlabel="epoch", title=label)
    axes.legend(frameon=False, fontsize=8)
    return figure
