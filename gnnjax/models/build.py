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

    Examples:
      >>> from flax import nnx
      >>> from gnnjax import models
      >>> model = models.build_backbone("gin", in_features=3, out_features=1, hidden_size=8, rngs=nnx.Rngs(0))
      >>> type(model).__name__, model.hidden_size, len(model.convs)
      ('GIN', 8, 2)
    """
    if name not in BACKBONES:
        raise ValueError(f"backbone {name!r} is not known; there are {', '.join(BACKBONES)}")
    return BACKBONES[name](**arguments, rngs=rngs)
