"""Datasets of graphs and of nodes: your own, the file format, splits, batches, homophily, distances, positions."""

from gnnjax.data.ba2motifs import generate_ba2motifs
from gnnjax.data.batching import BatchShape, GraphBatch, batch_shape, iterate_batches, make_batch, part_offsets
from gnnjax.data.dataset import GraphDataset, Kind, Task
from gnnjax.data.degrees import degree_histogram
from gnnjax.data.format import SCHEMA_VERSION, load, load_nodes, save
from gnnjax.data.from_arrays import from_arrays
from gnnjax.data.from_edge_lists import from_edge_list
from gnnjax.data.from_jraph import from_jraph
from gnnjax.data.from_networkx import from_networkx
from gnnjax.data.from_pyg import from_pyg, from_pyg_nodes
from gnnjax.data.from_smiles import Molecules, Refusal, from_smiles
from gnnjax.data.homophily import adjusted_homophily, edge_homophily, node_homophily
from gnnjax.data.molecules import ATOM_FEATURES, BOND_FEATURES, molecule_dataset
from gnnjax.data.neighbourhoods import Neighbourhoods
from gnnjax.data.node_dataset import NodeDataset, sorted_unique_edges
from gnnjax.data.node_splits import (
    PAPER_NUM_NODES,
    check_node_splits,
    node_split_indices,
    paper_node_splits,
    random_node_splits,
)
from gnnjax.data.ogb_layout import read_ogb_layout
from gnnjax.data.prefetch import prefetch
from gnnjax.data.splits import epoch_order, mutag_x_split, random_split, subsampled_split, with_explained_part
from gnnjax.data.structure import distance_bias, laplacian_encoding, shortest_path_distances
from gnnjax.data.tudataset import read_tudataset

__all__ = [
    "ATOM_FEATURES",
    "BOND_FEATURES",
    "PAPER_NUM_NODES",
    "SCHEMA_VERSION",
    "BatchShape",
    "GraphBatch",
    "GraphDataset",
    "Kind",
    "Molecules",
    "Neighbourhoods",
    "NodeDataset",
    "Refusal",
    "Task",
    "adjusted_homophily",
    "batch_shape",
    "check_node_splits",
    "degree_histogram",
    "distance_bias",
    "edge_homophily",
    "epoch_order",
    "from_arrays",
    "from_edge_list",
    "from_jraph",
    "from_networkx",
    "from_pyg",
    "from_pyg_nodes",
    "from_smiles",
    "generate_ba2motifs",
    "iterate_batches",
    "laplacian_encoding",
    "load",
    "load_nodes",
    "make_batch",
    "molecule_dataset",
    "mutag_x_split",
    "node_homophily",
    "node_split_indices",
    "paper_node_splits",
    "part_offsets",
    "prefetch",
    "random_node_splits",
    "random_split",
    "read_ogb_layout",
    "read_tudataset",
    "save",
    "shortest_path_distances",
    "sorted_unique_edges",
    "subsampled_split",
    "with_explained_part",
]
