"""The one file format of the library: a numpy archive without pickles.

A processed file is a `.npz` archive that holds one array per field of `GraphDataset` and, under `schema`, a
JSON text with the schema version, the scalar fields and the names of the split parts. It can be read with
numpy alone.
"""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from gnnjax.atomic import atomic_open
from gnnjax.data.dataset import GraphDataset
from gnnjax.errors import DataError

__all__ = ["SCHEMA_VERSION", "load", "read_archive", "save"]

SCHEMA_VERSION = 2

_REQUIRED = ("n_node", "n_edge", "nodes", "senders", "receivers", "labels")
_OPTIONAL = ("edges", "edge_labels", "node_names", "vocabulary", "node_positions", "images")
_SCALARS = ("name", "task", "num_classes", "source", "kind")
_CATEGORIES = ("node_categories", "edge_categories")


def save(dataset: GraphDataset, path: str | os.PathLike) -> None:
    """Writes `dataset` to `path`: either the whole file appears or nothing changes.

    Equal data give equal bytes.
    """
    schema = {field: getattr(dataset, field) for field in _SCALARS + _CATEGORIES}
    schema |= {"version": SCHEMA_VERSION, "splits": sorted(dataset.splits or {})}
    arrays = {field: getattr(dataset, field) for field in _REQUIRED + _OPTIONAL}
    arrays |= {f"split_{name}": indices for name, indices in sorted((dataset.splits or {}).items())}
    with atomic_open(path) as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            schema=np.array(json.dumps(schema)),
            **{name: array for name, array in arrays.items() if array is not None},
        )


def load(path: str | os.PathLike) -> GraphDataset:
    """Reads a processed file and validates all of it.

    Raises:
      DataError: the file is absent, truncated, of another format or schema version, or a field is invalid;
        the message names the file, the graph and the field.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; a script in data_prep/ makes it (see its --help)")
    arrays = read_archive(path)
    schema = _read_schema(path, arrays)
    missing = [name for name in (*_REQUIRED, *(f"split_{name}" for name in schema["splits"])) if name not in arrays]
    if missing:
        raise DataError(f"{path}: field '{missing[0]}' is missing; prepare the file again")
    fields: dict[str, Any] = {field: arrays.get(field) for field in _REQUIRED + _OPTIONAL}
    fields |= {field: tuple(schema[field]) if schema.get(field) else None for field in _CATEGORIES}
    try:
        return GraphDataset(
            **{field: schema[field] for field in _SCALARS},
            **fields,
            splits={name: arrays[f"split_{name}"] for name in schema["splits"]} or None,
        )
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def read_archive(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Reads all arrays of an `.npz` archive without pickles, whoever wrote it.

    Raises:
      DataError: the file is absent, truncated or damaged, or holds Python objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # Each member is read to its end, which numpy.load does not always do, because only then its
            # checksum is compared.
            return {
                name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(archive.read(name)))
                for name in archive.namelist()
            }
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    # Damaged bytes make zipfile, zlib and numpy's header parser raise almost any type of error.
    except Exception as error:
        raise DataError(f"{path}: is not a readable .npz archive ({error}); delete it and make it again") from error


def _read_schema(path: Path, arrays: dict[str, np.ndarray]) -> dict:
    try:
        schema = json.loads(str(arrays["schema"][()]))
        version = schema["version"]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: field 'schema' is missing or unreadable; this is not a gnnjax data file") from error
    if version != SCHEMA_VERSION:
        raise DataError(
            f"{path}: has schema version {version}, this gnnjax reads version {SCHEMA_VERSION}; prepare it again"
        )
    expected = {"name": str, "task": str, "num_classes": int, "source": str, "kind": str, "splits": list}
    for field, kind in expected.items():
        if not isinstance(schema.get(field), kind):
            raise DataError(f"{path}: field 'schema.{field}' is missing or not a {kind.__name__}")
    for field in _CATEGORIES:
        counts = schema.get(field)
        if counts is not None and not (isinstance(counts, list) and all(isinstance(count, int) for count in counts)):
            raise DataError(f"{path}: field 'schema.{field}' is not a list of integers")
    return schema
