"""Backbones by name, as configurations and checkpoints give them."""

from typing import Any

from flax import nnx

from gnnjax.models.gin import GIN
from gnnjax.models.pna import PNA
from gnnjax.models.spmotifnet import SPMotifNet

__all__ = ["BACKBONES", "build_backbone"]

BACKBONES = {"gin": GIN, "pna": PNA, "spmotifnet": SPMotifNet}


def build_backbone(name: str, *, rngs: nnx.Rngs, **arguments: Any) -> GIN | PNA | SPMotifNet:
    """The backbone of this name, made with these arguments.

    Raises:
      ValueError: the name is not known.
    """
    if name not in BACKBONES:
        raise ValueError(f"backbone {name!r} is not known; there are {', '.join(BACKBONES)}")
    return BACKBONES[name](**arguments, rngs=rngs)
