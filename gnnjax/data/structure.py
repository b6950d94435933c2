"""What dense attention is told of the graph: distances, the bias made of them, and positions of the nodes."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float, Float32, Int16
from scipy.sparse import csgraph

from gnnjax.atomic import atomic_open
from gnnjax.data.format import read_archive
from gnnjax.data.node_dataset import NodeDataset
from gnnjax.errors import DataError
from gnnjax.host_memory import require_memory

__all__ = ["distance_bias", "laplacian_encoding", "shortest_path_distances"]

_SPARSE_MODELS = "use a sparse model (SC or SL), which needs no matrix of all pairs of nodes"
_SOURCES_AT_ONCE = 256
_LONGEST_PATH = np.iinfo(np.int16).max
_DENSE_NODES = 500


def shortest_path_distances(
    dataset: NodeDataset, *, cache: str | os.PathLike | None = None
) -> Int16[np.ndarray, "nodes nodes"]:
    """The number of edges on the shortest path from each node (row) to each other (column), along the edges' direction.

    Args:
      dataset: of n nodes; takes 2 n^2 bytes.
      cache: folder that keeps the result, so that it is computed once for each dataset; None keeps nothing.

    Returns:
      0 on the diagonal, -1 where there is no path.

    Raises:
      MemoryLimitError: the matrix does not fit in memory.
      ValueError: a path is longer than 32767 edges.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> edges, classes = np.array([[0, 1], [1, 2]], np.int32), np.zeros(3, np.int32)
      >>> one_way = data.NodeDataset("one way", np.eye(3, dtype=np.float32), *edges, classes, num_classes=1)
      >>> data.shortest_path_distances(one_way).tolist()
      [[0, 1, 2], [-1, 0, 1], [-1, -1, 0]]
    """
    num_nodes = dataset.num_nodes
    require_memory(2 * num_nodes**2, f"{dataset.name}: the distance matrix of {num_nodes} nodes", _SPARSE_MODELS)
    name = f"distances_{dataset.fingerprint()}"
    return _cached(cache, name, lambda: _distances(dataset), np.int16, (num_nodes, num_nodes))


def distance_bias(distances: Int16[np.ndarray, "nodes nodes"]) -> Float32[np.ndarray, "nodes nodes"]:
    """What the DLB model adds to its attention logits, up to a scale: 1 / d, 0 on the diagonal, -1 without a path.

    Args:
      distances: as `shortest_path_distances` gives them.

    Raises:
      MemoryLimitError: the matrix does not fit in memory.

    Source: El et al. 2025 (arXiv 2502.12352).

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> data.distance_bias(np.array([[0, 1, 2], [-1, 0, 1], [-1, -1, 0]], np.int16)).tolist()
      [[0.0, 1.0, 0.5], [-1.0, 0.0, 1.0], [-1.0, -1.0, 0.0]]
    """
    require_memory(5 * distances.size, f"the distance bias of {len(distances)} nodes", _SPARSE_MODELS)
    bias = np.where(distances < 0, np.float32(-1), np.float32(0))
    return np.divide(np.float32(1), distances, out=bias, where=distances > 0)


def laplacian_encoding(
    dataset: NodeDataset, size: int = 16, *, skip_null_space: bool = False, cache: str | os.PathLike | None = None
) -> Float32[np.ndarray, "nodes {size}"]:
    """Positions of the nodes: eigenvectors of the graph's normalized Laplacian, those of small eigenvalues first.

    The Laplacian is I - D^-1/2 A D^-1/2 of the symmetrized graph without self loops, its rows of isolated nodes 0. Of
    its eigenvectors, by ascending eigenvalue, the first is left out and the next `size` are the columns, each of norm
    1. Eigenvectors are determined only up to a sign, and where an eigenvalue repeats not even so; hence:

    - The entry of largest magnitude is positive, among entries of equal magnitude that of the first node.
    - Eigenvalue 0 has one eigenvector per connected component, D^1/2 on the component and 0 elsewhere; they come by
      falling size of the component, and then by its first node. (For other repeated eigenvalues the basis is what
      LAPACK or ARPACK finds, the same on one machine.)

    The paper's code takes the real parts of a non-symmetric problem on directed data, and gives each sign at random.

    Args:
      dataset: of any graph. Up to 500 nodes its Laplacian is decomposed as a dense matrix.
      size: number of columns; where the graph has too few nodes for them, the last are 0.
      skip_null_space: leave out not the first eigenvector alone but all of eigenvalue 0. Where the graph has more than
        `size` components (Cora has 78, CiteSeer 438), the others tell nothing but which of the next largest components
        a node is in, and a node of the largest one has nothing but zeros.
      cache: as for `shortest_path_distances`.

    Raises:
      ValueError: `size` is not positive.

    Source: Dwivedi et al. 2020 (arXiv 2003.00982).

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> edges = np.array([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]], np.int32)
      >>> classes = np.array([0, 0, 0, 1], np.int32)
      >>> path = data.NodeDataset("path", np.eye(4, dtype=np.float32), *edges, classes, num_classes=2)
      >>> data.laplacian_encoding(path, size=1)[:, 0].round(2)
      array([ 0.58,  0.41, -0.41, -0.58], dtype=float32)
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, is {size}")
    name = f"laplacian{size}{'_nonzero' if skip_null_space else ''}_{dataset.fingerprint()}"
    shape = dataset.num_nodes, size
    return _cached(cache, name, lambda: _encoding(dataset, size, skip_null_space), np.float32, shape)


def _distances(dataset: NodeDataset) -> np.ndarray:
    adjacency = dataset.adjacency()
    distances = np.empty((dataset.num_nodes, dataset.num_nodes), np.int16)
    for start in range(0, dataset.num_nodes, _SOURCES_AT_ONCE):
        rows = np.arange(start, min(start + _SOURCES_AT_ONCE, dataset.num_nodes))
        hops = csgraph.dijkstra(adjacency, unweighted=True, indices=rows)
        hops[np.isinf(hops)] = -1
        if hops.max() > _LONGEST_PATH:
            raise ValueError(f"{dataset.name}: a path of {hops.max():.0f} edges is longer than this function can hold")
        distances[rows] = hops
    return distances


def _encoding(dataset: NodeDataset, size: int, skip_null_space: bool) -> np.ndarray:
    num_nodes = dataset.num_nodes
    adjacency = dataset.adjacency()
    adjacency = ((adjacency + adjacency.T) > 0).astype(np.float64)
    adjacency -= scipy.sparse.diags_array(adjacency.diagonal())
    adjacency.eliminate_zeros()
    degrees = np.asarray(adjacency.sum(axis=1)).ravel()
    scale = scipy.sparse.diags_array(1 / np.sqrt(np.maximum(degrees, 1)))
    null_space = _null_space(adjacency, degrees)
    vectors = np.empty((num_nodes, 0)) if skip_null_space else null_space[:, 1 : size + 1].toarray()
    missing = min(size - vectors.shape[1], num_nodes - null_space.shape[1])
    if missing > 0:
        vectors = np.concatenate([vectors, _further_vectors(scale @ adjacency @ scale, null_space, missing)], axis=1)
    encoding = np.zeros((num_nodes, size), np.float32)
    encoding[:, : vectors.shape[1]] = _with_signs(vectors)
    return encoding


def _null_space(adjacency: scipy.sparse.csr_array, degrees: np.ndarray) -> scipy.sparse.csc_array:
    """The eigenvectors of eigenvalue 0, `[nodes, components]`, in the order that `laplacian_encoding` promises."""
    num_components, component = csgraph.connected_components(adjacency, directed=False)
    _, first_nodes, sizes = np.unique(component, return_index=True, return_counts=True)
    rank = np.empty(num_components, np.int64)
    rank[np.lexsort((first_nodes, -sizes))] = np.arange(num_components)
    # An isolated node is its component's only one, whatever its weight.
    weights = np.maximum(degrees, 1)
    values = np.sqrt(weights / np.bincount(component, weights)[component])
    nodes = np.arange(len(degrees))
    return scipy.sparse.csc_array((values, (nodes, rank[component])), shape=(len(degrees), num_components))


def _further_vectors(normalized: scipy.sparse.csr_array, null_space: scipy.sparse.csc_array, count: int) -> np.ndarray:
    """The eigenvectors of the `count` smallest positive eigenvalues of the Laplacian, ascending."""
    num_nodes = normalized.shape[0]
    # The null space is known, and moved below -1, the smallest eigenvalue of `normalized`, whose largest are sought.
    if num_nodes <= max(_DENSE_NODES, 2 * count):
        matrix = (normalized - 3 * null_space @ null_space.T).toarray()
        _, vectors = scipy.linalg.eigh(matrix, subset_by_index=[num_nodes - count, num_nodes - 1])
        return vectors[:, ::-1]

    aslinearoperator = scipy.sparse.linalg.aslinearoperator
    operator = aslinearoperator(normalized) - 3 * (aslinearoperator(null_space) @ aslinearoperator(null_space.T))
    start = np.random.default_rng(0).standard_normal(num_nodes)
    values, vectors = scipy.sparse.linalg.eigsh(operator, count, which="LA", v0=start)
    return vectors[:, np.argsort(-values)]


def _with_signs(vectors: Float[np.ndarray, "nodes columns"]) -> Float[np.ndarray, "nodes columns"]:
    magnitudes = np.abs(vectors)
    # Magnitudes that are equal by symmetry differ by rounding errors.
    leading = np.argmax(magnitudes >= (1 - 1e-6) * magnitudes.max(axis=0), axis=0)
    return vectors * np.sign(vectors[leading, np.arange(vectors.shape[1])])


def _cached(
    folder: str | os.PathLike | None,
    name: str,
    compute: Callable[[], np.ndarray],
    dtype: type[np.generic],
    shape: tuple[int, ...],
) -> np.ndarray:
    if folder is None:
        return compute()
    path = Path(folder) / f"{name}.npz"
    try:
        arrays = read_archive(path)
    except DataError:
        # Absent or damaged.
        arrays = {}
    values = arrays.get("values")
    if values is not None and values.dtype == dtype and values.shape == shape and str(arrays.get("name")) == name:
        return values
    values = compute()
    with atomic_open(path) as file:
        np.savez_compressed(file, name=np.array(name), values=values)
    return values
