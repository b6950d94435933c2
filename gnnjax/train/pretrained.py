"""Classifiers stored with all that is needed to use them again: what GSAT* starts from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flax import nnx

from gnnjax.models.build import build_backbone
from gnnjax.train.described_weights import load_described, save_described

__all__ = ["load_classifier", "save_classifier"]


def save_classifier(
    folder: str | os.PathLike,
    model: nnx.Module,
    *,
    backbone: str,
    arguments: Mapping[str, Any],
    data: Mapping[str, Any],
) -> None:
    """Stores a classifier's weights (orbax) and description (`classifier.json`, written last).

    Args:
      folder: where to; what is there is replaced.
      model: the classifier.
      backbone, arguments: what `models.build_backbone` makes it from.
      data: JSON-able, what it was trained on and how.

    Examples:
      >>> import tempfile
      >>> from pathlib import Path
      >>> from flax import nnx
      >>> from gnnjax import models, train
      >>> arguments = {"in_features": 3, "out_features": 1, "hidden_size": 4, "num_layers": 1}
      >>> model = models.build_backbone("gin", **arguments, rngs=nnx.Rngs(0))
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     train.save_classifier(folder, model, backbone="gin", arguments=arguments, data={"name": "mine"})
      ...     sorted(path.name for path in Path(folder).iterdir())
      ['classifier.json', 'weights']
    """
    description = {"backbone": backbone, "arguments": dict(arguments), "data": dict(data)}
    save_described(Path(folder) / "classifier.json", model, description)


def load_classifier(
    folder: str | os.PathLike,
    *,
    backbone: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> Any:
    """Builds the classifier that `save_classifier` stored in `folder`, with its weights.

    Args:
      folder: where it is.
      backbone, arguments, data: what its description must be; None accepts any.

    Raises:
      CheckpointError: there is none, it is damaged, or its description is another; says what differs.

    Examples:
      >>> import tempfile
      >>> from flax import nnx
      >>> from gnnjax import models, train
      >>> arguments = {"in_features": 3, "out_features": 1, "hidden_size": 4, "num_layers": 1}
      >>> model = models.build_backbone("gin", **arguments, rngs=nnx.Rngs(0))
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     train.save_classifier(folder, model, backbone="gin", arguments=arguments, data={"name": "mine"})
      ...     train.load_classifier(folder, data={"name": "mine"}).hidden_size
      4
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     train.save_classifier(folder, model, backbone="gin", arguments=arguments, data={"name": "mine"})
      ...     train.load_classifier(folder, data={"name": "yours"})
      Traceback (most recent call last):
      ...
      gnnjax.errors.CheckpointError: ... holds a pre-trained classifier of another kind:
        data.name: 'mine' there, 'yours' asked for
    """
    wanted = {"backbone": backbone, "arguments": arguments, "data": data}

    def build(description):
        return build_backbone(description["backbone"], rngs=nnx.Rngs(0), **description["arguments"])

    return load_described(
        Path(folder) / "classifier.json",
        build,
        what="pre-trained classifier",
        wanted={key: value for key, value in wanted.items() if value is not None},
    )[0]
