"""Layers: thin holders of parameters over the functions of `gnnjax.ops`."""

from gnnjax.nn.encoders import CategoricalEncoder, feature_encoder
from gnnjax.nn.gin import GINConv
from gnnjax.nn.graph_conv import GraphConv, symmetric_weights
from gnnjax.nn.initializers import symmetric_uniform, xavier_uniform
from gnnjax.nn.le_conv import LEConv
from gnnjax.nn.linear import Linear
from gnnjax.nn.mlp import MLP
from gnnjax.nn.multi_head_attention import MultiHeadAttention
from gnnjax.nn.norm import BatchNorm
from gnnjax.nn.pna import Aggregator, PNAConv, mean_log_degree
from gnnjax.nn.pool import max_pool, mean_pool, sum_pool

__all__ = [
    "MLP",
    "Aggregator",
    "BatchNorm",
    "CategoricalEncoder",
    "GINConv",
    "GraphConv",
    "LEConv",
    "Linear",
    "MultiHeadAttention",
    "PNAConv",
    "feature_encoder",
    "max_pool",
    "mean_log_degree",
    "mean_pool",
    "sum_pool",
    "symmetric_uniform",
    "symmetric_weights",
    "xavier_uniform",
]
