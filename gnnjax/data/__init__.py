"""Datasets of graphs: the file format, splits and padded batches."""

from gnnjax.data.batching import BatchShape, GraphBatch, batch_shape, iterate_batches, make_batch
from gnnjax.data.dataset import GraphDataset, Kind, Task
from gnnjax.data.degrees import degree_histogram
from gnnjax.data.format import SCHEMA_VERSION, load, save
from gnnjax.data.splits import epoch_order, mutag_x_split, random_split, subsampled_split, with_explained_part

__all__ = [
    "SCHEMA_VERSION",
    "BatchShape",
    "GraphBatch",
    "GraphDataset",
    "Kind",
    "Task",
    "batch_shape",
    "degree_histogram",
    "epoch_order",
    "iterate_batches",
    "load",
    "make_batch",
    "mutag_x_split",
    "random_split",
    "save",
    "subsampled_split",
    "with_explained_part",
]
