"""Graphs of an evaluated split, explained."""

import textwrap
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gnnjax.data import GraphDataset, Kind
from gnnjax.plot.graph import GRAPH_STYLE, draw_attention
from gnnjax.plot.molecule import MOLECULE_STYLE, draw_molecule
from gnnjax.plot.sentence import SENTENCE_STYLE, draw_sentence
from gnnjax.plot.style import ATTENTION, TRUTH, EdgeStyle
from gnnjax.plot.superpixels import SUPERPIXEL_STYLE, draw_superpixels
from gnnjax.train import Evaluation

__all__ = ["explained_graphs"]


class _Panel(NamedTuple):
    """How graphs of a kind are drawn: by what, in which style, how large (inches), how many side by side.

    `needs` is the field of the dataset without which they are drawn as just nodes and edges.
    """

    draw: Callable[..., None]
    style: EdgeStyle
    needs: str
    width: float
    height: float
    columns: int
    title: Literal["left", "center"] = "center"


_PANELS: dict[Kind, _Panel] = {
    "graph": _Panel(draw_attention, GRAPH_STYLE, "nodes", 2.9, 2.7, 4),
    "molecule": _Panel(draw_molecule, MOLECULE_STYLE, "node_names", 3.3, 3.0, 4),
    "sentence": _Panel(draw_sentence, SENTENCE_STYLE, "node_names", 7.2, 1.0, 1, "left"),
    "image": _Panel(draw_superpixels, SUPERPIXEL_STYLE, "node_positions", 2.6, 2.6, 5),
}
_TITLE_HEIGHT = 0.27


def explained_graphs(
    dataset: GraphDataset,
    indices: Sequence[int],
    evaluation: Evaluation,
    *,
    positions: Sequence[int],
    titles: Sequence[str],
) -> Figure:
    """Some graphs of an evaluated split: learned attention above and, if known, the true signal edges below.

    They are drawn as `dataset.kind` says: by `draw_attention`, `draw_molecule`, `draw_sentence` or `draw_superpixels`.

    Args:
      dataset: where the graphs are.
      indices: the graph indices that were evaluated, in that order.
      evaluation: what `train.evaluate` returned for them.
      positions: which of `indices` to draw.
      titles: one per drawn graph.

    Returns:
      A figure whose axes hold, for each row of graphs, the attention on each and then the truth of each.

    Raises:
      ValueError: there is nothing to draw, or not one title per graph.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data, plot, train
      >>> triangle = data.from_arrays([np.ones((3, 1))], [([0, 1, 2], [1, 2, 0])], [1], undirected=True)
      >>> attention = np.array([0.9, 0.1, 0.3, 0.9, 0.1, 0.3])
      >>> evaluation = train.Evaluation({}, np.array([[2.0]]), triangle.labels, attention, None, triangle.n_edge)
      >>> figure = plot.explained_graphs(triangle, [0], evaluation, positions=[0], titles=["logit 2"])
      >>> figure.axes[0].get_title()
      'logit 2'
    """
    if not len(positions) or len(positions) != len(titles):
        raise ValueError(f"needs one title per graph and a graph at least, got {len(titles)} for {len(positions)}")
    panel = _PANELS[dataset.kind]
    if getattr(dataset, panel.needs) is None:
        panel = _PANELS["graph"]
    columns = min(len(positions), panel.columns)
    parts = 1 if dataset.edge_labels is None else 2
    rows = parts * -(-len(positions) // columns)
    figure = Figure((panel.width * columns, (panel.height + _TITLE_HEIGHT) * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    _add_legend(figure, panel.style)

    drawn: list[tuple[Axes, int, np.ndarray, str]] = []
    for place, (position, title) in enumerate(zip(positions, titles, strict=True)):
        row, column = parts * (place // columns), place % columns
        index = int(indices[position])
        axes = grid[row, column]
        axes.set_title(_fit(title, panel.width), fontsize=9, loc=panel.title, parse_math=False)
        drawn.append((axes, index, evaluation.attention_of(position), ATTENTION))
        if dataset.edge_labels is not None:
            axes = grid[row + 1, column]
            truth = dataset.edge_labels[dataset.edge_slice(index)].astype(float)
            caption = "true signal edges" if truth.any() else "no true signal edges"
            axes.set_title(caption, fontsize=9, loc=panel.title)
            drawn.append((axes, index, truth, TRUTH))
    # The drawings adapt to the size of the axes.
    figure.draw_without_rendering()
    for axes, index, values, color in drawn:
        panel.draw(axes, dataset, index, values, color=color)
    if panel.draw is draw_sentence:
        _set_heights(figure, grid[:, 0])
    return figure


def _set_heights(figure: Figure, column: np.ndarray) -> None:
    """Gives each sentence the height that it needs, and the figure what titles and legend need besides."""
    others = figure.get_figheight() - sum(axes.get_window_extent().height for axes in column) / figure.dpi
    heights = [axes.get_ylim()[1] / 72 for axes in column]
    column[0].get_gridspec().set_height_ratios(heights)
    figure.set_figheight(sum(heights) + others)


def _fit(title: str, width: float) -> str:
    """Breaks a title into lines that fit into `width` inches."""
    return "\n".join(textwrap.fill(line, int(13 * width)) for line in title.splitlines())


def _add_legend(figure: Figure, style: EdgeStyle) -> None:
    values = np.array([0.25, 0.5, 0.75, 1.0])
    colors = style.color(values, ATTENTION)
    values, colors = values[colors[:, 3] > 0.1], colors[colors[:, 3] > 0.1]
    lines = [
        Line2D([], [], linewidth=width, color=color) for width, color in zip(style.width(values), colors, strict=True)
    ]
    first, *others = (f"{value:g}" for value in values)
    labels = [f"edge attention {first}", *others]
    figure.legend(lines, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=8)
