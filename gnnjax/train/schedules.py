"""How much information the attention may pass, epoch by epoch."""

import dataclasses

__all__ = ["RSchedule"]


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
