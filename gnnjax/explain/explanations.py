"""Explanations of many graphs of a dataset, end to end as the graphs themselves are."""

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Integer

from gnnjax.data.dataset import GraphDataset
from gnnjax.errors import DataError
from gnnjax.explain.explanation import Explanation, UndirectedEdges

if TYPE_CHECKING:
    from gnnjax.train.evaluation import Evaluation

__all__ = ["Explanations"]


@dataclasses.dataclass(frozen=True, eq=False)
class Explanations:
    """What a method says of some graphs of a dataset; a sequence of `Explanation`.

    Construction validates every field.

    Attributes:
      dataset: where the graphs are.
      indices: `[graphs]`, which ones, in which order.
      edge_mask: `[sum n_edge]`, graph after graph in the order of `indices`; finite, more means more important.
      node_mask: `[sum n_node]`, the same for nodes, or None.
      logits: `[graphs, outputs]`, what the model predicts, or None.
      method: what made them, such as `gsat`.

    Raises:
      DataError: a field does not fit the others or is not finite; names the field.

    >>> import numpy as np
    >>> from gnnjax import data, explain
    >>> paths = data.from_arrays([np.ones((3, 1))] * 2, [([0, 1], [1, 2])] * 2, [1, 0], name="paths")
    >>> found = explain.Explanations(paths, np.array([1, 0]), np.array([0.9, 0.1, 0.2, 0.8]), method="gsat")
    >>> [(each.name, each.edge_mask.tolist()) for each in found]
    [('paths, graph 1', [0.9, 0.1]), ('paths, graph 0', [0.2, 0.8])]
    """

    dataset: GraphDataset
    indices: Integer[np.ndarray, " graphs"]
    edge_mask: Float[np.ndarray, " edges"]
    node_mask: Float[np.ndarray, " nodes"] | None = None
    logits: Float[np.ndarray, "graphs outputs"] | None = None
    method: str = ""

    def __post_init__(self):
        def fail(field: str, problem: str):
            raise DataError(f"{self.dataset.name}, {self.method or 'explanations'}: field '{field}' {problem}")

        indices = self.indices
        if indices.ndim != 1 or not np.issubdtype(indices.dtype, np.integer):
            fail("indices", f"must be integer[graphs], is {indices.dtype}{list(indices.shape)}")
        outside = indices[(indices < 0) | (indices >= len(self.dataset))]
        if len(outside):
            fail("indices", f"has graph {outside[0]}, outside 0 .. {len(self.dataset) - 1}")
        for field, sizes in (("edge_mask", self.dataset.n_edge), ("node_mask", self.dataset.n_node)):
            mask = getattr(self, field)
            rows = int(sizes[indices].sum())
            if mask is None and field == "node_mask":
                continue
            if mask.shape != (rows,) or not np.issubdtype(mask.dtype, np.floating):
                fail(field, f"must be float[{rows}], is {mask.dtype}{list(mask.shape)}")
            if not np.isfinite(mask).all():
                graph_ids = np.repeat(indices, sizes[indices])
                row = np.argmin(np.isfinite(mask))
                fail(field, f"is {mask[row]} in graph {graph_ids[row]}, must be finite")
        expected = (len(indices), self.dataset.out_features)
        if self.logits is not None and (self.logits.shape != expected or not np.isfinite(self.logits).all()):
            fail("logits", f"must be finite numbers {list(expected)}, has shape {list(self.logits.shape)}")

    @classmethod
    def of_evaluation(cls, dataset: GraphDataset, indices: np.ndarray, evaluation: "Evaluation") -> "Explanations":
        """The attention of a `models.GSAT` as explanations.

        Args:
          dataset, indices: what was evaluated.
          evaluation: what `train.evaluate` returned.

        Raises:
          DataError: a plain classifier was evaluated, which has no attention.
        """
        if evaluation.edge_attention is None:
            raise DataError(f"{dataset.name}: a plain classifier was evaluated, which has no attention to explain with")
        return cls(dataset, np.asarray(indices), evaluation.edge_attention, logits=evaluation.logits, method="gsat")

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Explanation]:
        return (self[position] for position in range(len(self)))

    def __getitem__(self, position: int) -> Explanation:
        """The explanation at `position` of `indices`."""
        position = range(len(self))[position]
        dataset, index = self.dataset, int(self.indices[position])
        nodes = dataset.node_slice(index)
        names = None
        if dataset.node_names is not None and dataset.vocabulary is not None:
            names = dataset.vocabulary[dataset.node_names[nodes]].tolist()
        return Explanation(
            dataset[index],
            self.edge_mask[self.edge_offsets[position] : self.edge_offsets[position + 1]],
            None
            if self.node_mask is None
            else self.node_mask[self.node_offsets[position] : self.node_offsets[position + 1]],
            prediction=None if self.logits is None else self.logits[position],
            target=np.asarray(dataset.labels[index]),
            edge_labels=None if dataset.edge_labels is None else dataset.edge_labels[dataset.edge_slice(index)],
            node_names=names,
            method=self.method,
            name=f"{dataset.name}, graph {index}",
        )

    @cached_property
    def edge_offsets(self) -> Integer[np.ndarray, " graphs_and_one"]:
        """Where each graph's edges begin in `edge_mask`."""
        return np.concatenate([[0], np.cumsum(self.dataset.n_edge[self.indices], dtype=np.int64)])

    @cached_property
    def node_offsets(self) -> Integer[np.ndarray, " graphs_and_one"]:
        """Where each graph's nodes begin in `node_mask`."""
        return np.concatenate([[0], np.cumsum(self.dataset.n_node[self.indices], dtype=np.int64)])

    @cached_property
    def edge_labels(self) -> Integer[np.ndarray, " edges"] | None:
        """`[sum n_edge]`, the true explanations in the order of `edge_mask`, or None."""
        labels = self.dataset.edge_labels
        return None if labels is None else labels[self.dataset.edge_rows(self.indices)]

    @cached_property
    def undirected_edges(self) -> UndirectedEdges:
        """The edges of all graphs in the order of `edge_mask`, both directions of an undirected graph's as one."""
        n_edge = self.dataset.n_edge[self.indices]
        shift = np.repeat(self.edge_offsets[:-1], n_edge)
        reverse = self.dataset.reverse_edges[self.dataset.edge_rows(self.indices)] + shift
        return UndirectedEdges.of(self.edge_mask, reverse, n_edge)
