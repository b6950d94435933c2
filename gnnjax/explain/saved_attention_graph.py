"""Reading attention graphs back from npz and JSON files, with all that can be wrong in them named."""

import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Integer
from scipy import sparse

from gnnjax.data.format import read_archive
from gnnjax.errors import DataError

__all__ = ["SavedAttentionGraph", "read_json", "read_npz"]


class SavedAttentionGraph(NamedTuple):
    """What a file holds.

    Attributes:
      attention_graph: csr_array `[nodes, nodes]`, row = query, column = key.
      labels: `[nodes]` classes, or None.

    Examples:
      >>> import tempfile
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     explain.write_npz(f"{folder}/graph.npz", np.array([[0.5, 0.5], [0.0, 1.0]]))
      ...     saved = explain.read_npz(f"{folder}/graph.npz")
      >>> saved.attention_graph.nnz, saved.labels is None
      (3, True)
    """

    attention_graph: sparse.csr_array
    labels: Integer[np.ndarray, " nodes"] | None


def read_npz(path: str | os.PathLike) -> SavedAttentionGraph:
    """Reads what `gnnjax.explain.write_npz` wrote; never unpickles.

    Raises:
      DataError: there is no such file, it is damaged, lacks an array, or an array does not hold what it must.

    Examples:
      >>> import tempfile
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     explain.write_npz(f"{folder}/graph.npz", np.array([[0.5, 0.5], [0.0, 1.0]]), labels=np.array([0, 1]))
      ...     saved = explain.read_npz(f"{folder}/graph.npz")
      >>> saved.attention_graph.toarray().tolist(), saved.labels.tolist()
      ([[0.5, 0.5], [0.0, 1.0]], [0, 1])
    """
    arrays = read_archive(path)
    missing = {"num_nodes", "queries", "keys", "weights"} - arrays.keys()
    if missing:
        raise DataError(f"{path} lacks the arrays {sorted(missing)}: write it anew with write_npz")
    return _checked(
        path, arrays["num_nodes"], arrays["queries"], arrays["keys"], arrays["weights"], arrays.get("labels")
    )


def read_json(path: str | os.PathLike) -> SavedAttentionGraph:
    """Reads what `gnnjax.explain.write_json` wrote, or any directed node-link file whose ids are 0, 1, 2, ... in order.

    Raises:
      DataError: there is no such file, it is no such JSON, or a field does not hold what it must.

    Examples:
      >>> import tempfile
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     explain.write_json(f"{folder}/graph.json", np.array([[0.5, 0.5], [0.0, 1.0]]), labels=np.array([0, 1]))
      ...     saved = explain.read_json(f"{folder}/graph.json")
      >>> saved.attention_graph.toarray().tolist(), saved.labels.tolist()
      ([[0.5, 0.5], [0.0, 1.0]], [0, 1])
    """
    try:
        content = json.loads(Path(path).read_text("utf-8"))
        nodes, edges = content["nodes"], content["edges"]
        ids = [node["id"] for node in nodes]
        labels = [node["label"] for node in nodes] if any("label" in node for node in nodes) else None
        queries, keys, weights = (np.array([edge[name] for edge in edges]) for name in ("source", "target", "weight"))
        labels = None if labels is None else np.array(labels)
        directed = content["directed"]
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file; make it with write_json") from error
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{path} is not node-link JSON ({type(error).__name__}: {error}): write it anew with write_json"
        ) from error
    if ids != list(range(len(ids))) or directed is not True:
        raise DataError(f"{path} must be a directed graph of nodes with the ids 0, 1, 2, ... in order: renumber them")
    return _checked(path, np.array(len(ids)), queries, keys, weights, labels)


def _checked(path, num_nodes, queries, keys, weights, labels):
    def require(condition, field, wanted):
        if not condition:
            raise DataError(f"{path}: {field} must be {wanted}: write the file anew")

    require(num_nodes.shape == () and _is(num_nodes, np.integer) and num_nodes > 0, "num_nodes", "one positive integer")
    nodes = int(num_nodes)
    for field, ids in (("queries (source)", queries), ("keys (target)", keys)):
        fits = _is(ids, np.integer) and np.all((ids >= 0) & (ids < nodes))
        require(ids.ndim == 1 and ids.shape == weights.shape and fits, field, f"one id below {nodes} for each weight")
    finite = _is(weights, np.number) and np.all(np.isfinite(weights) & (weights >= 0))
    require(finite, "weights (weight)", "finite numbers from 0 up")
    if labels is not None:
        known = labels.shape == (nodes,) and _is(labels, np.integer) and np.all(labels >= 0)
        require(known, "labels (label)", f"{nodes} integers from 0 up, one for each node")
    matrix = sparse.coo_array(
        (weights, (queries.astype(np.int64), keys.astype(np.int64))), shape=(nodes, nodes)
    ).tocsr()
    require(matrix.nnz == len(weights), "queries and keys (source and target)", "pairs that occur once")
    return SavedAttentionGraph(matrix, labels)


def _is(array, kind):
    """Whether the numbers are of a kind; an empty JSON list has none of any kind."""
    return np.issubdtype(array.dtype, kind) or not array.size
