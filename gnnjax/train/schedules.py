"""What changes from epoch to epoch: the prior of the attention, and the learning rate."""

import dataclasses
import math
from collections.abc import Sequence

__all__ = ["Plateau", "RSchedule"]


@dataclasses.dataclass(frozen=True)
class RSchedule:
    """Steps of r, the prior probability of keeping an edge: from `init` down by `decay` every `interval` epochs.

    Attributes:
      init: r of the first epochs, in (0, 1].
      final: the smallest r, in (0, 1].
      decay: size of a step.
      interval: epochs between steps.

    Raises:
      ValueError: a value is out of its range.

    Source: the published code of Miao et al., ICML 2022 (arXiv 2201.12987). `RSchedule(init=r, final=r)` keeps r fixed.

    Examples:
      >>> from gnnjax import train
      >>> r = train.RSchedule()
      >>> [round(r(epoch), 1) for epoch in (0, 9, 10, 20, 40, 90)]
      [0.9, 0.9, 0.8, 0.7, 0.5, 0.5]
      >>> r.is_final(39), r.is_final(40)
      (False, True)
    """

    init: float = 0.9
    final: float = 0.5
    decay: float = 0.1
    interval: int = 10

    def __post_init__(self):
        if not 0 < self.final <= self.init <= 1:
            raise ValueError(f"r must fall within (0, 1], got init={self.init}, final={self.final}")
        if self.decay < 0 or self.interval < 1:
            raise ValueError(f"decay={self.decay} must not be negative, interval={self.interval} at least 1")

    def __call__(self, epoch: int) -> float:
        """r in a 0-based epoch."""
        return max(self.init - (epoch // self.interval) * self.decay, self.final)

    def is_final(self, epoch: int) -> bool:
        """Whether r has reached its last value."""
        return self(epoch) - self.final < 1e-9


@dataclasses.dataclass(frozen=True)
class Plateau:
    """Lowers the learning rate when a metric has stopped improving, in the conventions of PyTorch's ReduceLROnPlateau.

    Attributes:
      patience: epochs without improvement that are put up with.
      factor: what the learning rate is then multiplied by, in (0, 1).
      threshold: the improvement that counts, relative to the best value so far, at least 0.

    Raises:
      ValueError: a value is out of its range.

    Examples:
      >>> from gnnjax import train
      >>> plateau = train.Plateau(patience=1, factor=0.5)
      >>> [plateau.scale(accuracies) for accuracies in ([0.7, 0.8], [0.7, 0.8, 0.8], [0.7, 0.8, 0.8, 0.8])]
      [1.0, 1.0, 0.5]
    """

    patience: int = 10
    factor: float = 0.1
    threshold: float = 1e-4

    def __post_init__(self):
        if self.patience < 0 or not 0 < self.factor < 1 or self.threshold < 0:
            raise ValueError(f"{self}: patience and threshold must not be negative, factor within (0, 1)")

    def scale(self, metrics: Sequence[float]) -> float:
        """The product of all reductions after epochs with these values of the metric: nothing else to remember.

        Args:
          metrics: more is better; of a metric of which less is better, its negative.
        """
        scale, best, waited = 1.0, -math.inf, 0
        for metric in metrics:
            margin = -self.threshold if -math.inf < best < 0 else self.threshold
            if metric > best * (1 + margin):
                best, waited = metric, 0
            else:
                waited += 1
            if waited > self.patience:
                scale, waited = scale * self.factor, 0
        return scale
