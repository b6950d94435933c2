"""Explanations as files: one as JSON or GraphML for other programs, those of many graphs as npz to read back here."""

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import jraph
import networkx as nx
import numpy as np

from gnnjax.atomic import atomic_open
from gnnjax.data import GraphDataset
from gnnjax.data.format import read_archive
from gnnjax.errors import DataError
from gnnjax.explain.explanation import Explanation
from gnnjax.explain.explanations import Explanations

__all__ = ["from_json", "load_explanations", "save_explanations", "to_json", "write_explanation_graphml"]

_JSON_FORMAT, _JSON_VERSION = "gnnjax explanation", 1
_NPZ_CONTENT, _NPZ_VERSION = "explanations", 1
_GRAPH_ARRAYS = ("nodes", "edges", "senders", "receivers")
_ARRAYS = ("edge_mask", "node_mask", "prediction", "target", "edge_labels")
_OPTIONAL = {"edges", "node_mask", "prediction", "target", "edge_labels"}
_DTYPES = {"bool", "float16", "float32", "float64"}
_DTYPES |= {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
# What XML has no way to write.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_json(explanation: Explanation) -> str:
    """An explanation with its graph as JSON text, which `from_json` reads back exactly.

    Each array is an object of `dtype`, `shape` and `values`, the last flat and with null for NaN, as in a label that is
    not known. `graph.globals` are not kept.

    Raises:
      DataError: an array holds an infinity, or anything but numbers; names the field.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> pair = from_arrays([np.ones((2, 1))], [([0], [1])], [1])[0]
    >>> content = json.loads(to_json(Explanation(pair, np.array([0.25]), method="gsat")))
    >>> content["edge_mask"], content["method"]
    ({'dtype': 'float64', 'shape': [1], 'values': [0.25]}, 'gsat')
    """
    content: dict[str, Any] = {"format": _JSON_FORMAT, "version": _JSON_VERSION}
    for fields, owner in ((_GRAPH_ARRAYS, explanation.graph), (_ARRAYS, explanation)):
        for field in fields:
            value = getattr(owner, field)
            content[field] = None if value is None else _encode(explanation, field, np.asarray(value))
    names = explanation.node_names
    content |= {
        "num_nodes": explanation.num_nodes,
        "node_names": None if names is None else [str(name) for name in names],
        "method": explanation.method,
        "name": explanation.name,
    }
    return json.dumps(content, allow_nan=False)


def from_json(text: str | bytes) -> Explanation:
    """Reads what `to_json` wrote.

    Raises:
      DataError: the text is no such JSON, or a field is missing or does not hold what it must; names the field.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> pair = from_arrays([np.ones((2, 1))], [([0], [1])], [1])[0]
    >>> from_json(to_json(Explanation(pair, np.array([0.25])))).edge_mask
    array([0.25])
    """
    try:
        content = json.loads(text)
    # Nesting too deep for the parser is no ValueError.
    except (ValueError, RecursionError) as error:
        raise DataError(f"this is not JSON ({error}): write it anew with to_json") from error
    if not isinstance(content, dict) or content.get("format") != _JSON_FORMAT:
        raise DataError(f"field 'format' is not '{_JSON_FORMAT}': this is not what to_json writes")
    if content.get("version") != _JSON_VERSION:
        raise DataError(f"field 'version' is {content.get('version')!r}, this gnnjax reads {_JSON_VERSION}")
    arrays: dict[str, Any] = {field: _decode(field, content.get(field)) for field in _GRAPH_ARRAYS + _ARRAYS}
    for field in ("method", "name"):
        if not isinstance(content.get(field), str):
            raise DataError(f"field '{field}' is missing or not a text: write it anew with to_json")
    names, num_nodes = content.get("node_names"), content.get("num_nodes")
    if names is not None and not isinstance(names, list):
        raise DataError("field 'node_names' is not a list of texts: write it anew with to_json")
    if type(num_nodes) is not int or len(np.atleast_1d(arrays["nodes"])) != num_nodes:
        raise DataError(f"field 'num_nodes' is {num_nodes!r}, must be the number of rows of 'nodes'")
    edges = arrays["edges"]
    if edges is not None and len(np.atleast_1d(edges)) != arrays["senders"].size:
        raise DataError("field 'edges' must have a row for each edge: write it anew with to_json")
    graph = jraph.GraphsTuple(
        nodes=arrays["nodes"],
        edges=edges,
        senders=arrays["senders"],
        receivers=arrays["receivers"],
        globals=None,
        n_node=np.array([num_nodes], np.int32),
        n_edge=np.array([arrays["senders"].size], np.int32),
    )
    fields = {field: arrays[field] for field in _ARRAYS}
    return Explanation(graph, **fields, node_names=names, method=content["method"], name=content["name"])


def write_explanation_graphml(path: str | os.PathLike, explanation: Explanation, **selection) -> None:
    """Writes GraphML for Gephi, Cytoscape, igraph and others.

    Edges have `importance` and, where known, `truth`, nodes `importance` and `name` where known. Features are left out.

    Args:
      path: the file; it appears whole or not at all.
      explanation: what to write.
      **selection: arguments of `Explanation.select`; of the edges only these are written.

    Raises:
      ValueError: as in `Explanation.select`.

    >>> import tempfile
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> pair = from_arrays([np.ones((2, 1))], [([0], [1])], [1])[0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_explanation_graphml(folder + "/pair.graphml", Explanation(pair, np.array([0.25])))
    ...     nx.read_graphml(folder + "/pair.graphml").edges(data=True)
    OutEdgeDataView([('0', '1', {'importance': 0.25})])
    """
    graph = explanation.to_networkx(**selection)
    for attributes in [*dict(graph.nodes(data=True)).values(), *(data for *_, data in graph.edges(data=True))]:
        attributes.pop("features", None)
        if "name" in attributes:
            attributes["name"] = _NOT_IN_XML.sub("\ufffd", attributes["name"])
    with atomic_open(path) as file:
        nx.write_graphml(graph, file)


def save_explanations(path: str | os.PathLike, explanations: Explanations) -> None:
    """Writes explanations to an `.npz` archive without pickles: either the whole file appears or nothing changes.

    It holds the values and which graphs they are of, but not the graphs: `load_explanations` needs the dataset.

    >>> import tempfile
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> paths = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_explanations(folder + "/found.npz", Explanations(paths, np.array([0]), np.array([0.9, 0.1])))
    ...     load_explanations(folder + "/found.npz", paths).edge_mask
    array([0.9, 0.1])
    """
    schema = {
        "content": _NPZ_CONTENT,
        "version": _NPZ_VERSION,
        "dataset": explanations.dataset.name,
        "fingerprint": explanations.dataset.fingerprint(),
        "method": explanations.method,
    }
    arrays = {field: getattr(explanations, field) for field in ("indices", "edge_mask", "node_mask", "logits")}
    with atomic_open(path) as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            schema=np.array(json.dumps(schema)),
            **{field: array for field, array in arrays.items() if array is not None},
        )


def load_explanations(path: str | os.PathLike, dataset: GraphDataset) -> Explanations:
    """Reads what `save_explanations` wrote, of the same dataset.

    Args:
      path: the file.
      dataset: that which was explained, with an equal `fingerprint()`.

    Raises:
      DataError: the file is absent, damaged or something else, is of another dataset, or a field does not hold what it
        must; names the file and the field.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> load_explanations("found.npz", from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1]))
    Traceback (most recent call last):
    gnnjax.errors.DataError: found.npz: there is no such file
    """
    path = Path(path)
    arrays = read_archive(path)

    def fail(field: str, problem: str):
        raise DataError(f"{path}: field '{field}' {problem}")

    schema = _read_schema(arrays.get("schema"))
    if schema.get("content") != _NPZ_CONTENT or not isinstance(schema.get("method"), str):
        fail("schema", "is missing or unreadable: this is not what save_explanations writes")
    if schema.get("version") != _NPZ_VERSION:
        fail("schema.version", f"is {schema.get('version')!r}, this gnnjax reads {_NPZ_VERSION}: explain anew")
    if schema.get("fingerprint") != dataset.fingerprint():
        fail(
            "schema.fingerprint", f"is that of other data ({schema.get('dataset')!r}) than {dataset.name}: explain anew"
        )
    for field, kinds, required in (
        ("indices", "iu", True),
        ("edge_mask", "f", True),
        ("node_mask", "f", False),
        ("logits", "f", False),
    ):
        if field not in arrays:
            if required:
                fail(field, "is missing: explain anew")
        elif arrays[field].dtype.kind not in kinds:
            fail(
                field, f"must hold {'integers' if kinds == 'iu' else 'floats'}, is {arrays[field].dtype}: explain anew"
            )
    try:
        return Explanations(
            dataset,
            arrays["indices"],
            arrays["edge_mask"],
            arrays.get("node_mask"),
            arrays.get("logits"),
            method=schema["method"],
        )
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _read_schema(array: np.ndarray | None) -> dict[str, Any]:
    """Empty where there is none."""
    try:
        schema = json.loads(str(np.asarray(array)[()]))
    except (ValueError, RecursionError):
        return {}
    return schema if isinstance(schema, dict) else {}


def _encode(explanation: Explanation, field: str, array: np.ndarray) -> dict[str, Any]:
    if array.dtype.kind not in "biuf" or np.isinf(array).any():
        name = explanation.name or "explanation"
        raise DataError(f"{name}: field '{field}' must hold numbers (or NaN) to be written as JSON, is {array.dtype}")
    values = array.ravel().tolist()
    if array.dtype.kind == "f":
        values = [None if math.isnan(value) else value for value in values]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "values": values}


def _decode(field: str, encoded: Any) -> np.ndarray | None:
    if encoded is None and field in _OPTIONAL:
        return None
    try:
        values = [np.nan if value is None else value for value in encoded["values"]]
        if str(encoded["dtype"]) not in _DTYPES or not all(type(value) in (bool, int, float) for value in values):
            raise ValueError("it must hold numbers")
        with np.errstate(all="ignore"):
            array = np.array(values).astype(encoded["dtype"]).reshape(encoded["shape"])
        if not np.array_equal(array.ravel(), values, equal_nan=True):
            raise ValueError(f"{array.dtype} cannot hold its values")
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise DataError(f"field '{field}' is missing or damaged ({error}): write it anew with to_json") from error
    return array
