"""One HTML page in which a reader looks through the explanations of many graphs."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from gnnjax.atomic import atomic_open
from gnnjax.data import GraphDataset, Task
from gnnjax.errors import DataError
from gnnjax.explain.explanation import Explanation
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.html_page import fill_page
from gnnjax.explain.layout import lay_out_graph

__all__ = ["write_explanation_html"]


def write_explanation_html(
    path: str | os.PathLike,
    explanations: Explanations,
    classes: Sequence[str] | None = None,
    *,
    top_k: int = 6,
    title: str = "Explanations",
    description: str = "",
) -> None:
    """Writes a page that shows each graph with its most important edges, what is predicted of it, and what is true.

    It needs no network and works from a file. A reader goes from graph to graph, chooses with a slider how many edges
    are selected or from which value on, and points at nodes and edges for their names and values; the choices are kept
    in the address. Selections are those of `Explanation.select`. Nodes are where `dataset.node_positions` has them (the
    image's rows run downwards), or where `lay_out_graph` puts them, which takes most of the time. A graph of
    25 nodes takes one to two kilobytes.

    Args:
      path: the file to write; it appears whole or not at all.
      explanations: one graph or more.
      classes: a name for each class (`binary`: of 0 and of 1, `multiclass`), or for each output (`multilabel`,
        `regression`); numbers otherwise.
      top_k: how many edges are selected at first.
      title: of the page.
      description: a line of plain text under the title: data, model, accuracy.

    Raises:
      DataError: there are no graphs, or not as many names as classes or outputs.
      ValueError: `top_k` is negative.

    >>> import tempfile
    >>> from gnnjax.data.from_arrays import from_arrays
    >>> paths = from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1], undirected=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_explanation_html(folder + "/page.html", Explanations(paths, np.array([0]), np.ones(4)), ["no", "yes"])
    ...     os.listdir(folder)
    ['page.html']
    """
    dataset = explanations.dataset
    if not len(explanations):
        raise DataError(f"{dataset.name}: there are no explanations to show")
    if top_k < 0:
        raise ValueError(f"top_k is {top_k}, must not be negative")
    wanted = 2 if dataset.task == "binary" else dataset.out_features
    if classes is not None and len(classes) != wanted:
        raise DataError(f"{dataset.name}: classes has {len(classes)} names, must have {wanted}")
    names = [str(name) for name in (range(wanted) if classes is None else classes)]
    graphs = [
        _graph(explanation, dataset.task, names) | _places(explanation, dataset, int(index))
        for explanation, index in zip(explanations, explanations.indices, strict=True)
    ]
    with atomic_open(path) as file:
        file.write(
            fill_page("explanation", title=title, description=description, data={"topK": top_k, "graphs": graphs})
        )


def _graph(explanation: Explanation, task: Task, names: list[str]) -> dict[str, Any]:
    graph = explanation.graph
    undirected = explanation.undirected_edges
    senders, receivers = np.asarray(graph.senders), np.asarray(graph.receivers)
    _, first, sizes = np.unique(undirected.number, return_index=True, return_counts=True)
    truth = None
    if explanation.edge_labels is not None:
        truth = (np.bincount(undirected.number, explanation.edge_labels, len(first)) > 0).astype(int).tolist()
    node_mask = explanation.node_mask
    node_names = explanation.node_names
    return {
        "name": explanation.name,
        "method": explanation.method,
        "predicted": None if explanation.prediction is None else _predicted(task, explanation.prediction, names),
        "target": None if explanation.target is None else _target(task, np.asarray(explanation.target), names),
        "right": _is_right(task, explanation.prediction, explanation.target),
        "from": senders[first].tolist(),
        "to": receivers[first].tolist(),
        "values": [_short(value) for value in undirected.values],
        "truth": truth,
        # An edge without an opposite one, of a graph in which not every edge has one.
        "directed": bool(((sizes == 1) & (senders[first] != receivers[first])).any()),
        "nodeNames": None if node_names is None else [str(name) for name in node_names],
        "nodeValues": None if node_mask is None else [_short(value) for value in node_mask],
    }


def _places(explanation: Explanation, dataset: GraphDataset, index: int) -> dict[str, list[float]]:
    """Where the nodes are, y downwards."""
    if dataset.node_positions is None:
        graph = explanation.graph
        places = lay_out_graph(explanation.num_nodes, graph.senders, graph.receivers) * [1, -1]
    else:
        places = dataset.node_positions[dataset.node_slice(index), ::-1]
    return {axis: [_short(value) for value in values] for axis, values in zip("xy", places.T, strict=True)}


def _short(value: np.floating) -> float:
    """The shortest number that is this one in single precision."""
    return float(str(np.float32(value)))


def _predicted(task: Task, logits: np.ndarray, names: list[str]) -> str:
    """What a model says, with the probability of that."""
    logits = logits.astype(np.float64)
    if task == "regression":
        return _listed(names, [f"{value:.4g}" for value in logits])
    if task == "multiclass":
        probabilities = np.exp(logits - np.logaddexp.reduce(logits))
        return f"{names[int(logits.argmax())]} ({probabilities.max():.2f})"
    # In a form that does not overflow.
    probabilities = np.exp(-np.logaddexp(0, -logits))
    if task == "binary":
        certain = max(probabilities[0], 1 - probabilities[0])
        return f"{names[int(logits[0] > 0)]} ({certain:.2f})"
    return _listed(names, [f"{value:.2f}" for value in probabilities])


def _target(task: Task, target: np.ndarray, names: list[str]) -> str:
    if task in ("binary", "multiclass"):
        label = target.reshape(-1)[0]
        return "unknown" if np.isnan(label) else names[int(label)]
    return _listed(names, ["unknown" if np.isnan(value) else f"{value:.4g}" for value in target])


def _listed(names: list[str], values: list[str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))


def _is_right(task: Task, logits: np.ndarray | None, target: np.ndarray | None) -> bool | None:
    """None where there is nothing to say: several tasks, a number, or not known."""
    if logits is None or target is None or task not in ("binary", "multiclass"):
        return None
    label = np.asarray(target).reshape(-1)[0]
    if np.isnan(label):
        return None
    return bool(label == (logits.argmax() if task == "multiclass" else logits[0] > 0))
