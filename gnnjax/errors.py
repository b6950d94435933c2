"""The errors that gnnjax raises for input it cannot use; each message names the culprit and the remedy."""

import functools

__all__ = ["CheckpointError", "DataError", "GnnjaxError", "MemoryLimitError", "NonFiniteLossError", "RunError"]


class GnnjaxError(Exception):
    """Base of all errors of this library."""


class DataError(GnnjaxError, ValueError):
    """A data file or dataset does not hold what it must; names the file, the graph and the field."""


class CheckpointError(GnnjaxError, ValueError):
    """Weights do not fit the model that is to receive them."""


class RunError(GnnjaxError, ValueError):
    """A run cannot start as asked: unusable settings, or a folder that holds another run's results."""


class MemoryLimitError(GnnjaxError, MemoryError):
    """What is asked for does not fit in memory; says how much it needs and what to use instead."""


class NonFiniteLossError(GnnjaxError, FloatingPointError):
    """Training met a loss or gradient that is not finite.

    Attributes:
      epoch: 0-based epoch of the first such step.
      step: 0-based step within that epoch.
    """

    def __init__(self, message: str, *, epoch: int, step: int):
        super().__init__(message)
        self.epoch = epoch
        self.step = step

    def __reduce__(self):
        """Errors pass between processes, where their keyword arguments would be forgotten."""
        return functools.partial(type(self), epoch=self.epoch, step=self.step), self.args
