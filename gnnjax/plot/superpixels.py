"""The superpixels of an image."""

import numpy as np
from matplotlib.axes import Axes

from gnnjax.data import GraphDataset
from gnnjax.plot.edges import Lines, line_collection, merge_edges
from gnnjax.plot.style import ATTENTION, EdgeStyle

__all__ = ["SUPERPIXEL_STYLE", "draw_superpixels"]

# With some twenty edges at each superpixel, those of middling attention would hide the image and one another.
SUPERPIXEL_STYLE = EdgeStyle(widths=(0.3, 1.8), opacities=(0.0, 0.95), power=4)
_SMALLEST = 0.35


def draw_superpixels(
    axes: Axes, dataset: GraphDataset, index: int, edge_attention: np.ndarray, *, color: str = ATTENTION
) -> None:
    """Draws superpixels as dots on their image, in pale grey, and edges by the mean attention of both directions.

    Edges with an attention under 0.35 and self loops are left out, and the strongest lie on top.

    Args:
      axes: where to draw.
      dataset: holds the node positions and, unless the dots shall stand alone, the images.
      index: which graph.
      edge_attention: `[edges]` in [0, 1].
      color: of the edges.

    Raises:
      ValueError: `edge_attention` does not hold one value per edge, or the dataset has no node positions.

    Examples:
      >>> import dataclasses
      >>> import numpy as np
      >>> from matplotlib.figure import Figure
      >>> from gnnjax import data, plot
      >>> path = data.from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1])
      >>> path = dataclasses.replace(path, node_positions=np.array([[0, 0], [5, 5], [9, 0]], np.float32))
      >>> axes = Figure().subplots()
      >>> plot.draw_superpixels(axes, path, 0, np.array([0.9, 0.1]))
      >>> len(axes.collections[0].get_segments())  # 0.1 is too little to be drawn
      1
    """
    if dataset.node_positions is None:
        raise ValueError(f"{dataset.name}: the nodes have no positions (field 'node_positions')")
    places = dataset.node_positions[dataset.node_slice(index), ::-1].astype(np.float64)
    ends, attention, _ = merge_edges(dataset[index], edge_attention, may_be_directed=False)
    shown = (attention >= _SMALLEST) & (ends[:, 0] != ends[:, 1])
    lines = Lines(ends[shown], attention[shown], False)

    if dataset.images is not None:
        height, width = dataset.images.shape[1:]
        axes.imshow(dataset.images[index], cmap="gray", vmin=0, vmax=255, alpha=0.4, zorder=0)
    else:
        height, width = np.ceil(places.max(axis=0))[::-1] + 1
    axes.add_collection(line_collection(places, lines, SUPERPIXEL_STYLE, color, loop_radius=0))
    axes.scatter(*places.T, s=5, c="white", edgecolors="#555555", linewidths=0.4, zorder=2)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), xticks=[], yticks=[])
    axes.set_aspect("equal")
    for spine in axes.spines.values():
        spine.set(color="#999999", linewidth=0.6)
