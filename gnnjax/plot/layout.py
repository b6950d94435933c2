"""Where nodes without a place of their own are drawn."""

import functools

import networkx as nx
import numpy as np
from matplotlib.axes import Axes

__all__ = ["fit_axes", "lay_out"]

_GAP = 1.2


def lay_out(num_nodes: int, ends: np.ndarray) -> np.ndarray:
    """Places nodes so that edges are about 1 long and distances follow the number of edges between nodes.

    The parts of a graph that do not hang together are laid out one by one, the longer side across, and packed in rows,
    largest first. The same graph is laid out in the same way each time.

    Args:
      num_nodes: of the graph.
      ends: `[edges, 2]` nodes; directions, parallel edges and self loops do not matter.

    Returns:
      `[nodes, 2]`, (x, y).
    """
    return _lay_out(num_nodes, tuple(sorted({(a, b) for a, b in np.sort(ends, axis=1).tolist() if a != b}))).copy()


@functools.lru_cache(maxsize=256)
def _lay_out(num_nodes: int, edges: tuple[tuple[int, int], ...]) -> np.ndarray:
    graph = nx.Graph()
    graph.add_nodes_from(range(num_nodes))
    graph.add_edges_from(edges)
    parts = [sorted(part) for part in nx.connected_components(graph)]
    boxes = [_lay_out_connected(graph.subgraph(part)) for part in parts]
    order = sorted(range(len(parts)), key=lambda part: (-len(parts[part]), parts[part]))

    row_width = max(np.sqrt(sum(np.prod(np.ptp(box, axis=0) + _GAP) for box in boxes)), *map(_width, boxes))
    places = np.empty((num_nodes, 2))
    left, top, row_height = 0.0, 0.0, 0.0
    for part in order:
        box = boxes[part]
        width, height = np.ptp(box, axis=0)
        if left > 0 and left + width > row_width:
            left, top, row_height = 0.0, top - row_height - _GAP, 0.0
        places[parts[part]] = box - [box[:, 0].min(), box[:, 1].max()] + [left, top]
        left, row_height = left + width + _GAP, max(row_height, height)
    return places


def fit_axes(axes: Axes, places: np.ndarray, margin: float) -> float:
    """Makes `axes` a plane without frame, as long across as up, that holds `places` with a margin around them.

    Returns:
      How many points long one unit is.
    """
    low, high = places.min(axis=0) - margin, places.max(axis=0) + margin
    window = axes.get_window_extent()
    size = np.array([window.width, window.height])
    # A few nodes are not blown up to fill the axes.
    units = max(*(high - low) / size, 4 / size.min())
    middle, half = (low + high) / 2, units * size / 2
    axes.set(xlim=(middle[0] - half[0], middle[0] + half[0]), ylim=(middle[1] - half[1], middle[1] + half[1]))
    axes.set_aspect("equal")
    axes.set_axis_off()
    return float(72 / axes.figure.dpi / units)


def _width(box: np.ndarray) -> float:
    return float(np.ptp(box[:, 0]))


def _lay_out_connected(graph: nx.Graph) -> np.ndarray:
    """`[nodes, 2]`, in the order of the sorted nodes, around the origin."""
    nodes = sorted(graph)
    if len(nodes) == 1:
        return np.zeros((1, 2))
    # Nodes and edges in order, for a subgraph lists them in the order of a set.
    ordered = nx.Graph()
    ordered.add_nodes_from(nodes)
    ordered.add_edges_from(sorted(tuple(sorted(edge)) for edge in graph.edges))
    steps = dict(nx.all_pairs_shortest_path_length(ordered))
    distances = np.array([[steps[node][other] for other in nodes] for node in nodes], float)
    # Each start ends in a local optimum; few of them leave every ring and motif unfolded.
    rng = np.random.default_rng(0)
    scaled = _scale(distances)
    # As many as small graphs need and large ones can afford.
    noises = np.linspace(0.1, 1, int(np.clip(400 // len(nodes), 2, 16)))
    starts = [scaled + noise * rng.normal(size=scaled.shape) for noise in noises]
    if nx.is_planar(ordered):
        planar = nx.planar_layout(ordered)
        starts.append(np.array([planar[node] for node in nodes]))
    results = [_follow_distances(start, distances) for start in starts]
    ends = np.searchsorted(nodes, list(ordered.edges))
    places, _ = min(results, key=lambda result: (_count_crossings(result[0], ends), result[1]))
    _, _, axes = np.linalg.svd(places, full_matrices=False)
    return places @ axes.T


def _scale(distances: np.ndarray) -> np.ndarray:
    """`[nodes, 2]`, by classical multidimensional scaling: a good start, where some nodes may coincide."""
    centering = np.eye(len(distances)) - 1 / len(distances)
    values, vectors = np.linalg.eigh(-centering @ distances**2 @ centering / 2)
    return vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0))


def _follow_distances(places: np.ndarray, distances: np.ndarray, num_steps: int = 150) -> tuple[np.ndarray, float]:
    """Moves nodes until they lie about as far apart as `distances` says: a layout as Kamada and Kawai's.

    By stress majorization (Gansner et al., Graph Drawing 2004), which unlike a general optimizer takes milliseconds.
    The weights fall with the cube of the distance, and not with its square, for the sake of even edges.

    Args:
      places: `[nodes, 2]`, where they start.
      distances: `[nodes, nodes]`, symmetric, 0 only on the diagonal.
      num_steps: how often all nodes move.

    Returns:
      The new places and their stress, which is 0 where all distances are met.
    """
    weights = 1 / np.where(distances > 0, distances, np.inf) ** 3
    # The Laplacian of the weights is singular; its pseudo-inverse, but for a shift of all nodes, is this inverse.
    solve = np.linalg.inv(np.diag(weights.sum(axis=0)) - weights + 1 / len(weights))
    for _ in range(num_steps):
        pull = weights * distances / np.maximum(_apart(places), 1e-6)
        places = solve @ (pull.sum(axis=1)[:, None] * places - pull @ places)
    return places, float((weights * (_apart(places) - distances) ** 2).sum())


def _apart(places: np.ndarray) -> np.ndarray:
    return np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))


def _count_crossings(places: np.ndarray, ends: np.ndarray) -> int:
    """How many pairs of edges cross, of those without a common node; 0 if there are too many edges to tell."""
    if len(ends) > 1000:
        return 0
    start, along = places[ends[:, 0]], places[ends[:, 1]] - places[ends[:, 0]]

    def sides(nodes: np.ndarray) -> np.ndarray:
        """`[edges, edges]`, on which side of the first edge the node of the second lies."""
        offset = places[nodes][None] - start[:, None]
        return along[:, None, 0] * offset[..., 1] - along[:, None, 1] * offset[..., 0]

    parted = sides(ends[:, 0]) * sides(ends[:, 1]) < -1e-9
    shared = (ends[:, None, :, None] == ends[None, :, None, :]).any(axis=(2, 3))
    return int((parted & parted.T & ~shared).sum()) // 2
