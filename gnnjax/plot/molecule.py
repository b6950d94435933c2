"""A molecule as atoms and bonds."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from gnnjax.data import GraphDataset
from gnnjax.plot.edges import line_collection, merge_edges
from gnnjax.plot.layout import fit_axes, lay_out
from gnnjax.plot.names import node_names
from gnnjax.plot.style import ATTENTION, EdgeStyle

__all__ = ["MOLECULE_STYLE", "draw_molecule"]

MOLECULE_STYLE = EdgeStyle(widths=(0.6, 4.5), opacities=(0.0, 1.0))

# The customary colours, dark enough to be read on white.
_ELEMENT_COLORS = {
    "H": "#a3a3a3",
    "C": "#6b6b6b",
    "N": "#2a3fd0",
    "O": "#e00000",
    "F": "#2f9e44",
    "Cl": "#1d8a1d",
    "Br": "#8f2b1a",
    "I": "#7b1fa2",
    "S": "#b38600",
    "P": "#d9660a",
    "B": "#c26a5a",
    "Si": "#a8835a",
    "Na": "#7a4fd0",
    "K": "#7a4fd0",
    "Li": "#7a4fd0",
    "Ca": "#3c7a1d",
}


def draw_molecule(
    axes: Axes, dataset: GraphDataset, index: int, edge_attention: np.ndarray, *, color: str = ATTENTION
) -> None:
    """Draws a molecule: atoms by their symbols, bonds as wide and opaque as the mean attention of both directions.

    Every bond has a thin grey line besides, so that one without attention is still seen.

    Args:
      axes: where to draw.
      dataset: holds the molecule; its node names are element symbols.
      index: which graph.
      edge_attention: `[edges]` in [0, 1].
      color: of the attention.

    Raises:
      ValueError: `edge_attention` does not hold one value per edge, or the dataset has no node names.

    Examples:
      >>> import numpy as np
      >>> from matplotlib.figure import Figure
      >>> from gnnjax import data, plot
      >>> ethanol = data.from_arrays(
      ...     [np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True, node_names=[["C", "C", "O"]], kind="molecule"
      ... )
      >>> axes = Figure().subplots()
      >>> plot.draw_molecule(axes, ethanol, 0, np.array([0.1, 0.9, 0.1, 0.9]))
      >>> [text.get_text() for text in axes.texts]
      ['C', 'C', 'O']
    """
    symbols = node_names(dataset, index)
    lines = merge_edges(dataset[index], edge_attention, may_be_directed=False)
    places = lay_out(len(symbols), lines.ends)
    font_size = float(np.clip(0.47 * fit_axes(axes, places, margin=0.6), 3.5, 9))

    axes.add_collection(LineCollection(list(places[lines.ends]), colors="#b5b5b5", linewidths=0.8, zorder=0.5))
    axes.add_collection(line_collection(places, lines, MOLECULE_STYLE, color, loop_radius=0.3))
    # Letters stand in a gap between bonds.
    axes.scatter(*places.T, s=(1.3 * font_size) ** 2, c="white", linewidths=0, zorder=2)
    for symbol, (x, y) in zip(symbols, places, strict=True):
        axes.text(
            x,
            y,
            symbol,
            color=_ELEMENT_COLORS.get(symbol, "#333333"),
            fontsize=font_size * (0.85 if symbol in ("C", "H") else 1),
            fontweight="normal" if symbol in ("C", "H") else "bold",
            ha="center",
            va="center_baseline",
            parse_math=False,
            in_layout=False,
            zorder=3,
        )
