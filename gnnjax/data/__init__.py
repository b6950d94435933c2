"""Datasets of graphs: the file format, splits and padded batches."""

from gnnjax.data.batching import BatchShape, GraphBatch, batch_shape, iterate_batches, make_batch
from gnnjax.data.dataset import GraphDataset, Kind, Task
from gnnjax.data.format import SCHEMA_VERSION, load, save
from gnnjax.data.splits import epoch_order, random_split

__all__ = [
    "SCHEMA_VERSION",
    "BatchShape",
    "GraphBatch",
    "GraphDataset",
    "Kind",
    "Task",
    "batch_shape",
    "epoch_order",
    "iterate_batches",
    "load",
    "make_batch",
    "random_split",
    "save",
]
