"""How far attention reaches."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

__all__ = ["hop_plot"]

_COLORS = ("#0b5fa5", "#d98b1f", "#3f8f4f", "#8a3f8f", "#c1272d", "#5f6b73")


def hop_plot(
    attention: Mapping[str, Float[np.ndarray, "samples hops"]],
    hops: Sequence[int],
    *,
    ylabel: str = "mean attention per entry",
    log: bool = True,
    expected: Mapping[str, Float[np.ndarray, " nodes"]] | None = None,
    labels: Integer[np.ndarray, " nodes"] | None = None,
    class_names: Sequence[str] | None = None,
) -> Figure:
    """Attention at each distance, one line per model, and how far nodes look on average, class by class.

    The line is the mean over samples (nodes, heads or runs), the band around it reaches from the 10th to the 90th
    percentile. Nodes to which no path leads stand apart, on the right.

    Args:
      attention: models to attention at each distance; NaN where a sample has none, as a node without nodes so far away.
      hops: the distances, 0 = the node itself, -1 = no path.
      ylabel: what is shown, as a share or a mean.
      log: whether the scale is logarithmic; it then leaves out zeros.
      expected: models to the expected hop distance of each node; adds a panel of boxes (quartiles, whiskers from the
        5th to the 95th percentile).
      labels: class of each node, from 0; needed for `expected`.
      class_names: one per class, instead of numbers.

    Raises:
      ValueError: there is no model, or the arrays do not fit `hops` or `labels`.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import plot
      >>> figure = plot.hop_plot({"GT": np.array([[0.6, 0.3, 0.1], [0.8, 0.1, 0.1]])}, [0, 1, 2])
      >>> figure.axes[0].lines[0].get_ydata().round(2).tolist()
      [0.7, 0.2, 0.1]
    """
    if not attention:
        raise ValueError("attention is empty: give at least one model")
    for model, values in attention.items():
        if values.ndim != 2 or values.shape[1] != len(hops):
            raise ValueError(f"{model}: attention has shape {list(values.shape)}, but there are {len(hops)} hops")
    figure = Figure(figsize=(5.2 if expected is None else 10.4, 3.6), layout="constrained")
    panels = figure.subplots(1, 1 if expected is None else 2, squeeze=False)[0]
    colors = {model: _COLORS[place % len(_COLORS)] for place, model in enumerate({**attention, **(expected or {})})}
    _draw_lines(panels[0], attention, np.asarray(hops), colors)
    panels[0].set(ylabel=ylabel, xlabel="hops from query to key")
    if log:
        panels[0].set_yscale("log", nonpositive="mask")
    if expected is not None:
        if labels is None:
            raise ValueError("labels are needed to show the expected hop distance of each class")
        for model, values in expected.items():
            if values.shape != labels.shape:
                raise ValueError(f"{model}: expected has shape {list(values.shape)}, labels {list(labels.shape)}")
        _draw_boxes(panels[1], expected, labels, class_names, colors)
    return figure


def _draw_lines(axes: Axes, attention: Mapping[str, np.ndarray], hops: np.ndarray, colors: Mapping[str, str]) -> None:
    order = np.argsort(np.where(hops < 0, np.inf, hops), kind="stable")
    hops = hops[order]
    reached = hops >= 0
    # Apart from the rest, as no line leads there.
    places = np.where(reached, hops, 1.08 * hops.max() + 1)
    for model, unordered in attention.items():
        values = unordered[:, order]
        # A distance at which no sample has nodes is left out.
        known = ~np.isnan(values).all(axis=0)
        mean = np.full(len(hops), np.nan)
        mean[known] = np.nanmean(values[:, known], axis=0)
        spread = np.full((2, len(hops)), np.nan)
        spread[:, known] = np.nanquantile(values[:, known], [0.1, 0.9], axis=0)
        color = colors[model]
        axes.plot(places[reached], mean[reached], color=color, marker="o", markersize=4, linewidth=1.4, label=model)
        axes.fill_between(places[reached], *spread[:, reached], color=color, alpha=0.15, linewidth=0)
        for place, middle, (low, high) in zip(places[~reached], mean[~reached], spread.T[~reached], strict=True):
            axes.plot([place], [middle], color=color, marker="o", markersize=4)
            axes.plot([place, place], [low, high], color=color, alpha=0.3, linewidth=5, solid_capstyle="butt")
    names = np.where(reached, hops.astype(str), "no\npath")
    # Where there are many distances, every second or third has its number.
    step = -(-int(reached.sum()) // 12)
    shown = [place for place in range(len(hops)) if not reached[place] or place % step == 0]
    axes.set_xticks(places[shown], names[shown])
    _add_legend(axes, *axes.get_legend_handles_labels())


def _draw_boxes(
    axes: Axes,
    expected: Mapping[str, np.ndarray],
    labels: np.ndarray,
    class_names: Sequence[str] | None,
    colors: Mapping[str, str],
) -> None:
    classes = np.unique(labels)
    width = 0.8 / len(expected)
    for place, (model, values) in enumerate(expected.items()):
        boxes = axes.boxplot(
            [values[(labels == each) & ~np.isnan(values)] for each in classes],
            positions=np.arange(len(classes)) + (place - (len(expected) - 1) / 2) * width,
            widths=0.8 * width,
            whis=(5, 95),
            showfliers=False,
            patch_artist=True,
            manage_ticks=False,
            medianprops={"color": "black", "linewidth": 1},
        )
        for box in boxes["boxes"]:
            box.set(facecolor=colors[model], alpha=0.6, linewidth=0.6)
        for line in (*boxes["whiskers"], *boxes["caps"]):
            line.set(color=colors[model], linewidth=0.8)
    counts = [int((labels == each).sum()) for each in classes]
    names = [str(each) if class_names is None else class_names[each] for each in classes]
    axes.set_xticks(
        np.arange(len(classes)), [f"{name}\n({count:,})" for name, count in zip(names, counts, strict=True)]
    )
    axes.set(xlabel="class (nodes)", ylabel="expected hop distance")
    _add_legend(axes, [Patch(facecolor=colors[model], alpha=0.6) for model in expected], list(expected))


def _add_legend(axes: Axes, handles: Sequence[Artist], names: Sequence[str]) -> None:
    """Above the axes, where it hides nothing."""
    axes.legend(
        handles,
        names,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        borderpad=0,
        frameon=False,
        fontsize=8,
        ncols=len(names),
    )
