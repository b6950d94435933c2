"""Datasets of graphs and of nodes: the file format, splits, padded batches, homophily, distances and positions."""

from gnnjax.data.batching import BatchShape, GraphBatch, batch_shape, iterate_batches, make_batch, part_offsets
from gnnjax.data.dataset import GraphDataset, Kind, Task
from gnnjax.data.degrees import degree_histogram
from gnnjax.data.format import SCHEMA_VERSION, load, load_nodes, save
from gnnjax.data.homophily import adjusted_homophily, edge_homophily, node_homophily
from gnnjax.data.neighbourhoods import Neighbourhoods
from gnnjax.data.node_dataset import NodeDataset, sorted_unique_edges
from gnnjax.data.node_splits import (
    PAPER_NUM_NODES,
    check_node_splits,
    node_split_indices,
    paper_node_splits,
    random_node_splits,
)
from gnnjax.data.prefetch import prefetch
from gnnjax.data.splits import epoch_order, mutag_x_split, random_split, subsampled_split, with_explained_part
from gnnjax.data.structure import distance_bias, laplacian_encoding, shortest_path_distances

__all__ = [
    "PAPER_NUM_NODES",
    "SCHEMA_VERSION",
    "BatchShape",
    "GraphBatch",
    "GraphDataset",
    "Kind",
    "Neighbourhoods",
    "NodeDataset",
    "Task",
    "adjusted_homophily",
    "batch_shape",
    "check_node_splits",
    "degree_histogram",
    "distance_bias",
    "edge_homophily",
    "epoch_order",
    "iterate_batches",
    "laplacian_encoding",
    "load",
    "load_nodes",
    "make_batch",
    "mutag_x_split",
    "node_homophily",
    "node_split_indices",
    "paper_node_splits",
    "part_offsets",
    "prefetch",
    "random_node_splits",
    "random_split",
    "save",
    "shortest_path_distances",
    "sorted_unique_edges",
    "subsampled_split",
    "with_explained_part",
]
