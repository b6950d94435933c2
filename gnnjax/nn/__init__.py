"""Layers: thin holders of parameters over the functions of `gnnjax.ops`."""

from gnnjax.nn.gin import GINConv
from gnnjax.nn.linear import Linear
from gnnjax.nn.mlp import MLP
from gnnjax.nn.norm import BatchNorm
from gnnjax.nn.pool import max_pool, mean_pool, sum_pool

__all__ = ["MLP", "BatchNorm", "GINConv", "Linear", "max_pool", "mean_pool", "sum_pool"]
