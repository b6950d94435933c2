"""How predictions change as attention is deleted, or inserted."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter

from gnnjax.explain.deletion_curves import DeletionCurve, DeletionMeasure, DeletionOrder

__all__ = ["deletion_plot"]

_STYLE: dict[DeletionOrder, dict] = {
    "largest_first": {"color": "#c1272d", "marker": "o"},
    "smallest_first": {"color": "#0b5fa5", "marker": "s"},
    "random": {"color": "#6b6b6b", "marker": "", "linestyle": "--"},
}
_LABELS: dict[DeletionMeasure, str] = {
    "accuracy": "accuracy",
    "changed": "changed predictions",
    "total_variation": "total-variation distance",
}
_TICKS = (0, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1)


def deletion_plot(
    curves: Mapping[str, Mapping[DeletionOrder, DeletionCurve]],
    measures: Sequence[DeletionMeasure] = ("accuracy", "changed"),
    *,
    xlabel: str = "entries deleted",
) -> Figure:
    """A measure against the fraction of entries deleted, the largest first, the smallest first, and at random.

    One column of panels per title, one row per measure. Lines are means over draws, and the band around the random one
    reaches one standard deviation to each side. The legend tells the area under each curve; it is not the area seen,
    since the scale of the fractions widens both ends, where small steps matter (it is that of the arcsine of the root).

    Args:
      curves: titles, such as models, to the curves of `deletion_curves`.
      measures: what to show.
      xlabel: what the fractions are of.

    Raises:
      ValueError: there are no curves or measures, or one is not known.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain, plot
      >>> accuracy, rest = np.array([[0.9, 0.8, 0.2]]), np.zeros((1, 3))
      >>> curve = explain.DeletionCurve(np.array([0.0, 0.5, 1.0]), accuracy, changed=rest, total_variation=rest)
      >>> figure = plot.deletion_plot({"GT": {"largest_first": curve}}, ["accuracy"])
      >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
      ['largest first (0.675)']
    """
    if not curves or not all(curves.values()) or not measures:
        raise ValueError("curves or measures are empty: give at least one of each")
    unknown = [measure for measure in measures if measure not in _LABELS]
    if unknown:
        raise ValueError(f"measure {unknown[0]!r} is not known; there are {', '.join(_LABELS)}")
    figure = Figure(figsize=(4.2 * len(curves), 3.3 * len(measures)), layout="constrained")
    grid = figure.subplots(len(measures), len(curves), squeeze=False, sharey="row")
    for column, (title, of_title) in zip(grid.T, curves.items(), strict=True):
        column[0].set_title(title, pad=18, parse_math=False)
        column[-1].set_xlabel(f"{xlabel} (%)")
        for axes, measure in zip(column, measures, strict=True):
            _draw(axes, of_title, measure)
    for axes, measure in zip(grid[:, 0], measures, strict=True):
        axes.set_ylabel(_LABELS[measure])
    return figure


def _draw(axes: Axes, curves: Mapping[DeletionOrder, DeletionCurve], measure: DeletionMeasure) -> None:
    for order, curve in curves.items():
        values = getattr(curve, measure)
        mean, std = values.mean(0), values.std(0)
        label = f"{order.replace('_', ' ')} ({curve.area(measure).mean():.3f})"
        axes.plot(curve.fractions, mean, label=label, markersize=3, linewidth=1.4, **_STYLE[order])
        if order == "random":
            color = _STYLE[order]["color"]
            axes.fill_between(curve.fractions, mean - std, mean + std, color=color, alpha=0.2, linewidth=0)
    axes.set_xscale("function", functions=(_widen, _narrow))
    axes.xaxis.set_major_locator(FixedLocator(_TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=None))
    axes.tick_params(labelsize=8)
    # Above the axes, where it hides nothing.
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        borderpad=0,
        frameon=False,
        fontsize=7,
        ncols=len(curves),
        columnspacing=1,
        handlelength=1.5,
    )


def _widen(fractions: np.ndarray) -> np.ndarray:
    return np.arcsin(np.sqrt(np.clip(fractions, 0, 1)))


def _narrow(angles: np.ndarray) -> np.ndarray:
    return np.sin(np.clip(angles, 0, np.pi / 2)) ** 2
