"""What training tells those who watch it."""

from typing import Any

from gnnjax.train.evaluation import Evaluation

__all__ = ["Callback"]


class Callback:
    """Base of everything that follows a run; each method does nothing until it is overridden.

    Examples:
      >>> from gnnjax import train
      >>> class Printer(train.Callback):
      ...     def on_epoch(self, entry, evaluations):
      ...         print(entry["epoch"], entry["valid"]["accuracy"])
      >>> printer = Printer()  # For train.fit(..., callbacks=[printer]), which then calls it so:
      >>> printer.on_epoch({"epoch": 3, "valid": {"accuracy": 0.75}}, {})
      3 0.75
    """

    def on_start(self, first_epoch: int, epochs: int, steps_per_epoch: int) -> None:
        """Before the first epoch of this process, which is not 0 in a resumed run."""

    def on_step(self, steps_done: int) -> None:
        """After each training step, with the number of steps done in this epoch."""

    def on_epoch(self, entry: dict[str, Any], evaluations: dict[str, Evaluation]) -> None:
        """After each epoch, with its entry of `FitResult.history` and the full results per split part."""

    def on_end(self) -> None:
        """When the run stops, be it finished or by an error."""
