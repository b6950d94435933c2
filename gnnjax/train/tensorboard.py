"""Training curves and attention histograms for TensorBoard."""

import math
import os
from collections.abc import Mapping

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tensorboardX import SummaryWriter

from gnnjax.train.callbacks import Callback

__all__ = ["TensorBoard"]


class TensorBoard(Callback):
    """Writes every metric of every split part, `r`, the learning rate and histograms of the attention, per epoch.

    A resumed run takes back what an earlier process wrote past the checkpoint.

    Args:
      folder: where the event files go.
    """

    def __init__(self, folder: str | os.PathLike):
        self._folder = os.fspath(folder)

    def on_start(self, first_epoch, epochs, steps_per_epoch):
        self._writer = SummaryWriter(
            self._folder,
            purge_step=first_epoch,
            # Event files are named by the second: a run resumed at once must not write over its first file.
            filename_suffix=f".{first_epoch}",
            write_to_disk=first_epoch < epochs,
        )

    def on_epoch(self, entry, evaluations):
        epoch = entry["epoch"]
        self._writer.add_scalar("r", entry["r"], epoch)
        self._writer.add_scalar("learning_rate", entry["learning_rate"], epoch)
        for part, evaluation in evaluations.items():
            for name, value in entry[part].items():
                if math.isnan(value):  # Undefined here, such as the ROC-AUC of a single class.
                    continue
                self._writer.add_scalar(f"{part}/{name}", value, epoch)
            if evaluation.edge_attention is None:
                continue
            if evaluation.edge_labels is None:
                self._writer.add_histogram(f"{part}/attention", evaluation.edge_attention, epoch)
                continue
            signal = evaluation.edge_labels == 1
            for name, edges in (("signal", signal), ("background", ~signal)):
                if edges.any():
                    self._writer.add_histogram(f"{part}/attention_{name}", evaluation.edge_attention[edges], epoch)

    def add_figures(self, figures: Mapping[str, Figure], epoch: int) -> None:
        """Adds figures by name, after the run as well as during it."""
        with SummaryWriter(self._folder, filename_suffix=".figures") as writer:
            for name, figure in figures.items():
                # The writer's own way to add figures draws them with pyplot, which is slow to import.
                canvas = FigureCanvasAgg(figure)
                canvas.draw()
                writer.add_image(name, np.asarray(canvas.buffer_rgba())[..., :3], epoch, dataformats="HWC")

    def on_end(self):
        self._writer.close()
