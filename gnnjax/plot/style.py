"""Colours, and how the attention of an edge shows."""

import dataclasses

import numpy as np
from matplotlib.colors import to_rgb

__all__ = ["ATTENTION", "TRUTH", "EdgeStyle"]

ATTENTION, TRUTH = "#0b5fa5", "#c1272d"


@dataclasses.dataclass(frozen=True)
class EdgeStyle:
    """Lines that grow wider and more opaque with the attention, on a scale that is the same for every graph.

    Attributes:
      widths: in points, at attention 0 and 1.
      opacities: at attention 0 and 1.
      power: of the attention, in between; more than 1 where edges are many and only the strongest should stand out.
    """

    widths: tuple[float, float] = (0.6, 4.0)
    opacities: tuple[float, float] = (0.25, 1.0)
    power: float = 1.0

    def width(self, attention: np.ndarray) -> np.ndarray:
        """`[edges]`, line widths in points."""
        return self._between(self.widths, attention)

    def color(self, attention: np.ndarray, color: str) -> np.ndarray:
        """`[edges, 4]`, `color` with the opacity of each edge."""
        opacity = self._between(self.opacities, attention)
        return np.column_stack([np.tile(to_rgb(color), (len(opacity), 1)), opacity])

    def _between(self, ends: tuple[float, float], attention: np.ndarray) -> np.ndarray:
        return ends[0] + (ends[1] - ends[0]) * np.clip(attention, 0, 1) ** self.power
