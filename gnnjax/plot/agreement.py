"""Whether two heads, or two layers, attend alike."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

__all__ = ["agreement_plot"]

_MAX_POINTS, _SQUARES, _DECADES, _COLUMNS = 3000, 70, 7, 4


def agreement_plot(
    pairs: Mapping[str, tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]],
    *,
    xlabel: str = "attention of head 1",
    ylabel: str = "attention of head 2",
) -> Figure:
    """Paired entries of two attention matrices against each other on logarithmic scales, one panel per pair.

    Up to 3,000 entries are drawn as points, more as counts in squares. Entries of 0 and those below the scale, which
    spans at most seven decades, stand at its lower end; those that are 0 in both are left out. The dotted line is where
    both are equal. Each title tells Pearson's correlation, of all entries.

    Args:
      pairs: titles to two arrays of one shape each: the entries to compare, such as whole matrices or the entries on
        edges, not negative.
      xlabel: of the first of each pair.
      ylabel: of the second.

    Raises:
      ValueError: there is no pair, its arrays differ in shape, are empty, negative or not finite.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import plot
      >>> head = np.array([[0.5, 0.5], [0.25, 0.75]])
      >>> figure = plot.agreement_plot({"layer 1": (head, head)})
      >>> figure.axes[0].get_title()
      'layer 1, r = 1.000'
    """
    if not pairs:
        raise ValueError("pairs is empty: give at least one")
    columns = min(len(pairs), _COLUMNS)
    rows = -(-len(pairs) // columns)
    figure = Figure(figsize=(3.4 * columns, 3.3 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(pairs) :]:
        axes.set_axis_off()
    for axes, (title, (first, second)) in zip(grid.flat, pairs.items(), strict=False):
        if first.shape != second.shape or not first.size:
            raise ValueError(f"{title}: compares arrays of shape {list(first.shape)} and {list(second.shape)}")
        if not all((each >= 0).all() and np.isfinite(each).all() for each in (first, second)):
            raise ValueError(f"{title}: has entries that are negative or not finite; attention is neither")
        _draw(axes, first.ravel(), second.ravel())
        name = f"{title}, " if title else ""
        axes.set_title(f"{name}{_correlation(first.ravel(), second.ravel())}", fontsize=10, parse_math=False)
        axes.set(xlabel=xlabel, ylabel=ylabel)
    return figure


def _correlation(first: np.ndarray, second: np.ndarray) -> str:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return "r undefined"
    # Not numpy.corrcoef, which needs twice the memory: there may be n^2 entries.
    first, second = first - first.mean(dtype=np.float64), second - second.mean(dtype=np.float64)
    return f"r = {first @ second / np.sqrt((first @ first) * (second @ second)):.3f}"


def _draw(axes: Axes, first: np.ndarray, second: np.ndarray) -> None:
    drawn = (first > 0) | (second > 0)
    first, second = first[drawn], second[drawn]
    top = max(float(first.max(initial=0)), float(second.max(initial=0))) or 1.0
    low = min(float(each[each > 0].min(initial=top)) for each in (first, second))
    # Half a decade of margin, where what is 0 has its place.
    bottom = max(low, top / 10**_DECADES) / 10**0.5
    ends = (bottom, top * 10**0.15)
    if len(first) <= _MAX_POINTS:
        places = np.maximum(first, bottom), np.maximum(second, bottom)
        axes.scatter(*places, s=6, color="#0b5fa5", alpha=0.4, linewidths=0, zorder=2, clip_on=False)
    else:
        edges = np.geomspace(*ends, _SQUARES + 1)
        column, row = _place(first, ends), _place(second, ends)
        counts = np.bincount(row * _SQUARES + column, minlength=_SQUARES**2).reshape(_SQUARES, _SQUARES)
        mesh = axes.pcolormesh(
            edges, edges, np.ma.masked_equal(counts, 0), cmap="viridis_r", norm=LogNorm(0.7, counts.max())
        )
        bar = axes.figure.colorbar(mesh, ax=axes, shrink=0.8)
        bar.ax.tick_params(labelsize=7)
        bar.set_label("entries", fontsize=8)
    axes.plot(ends, ends, color="#333333", linewidth=0.8, linestyle=":", zorder=3)
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=7)


def _place(values: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    """In which of the squares between the ends each value lies."""
    low, high = np.log(ends)
    steps = (np.log(np.maximum(values, ends[0])) - low) * (_SQUARES / (high - low))
    return np.clip(steps.astype(np.int32), 0, _SQUARES - 1)
