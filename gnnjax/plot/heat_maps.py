"""Attention, adjacency and quasi-adjacency matrices as heat maps."""

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse
from jaxtyping import Float, Integer
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, PercentFormatter

__all__ = ["heat_maps", "pool_blocks"]

Matrix = np.ndarray | scipy.sparse.csr_array

_MAX_BLOCKS = 300
_DECADES = 3.0
_VALUES, _SHARES, _LINES = "YlGnBu", "Greys", "#c1272d"


def heat_maps(
    rows: Mapping[str, Mapping[str, Matrix]],
    labels: Integer[np.ndarray, " nodes"],
    *,
    class_names: Sequence[str] | None = None,
) -> Figure:
    """Matrices between the nodes of a graph side by side, one row of panels per model, nodes sorted by class.

    Row = query and column = key. Matrices of numbers have a logarithmic colour scale that ends at the 99.9th percentile
    of what is drawn and spans three decades, so that a few outliers do not hide the rest. Boolean matrices are shown as
    the share of entries that are set; in a small graph they are just black and white. Where there are more nodes than
    can be told apart, a pixel stands for a block of entries, of which it shows the largest, or the share that is set.

    Args:
      rows: titles of rows (such as models) to titles of panels to `[nodes, nodes]` matrices, dense or sparse, not
        negative; boolean ones (adjacency, quasi-adjacency) in black, others (attention) in colour.
      labels: class of each node, from 0.
      class_names: one per class, instead of numbers.

    Returns:
      A figure with one image per matrix, row by row, and a colour bar each.

    Raises:
      ValueError: there is no matrix, or one does not fit the labels, is negative or not finite.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import plot
      >>> attention = np.array([[0.9, 0.1], [0.2, 0.8]])
      >>> figure = plot.heat_maps({"GT": {"attention": attention, "largest": attention > 0.5}}, np.array([0, 1]))
      >>> [axes.get_title() for axes in figure.axes if axes.images]
      ['GT: attention', 'GT: largest']
    """
    if not rows or not all(rows.values()):
        raise ValueError("rows is empty: give at least one matrix per row")
    columns = max(map(len, rows.values()))
    figure = Figure(figsize=(3.9 * columns, 3.45 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes_of_row, (row, panels) in zip(grid, rows.items(), strict=True):
        for axes in axes_of_row[len(panels) :]:
            axes.set_axis_off()
        for axes, (title, matrix) in zip(axes_of_row, panels.items(), strict=False):
            if matrix.shape != (len(labels), len(labels)):
                raise ValueError(
                    f"{row}, {title}: has shape {list(matrix.shape)}, but there are labels of {len(labels)} nodes"
                )
            values = matrix if isinstance(matrix, np.ndarray) else matrix.data
            # Written so that NaN, which is the smallest of all, fails too.
            if values.size and not (values.min() >= 0 and values.max() < np.inf):
                raise ValueError(f"{row}, {title}: has entries that are negative or not finite; attention is neither")
            _draw(axes, matrix, labels, class_names)
            axes.set_title(f"{row}: {title}" if row else title, fontsize=10, parse_math=False)
    return figure


def pool_blocks(matrix: Matrix, order: Integer[np.ndarray, " nodes"], size: int) -> Float[np.ndarray, "blocks blocks"]:
    """Sorts the rows and columns of a matrix and joins `size` by `size` entries, the last blocks being smaller.

    Args:
      matrix: `[nodes, nodes]`, dense or sparse, not negative.
      order: `order[i]` is the node that comes to place i.
      size: of the blocks, at least 1.

    Returns:
      The largest entry of each block or, of a boolean matrix, the share of entries that are set.
    """
    starts = np.arange(0, len(order), size)
    boolean = matrix.dtype == bool
    pooled = np.zeros((len(starts), len(starts)))
    if scipy.sparse.issparse(matrix):
        block = np.empty(len(order), np.int64)
        block[order] = np.arange(len(order)) // size
        entries = scipy.sparse.coo_array(matrix)
        entries.sum_duplicates()
        (np.add if boolean else np.maximum).at(pooled, (block[entries.row], block[entries.col]), entries.data)
    else:
        # Row by row of blocks: a sorted copy of a large matrix may not fit.
        for place, start in enumerate(starts):
            stripe = matrix[order[start : start + size]]
            stripe = stripe.sum(axis=0) if boolean else stripe.max(axis=0)
            pooled[place] = (np.add if boolean else np.maximum).reduceat(stripe[order], starts)
    if boolean:
        sizes = np.diff(np.append(starts, len(order)))
        pooled /= np.outer(sizes, sizes)
    return pooled


def _draw(axes: Axes, matrix: Matrix, labels: np.ndarray, class_names: Sequence[str] | None) -> None:
    nodes = len(labels)
    size = -(-nodes // _MAX_BLOCKS)
    order = np.argsort(labels, kind="stable")
    pooled = pool_blocks(matrix, order, size)
    boolean = matrix.dtype == bool
    norm = _share_scale(size) if boolean else _value_scale(pooled[pooled > 0])
    image = axes.imshow(
        np.ma.masked_equal(pooled, 0),
        cmap=_SHARES if boolean else _VALUES,
        norm=norm,
        # Blocks at the end may be smaller, and so lie partly beyond the limits of the axes.
        extent=(0, len(pooled) * size, len(pooled) * size, 0),
        interpolation="nearest",
    )
    axes.set(xlim=(0, nodes), ylim=(nodes, 0), xlabel="key", ylabel="query")
    _mark_classes(axes, labels, class_names)
    if boolean and size == 1:
        return
    colors = axes.figure.colorbar(image, ax=axes, shrink=0.85, extend="neither" if boolean else "both")
    colors.ax.tick_params(labelsize=7)
    if boolean:
        colors.ax.set_ylim(1 / size**2, 1)
        colors.ax.yaxis.set_major_formatter(PercentFormatter(1))
    label = "entries set in a block" if boolean else "entry" if size == 1 else "largest entry of a block"
    colors.set_label(label, fontsize=8)


def _value_scale(values: np.ndarray) -> LogNorm:
    """Ends at the 99.9th percentile of what is drawn, and begins with the least, if that is in reach."""
    top = float(np.quantile(values, 0.999)) if len(values) else 1.0
    # A scale needs two different ends, also where all values are the same.
    return LogNorm(min(max(float(values.min(initial=top)), top / 10**_DECADES), top / 2), top)


def _share_scale(size: int) -> LogNorm:
    """On which a single entry in a block is half as dark as a full block, and so stays visible."""
    return LogNorm(min(size**-4, 0.5), 1)


def _mark_classes(axes: Axes, labels: np.ndarray, class_names: Sequence[str] | None) -> None:
    """Lines between classes, and names beside all but those too small for one."""
    classes, counts = np.unique(labels, return_counts=True)
    ends = np.cumsum(counts)
    for end in ends[:-1]:
        axes.axhline(end, color=_LINES, linewidth=0.5)
        axes.axvline(end, color=_LINES, linewidth=0.5)
    named = counts >= 0.05 * len(labels)
    middles = (ends - counts / 2)[named]
    names = [str(each) if class_names is None else class_names[each] for each in classes[named]]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(FixedLocator(middles.tolist()))
        axis.set_ticklabels(names)
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    axes.tick_params(length=0, labelsize=7)
