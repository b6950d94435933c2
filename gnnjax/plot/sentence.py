"""A sentence as words under arcs."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.path import Path

from gnnjax.data import GraphDataset
from gnnjax.plot.arcs import Piece, arc_feet, arc_levels, arc_pieces, wrap_words
from gnnjax.plot.edges import merge_edges
from gnnjax.plot.names import node_names
from gnnjax.plot.style import ATTENTION, EdgeStyle

__all__ = ["SENTENCE_STYLE", "draw_sentence"]

SENTENCE_STYLE = EdgeStyle(widths=(0.5, 2.6), opacities=(0.18, 1.0))
_SHADE = EdgeStyle(opacities=(0.0, 0.45))

# Lengths in points.
_FONT_SIZE, _WORD_GAP, _FEET_GAP = 9.0, 8.0, 4.5
_BELOW, _FOOT, _ABOVE = 5.0, 11.0, 6.0  # under the base line, from there to the feet of arcs, over the arcs
_FIRST_LEVEL, _LEVEL, _MOST_LEVELS = 8.0, 6.5, 12  # heights of arcs; more levels are squeezed
_CORNER = 6.0


def draw_sentence(
    axes: Axes, dataset: GraphDataset, index: int, edge_attention: np.ndarray, *, color: str = ATTENTION
) -> None:
    """Writes the words in node order, with arcs as wide and opaque as their attention over them.

    Words are shaded by the largest attention of their edges. Arcs end in arrowheads at the receiver unless the graph is
    symmetric; then one arc stands for both directions, with their mean attention. What does not fit into the width of
    the axes goes on in further rows; arcs between rows leave at the right margin and come back at the left one. The
    upper limit of the y axis is the height, in points, that this should have.

    Args:
      axes: where to draw; the words are set for the width that it has now.
      dataset: holds the sentence; its node names are words.
      index: which graph.
      edge_attention: `[edges]` in [0, 1].
      color: of the arcs and of the shade.

    Raises:
      ValueError: `edge_attention` does not hold one value per edge, or the dataset has no node names.

    Examples:
      >>> import numpy as np
      >>> from matplotlib.figure import Figure
      >>> from gnnjax import data, plot
      >>> words = data.from_arrays(
      ...     [np.ones((3, 1))], [([0, 1], [1, 2])], [1], node_names=[["not", "bad", "!"]], kind="sentence"
      ... )
      >>> axes = Figure().subplots()
      >>> plot.draw_sentence(axes, words, 0, np.array([0.9, 0.1]))
      >>> [text.get_text() for text in axes.texts]
      ['not', 'bad', '!']
    """
    ends, attention, directed = merge_edges(dataset[index], edge_attention)
    texts = [
        axes.text(0, 0, word, fontsize=_FONT_SIZE, ha="center", va="baseline", parse_math=False, in_layout=False)
        for word in node_names(dataset, index)
    ]
    points = 72 / axes.figure.dpi
    num_feet = np.bincount(ends.ravel(), minlength=len(texts))
    widths = np.maximum([text.get_window_extent().width * points for text in texts], num_feet * _FEET_GAP)
    rows, centers, width = wrap_words(widths, axes.get_window_extent().width * points, _WORD_GAP)
    feet = arc_feet(ends, centers, _FEET_GAP)
    pieces = arc_pieces(ends, feet, rows, width)
    levels = arc_levels(pieces)

    num_levels = np.zeros(rows[-1] + 1, int)
    np.maximum.at(num_levels, [piece.row for piece in pieces], levels)
    arc_heights = _FIRST_LEVEL + _LEVEL * (np.minimum(num_levels, _MOST_LEVELS) - 1)
    row_heights = _BELOW + _FOOT + np.where(num_levels > 0, arc_heights, 0) + _ABOVE
    base_lines = np.cumsum(row_heights[::-1])[::-1] - row_heights + _BELOW

    strongest = np.zeros(len(texts))
    np.maximum.at(strongest, ends, attention[:, None])
    for text, row, center, shade in zip(texts, rows, centers, _SHADE.color(strongest, color), strict=True):
        text.set_position((center, base_lines[row]))
        text.set_bbox({"boxstyle": "round,pad=0.18", "facecolor": shade, "edgecolor": "none"})

    line_widths, colors = SENTENCE_STYLE.width(attention), SENTENCE_STYLE.color(attention, color)
    head_sizes = 3.2 + 1.2 * line_widths if directed else np.zeros(len(ends))
    paths: list[list[Path]] = [[] for _ in ends]
    for piece, level in zip(pieces, levels, strict=True):
        foot = base_lines[piece.row] + _FOOT
        squeeze = min(1.0, (_MOST_LEVELS - 1) / max(num_levels[piece.row] - 1, 1))
        top = foot + _FIRST_LEVEL + _LEVEL * squeeze * (level - 1)
        # The line ends inside of the arrowhead, which has the tip.
        receiver_foot = feet[piece.arc, 1]
        lifts = [0.7 * head_sizes[piece.arc] * (end == receiver_foot) for end in (piece.left, piece.right)]
        paths[piece.arc].append(_arc(piece, foot + lifts[0], foot + lifts[1], top))
    arcs = [Path.make_compound_path(*parts) for parts in paths]
    axes.add_collection(PathCollection(arcs, facecolors="none", edgecolors=colors, linewidths=line_widths))
    if directed:
        tips = np.stack([feet[:, 1], base_lines[rows[ends[:, 1]]] + _FOOT], axis=1)
        heads = tips[:, None] + head_sizes[:, None, None] * np.array([(0, 0), (-0.45, 1), (0.45, 1)])
        axes.add_collection(PolyCollection(list(heads), facecolors=colors, linewidths=0))
    axes.set(xlim=(0, width), ylim=(0, row_heights.sum()))
    axes.set_axis_off()


def _arc(piece: Piece, left_foot: float, right_foot: float, top: float) -> Path:
    """Up, along and down again with round corners; open ends are level with the top."""
    corner = min(_CORNER, top - max(left_foot, right_foot), (piece.right - piece.left) / 2)
    points: list[tuple[float, float]] = []
    codes: list[np.uint8] = []
    if piece.left_open:
        points += [(piece.left, top)]
        codes += [Path.MOVETO]
    else:
        points += [(piece.left, left_foot), (piece.left, top - corner), (piece.left, top), (piece.left + corner, top)]
        codes += [Path.MOVETO, Path.LINETO, Path.CURVE3, Path.CURVE3]
    if piece.right_open:
        points += [(piece.right, top)]
        codes += [Path.LINETO]
    else:
        points += [(piece.right - corner, top), (piece.right, top), (piece.right, top - corner)]
        points += [(piece.right, right_foot)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO]
    return Path(points, codes)
