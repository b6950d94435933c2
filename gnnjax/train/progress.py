"""A live progress bar for training."""

import sys

from tqdm import tqdm

from gnnjax.train.callbacks import Callback
from gnnjax.train.selection import Metric

__all__ = ["ProgressBar"]


class ProgressBar(Callback):
    """One bar over all steps of a run, with the newest loss, metric and explanation ROC-AUC beside it.

    Args:
      description: text in front of the bar.
      part: split part whose metric and explanation ROC-AUC are shown.
      metric: which metric.
      position: line of the terminal, from 0, where several bars are shown at a time.
    """

    def __init__(
        self, description: str = "", part: str = "valid", metric: Metric = "accuracy", position: int | None = None
    ):
        self._description = description
        self._part = part
        self._metric = metric
        self._position = position

    def on_start(self, first_epoch, epochs, steps_per_epoch):
        self._epochs = epochs
        self._bar = tqdm(
            total=epochs * steps_per_epoch,
            initial=first_epoch * steps_per_epoch,
            desc=self._description,
            unit="step",
            position=self._position,
            dynamic_ncols=True,
            # In a log file every update is a line.
            mininterval=0.1 if sys.stderr.isatty() else 10.0,
            disable=first_epoch >= epochs,
        )

    def on_step(self, steps_done):
        self._bar.update()

    def on_epoch(self, entry, evaluations):
        shown = {"epoch": f"{entry['epoch'] + 1}/{self._epochs}", "loss": f"{entry['train']['loss']:.3f}"}
        name = {"accuracy": "acc", "roc_auc": "auc"}.get(self._metric, self._metric)
        shown[name] = f"{entry[self._part][self._metric]:.3f}"
        if "explanation_roc_auc" in entry[self._part]:
            shown["explanation"] = f"{entry[self._part]['explanation_roc_auc']:.3f}"
        self._bar.set_postfix(shown, refresh=False)

    def on_end(self):
        self._bar.close()
