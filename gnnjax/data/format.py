"""The one file format of the library: a numpy archive without pickles.

A processed file is a `.npz` archive that holds one array per field of a `GraphDataset` or a `NodeDataset` and, under
`schema`, a JSON text with the schema version, the scalar fields and the names of the split parts; `"content": "nodes"`
marks a `NodeDataset`. It can be read with numpy alone.
"""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from gnnjax.atomic import atomic_open
from gnnjax.data.dataset import GraphDataset
from gnnjax.data.node_dataset import NodeDataset
from gnnjax.errors import DataError

__all__ = ["SCHEMA_VERSION", "load", "load_nodes", "read_archive", "save"]

SCHEMA_VERSION = 2

_REQUIRED = ("n_node", "n_edge", "nodes", "senders", "receivers", "labels")
_OPTIONAL = ("edges", "edge_labels", "node_names", "vocabulary", "node_positions", "images")
_SCALARS = ("name", "task", "num_classes", "source", "kind")
_CATEGORIES = ("node_categories", "edge_categories")
_SCHEMA_TYPES = {"name": str, "task": str, "num_classes": int, "source": str, "kind": str, "splits": list}
_NODE_ARRAYS = ("nodes", "senders", "receivers", "labels")
_NODE_SCALARS = ("name", "num_classes", "source")
_NODE_SCHEMA_TYPES = {"name": str, "num_classes": int, "source": str, "splits": list}


def save(dataset: GraphDataset | NodeDataset, path: str | os.PathLike) -> None:
    """Writes `dataset` to `path`: either the whole file appears or nothing changes.

    Equal data give equal bytes.

    Examples:
      >>> import tempfile
      >>> from gnnjax import data
      >>> pair = data.from_arrays(None, [([0], [1])], [1], n_node=[2], name="pair")
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     data.save(pair, folder + "/pair.npz")
      ...     data.load(folder + "/pair.npz").fingerprint() == pair.fingerprint()
      True
    """
    if isinstance(dataset, NodeDataset):
        schema: dict[str, Any] = {"content": "nodes"} | {field: getattr(dataset, field) for field in _NODE_SCALARS}
        arrays = {field: getattr(dataset, field) for field in _NODE_ARRAYS}
    else:
        schema = {field: getattr(dataset, field) for field in _SCALARS + _CATEGORIES}
        arrays = {field: getattr(dataset, field) for field in _REQUIRED + _OPTIONAL}
    schema |= {"version": SCHEMA_VERSION, "splits": sorted(dataset.splits or {})}
    arrays |= {f"split_{name}": indices for name, indices in sorted((dataset.splits or {}).items())}
    with atomic_open(path) as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            schema=np.array(json.dumps(schema)),
            **{name: array for name, array in arrays.items() if array is not None},
        )


def load(path: str | os.PathLike) -> GraphDataset:
    """Reads a processed file of a set of graphs and validates all of it.

    Raises:
      DataError: the file is absent, truncated, of another format or schema version, or a field is invalid;
        the message names the file, the graph and the field.

    Examples:
      >>> import tempfile
      >>> from gnnjax import data
      >>> pair = data.from_arrays(None, [([0], [1])], [1], n_node=[2], name="pair")
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     data.save(pair, folder + "/pair.npz")
      ...     loaded = data.load(folder + "/pair.npz")
      >>> loaded.name, loaded.n_node.tolist(), loaded.labels.tolist()
      ('pair', [2], [[1.0]])
    """
    path = Path(path)
    arrays = _read_processed(path)
    schema = _read_schema(path, arrays)
    if "content" in schema:
        raise DataError(f"{path}: holds one graph whose nodes have labels, not a set of graphs; use load_nodes")
    _check_schema(path, schema, _SCHEMA_TYPES)
    for field in _CATEGORIES:
        counts = schema.get(field)
        if counts is not None and not (isinstance(counts, list) and all(isinstance(count, int) for count in counts)):
            raise DataError(f"{path}: field 'schema.{field}' is not a list of integers")
    splits = _read_splits(path, arrays, schema, _REQUIRED)
    fields: dict[str, Any] = {field: arrays.get(field) for field in _REQUIRED + _OPTIONAL}
    fields |= {field: tuple(schema[field]) if schema.get(field) else None for field in _CATEGORIES}
    try:
        return GraphDataset(**{field: schema[field] for field in _SCALARS}, **fields, splits=splits)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def load_nodes(path: str | os.PathLike) -> NodeDataset:
    """Reads a processed file of one graph with node labels and validates all of it.

    Raises:
      DataError: as `load`.

    Examples:
      >>> import tempfile
      >>> import numpy as np
      >>> from gnnjax import data
      >>> edge, classes = np.array([[0], [1]], np.int32), np.array([2, 0], np.int32)
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     data.save(data.NodeDataset("pair", np.eye(2, dtype=np.float32), *edge, classes, 3), folder + "/pair.npz")
      ...     data.load_nodes(folder + "/pair.npz").labels.tolist()
      [2, 0]
    """
    path = Path(path)
    arrays = _read_processed(path)
    schema = _read_schema(path, arrays)
    if schema.get("content") != "nodes":
        raise DataError(f"{path}: holds a set of graphs, not one graph whose nodes have labels; use load")
    _check_schema(path, schema, _NODE_SCHEMA_TYPES)
    splits = _read_splits(path, arrays, schema, _NODE_ARRAYS)
    fields: dict[str, Any] = {field: schema[field] for field in _NODE_SCALARS}
    fields |= {field: arrays[field] for field in _NODE_ARRAYS}
    try:
        return NodeDataset(**fields, splits=splits)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def read_archive(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Reads all arrays of an `.npz` archive without pickles, whoever wrote it.

    Raises:
      DataError: the file is absent, truncated or damaged, or holds Python objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy"): _read_member(archive, name) for name in archive.namelist()}
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    # Damaged bytes make zipfile, zlib and numpy's header parser raise almost any type of error.
    except Exception as error:
        raise DataError(f"{path}: is not a readable .npz archive ({error}); delete it and make it again") from error


def _read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as member:
        array = np.lib.format.read_array(member)
        # The member's checksum is compared only at its end, which numpy has not met if the array's header is wrong.
        member.read()
        return array


def _read_processed(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; a script in data_prep/ makes it (see its --help)")
    return read_archive(path)


def _read_schema(path: Path, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    try:
        schema = json.loads(str(arrays["schema"][()]))
        version = schema["version"]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: field 'schema' is missing or unreadable; this is not a gnnjax data file") from error
    if version != SCHEMA_VERSION:
        raise DataError(
            f"{path}: has schema version {version}, this gnnjax reads version {SCHEMA_VERSION}; prepare it again"
        )
    return schema


def _check_schema(path: Path, schema: dict[str, Any], types: dict[str, type]) -> None:
    for field, kind in types.items():
        if not isinstance(schema.get(field), kind):
            raise DataError(f"{path}: field 'schema.{field}' is missing or not a {kind.__name__}")


def _read_splits(
    path: Path, arrays: dict[str, np.ndarray], schema: dict[str, Any], required: tuple[str, ...]
) -> dict[str, np.ndarray] | None:
    """The splits, once it is sure that no field is missing."""
    missing = [name for name in (*required, *(f"split_{part}" for part in schema["splits"])) if name not in arrays]
    if missing:
        raise DataError(f"{path}: field '{missing[0]}' is missing; prepare the file again")
    return {part: arrays[f"split_{part}"] for part in schema["splits"]} or None
