"""Pure functions of arrays: no Flax, no state; usable from any JAX code."""

from gnnjax.ops.attention import (
    apply_dense_attention,
    apply_sparse_attention,
    dense_attention,
    dense_attention_weights,
    sparse_attention,
    sparse_attention_weights,
)
from gnnjax.ops.concrete import sample_concrete
from gnnjax.ops.dropout import dropout, keep_mask
from gnnjax.ops.hashed_words import hashed_words
from gnnjax.ops.instance_norm import graph_instance_norm
from gnnjax.ops.matmul import matmul
from gnnjax.ops.message_passing import aggregate, check_edge_attention, pair_linear, propagate
from gnnjax.ops.row_bits import row_bits, row_uniform
from gnnjax.ops.segment import segment_max, segment_mean, segment_min, segment_softmax, segment_sum
from gnnjax.ops.sparse import SparsePattern, sddmm, sparse_pattern, spmm
from gnnjax.ops.sparse_product import ProductPlan, plan_product
from gnnjax.ops.statistics import SegmentStatistics, segment_statistics

__all__ = [
    "ProductPlan",
    "SegmentStatistics",
    "SparsePattern",
    "aggregate",
    "apply_dense_attention",
    "apply_sparse_attention",
    "check_edge_attention",
    "dense_attention",
    "dense_attention_weights",
    "dropout",
    "graph_instance_norm",
    "hashed_words",
    "keep_mask",
    "matmul",
    "pair_linear",
    "plan_product",
    "propagate",
    "row_bits",
    "row_uniform",
    "sample_concrete",
    "sddmm",
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_softmax",
    "segment_statistics",
    "segment_sum",
    "sparse_attention",
    "sparse_attention_weights",
    "sparse_pattern",
    "spmm",
]
