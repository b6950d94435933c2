"""Trained GSAT models stored with all that is needed to use them on other data."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flax import nnx

from gnnjax.data import GraphDataset
from gnnjax.errors import DataError
from gnnjax.models import GSAT, build_backbone
from gnnjax.train.described_weights import load_described, save_described

__all__ = ["check_same_features", "load_model", "save_model"]


def save_model(
    folder: str | os.PathLike,
    model: GSAT,
    *,
    backbone: str,
    arguments: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
) -> None:
    """Stores a `models.GSAT`: its weights (orbax) and how to build it (`model.json`, written last).

    Args:
      folder: where to; what is there is replaced.
      model: the model, over a backbone that `models.build_backbone` made.
      backbone, arguments: what it made that from.
      data: JSON-able, what the model was trained on and how.

    Examples:
      >>> import tempfile
      >>> from pathlib import Path
      >>> from flax import nnx
      >>> from gnnjax import models, train
      >>> arguments = {"in_features": 3, "out_features": 1, "hidden_size": 4, "num_layers": 1}
      >>> model = models.GSAT(models.build_backbone("gin", **arguments, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     train.save_model(folder, model, backbone="gin", arguments=arguments)
      ...     sorted(path.name for path in Path(folder).iterdir())
      ['model.json', 'weights']
    """
    attention = {"learn_edge_attention": model.learn_edge_attention, "temperature": model.temperature}
    attention["dropout_rate"] = model.extractor.dropout_rate
    description = {"backbone": backbone, "arguments": dict(arguments), "attention": attention, "data": dict(data or {})}
    save_described(Path(folder) / "model.json", model, description)


def load_model(folder: str | os.PathLike) -> tuple[GSAT, dict[str, Any]]:
    """The model that `save_model` stored in `folder`, with its weights, and its description.

    Raises:
      CheckpointError: there is none, or it is damaged.

    Examples:
      >>> import tempfile
      >>> import jax, numpy as np
      >>> from flax import nnx
      >>> from gnnjax import models, train
      >>> arguments = {"in_features": 3, "out_features": 1, "hidden_size": 4, "num_layers": 1}
      >>> model = models.GSAT(models.build_backbone("gin", **arguments, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     train.save_model(folder, model, backbone="gin", arguments=arguments, data={"name": "mine"})
      ...     loaded, description = train.load_model(folder)
      >>> description["backbone"], description["data"]
      ('gin', {'name': 'mine'})
      >>> jax.tree.all(jax.tree.map(np.array_equal, nnx.state(model), nnx.state(loaded)))
      True
    """
    return load_described(Path(folder) / "model.json", _build, what="model")


def check_same_features(description: Mapping[str, Any], dataset: GraphDataset) -> None:
    """Checks that a stored model can read a dataset.

    Args:
      description: what `load_model` returned beside the model.
      dataset: the data.

    Raises:
      DataError: node or edge features are others than those that the model was made for.

    Examples:
      >>> from gnnjax import data, train
      >>> dataset = data.from_arrays([[[1.0, 2.0]]], [([0], [0])], [1], name="mine")
      >>> train.check_same_features({"arguments": {"in_features": 2}}, dataset)
      >>> train.check_same_features({"arguments": {"in_features": 3}}, dataset)
      Traceback (most recent call last):
      ...
      gnnjax.errors.DataError: mine: its node features are 2 numbers, but the model reads 3 numbers: ...
    """
    arguments = description["arguments"]
    pairs: list[tuple[str, Any, Any]] = [("node", arguments["in_features"], dataset.in_features)]
    if arguments.get("edge_features") is not None:
        pairs.append(("edge", arguments["edge_features"], dataset.edge_features))
    for kind, expected, found in pairs:
        # A description that was read has lists where there were tuples.
        if _plain(expected) != _plain(found):
            raise DataError(
                f"{dataset.name}: its {kind} features are {_words(found)}, but the model reads {_words(expected)}: "
                "prepare the data as those that the model was trained on"
            )


def _build(description):
    backbone = build_backbone(description["backbone"], rngs=nnx.Rngs(0), **description["arguments"])
    return GSAT(backbone, rngs=nnx.Rngs(0), **description["attention"])


def _plain(features):
    return list(features) if isinstance(features, list | tuple) else features


def _words(features):
    if features is None:
        return "absent"
    return f"{features} numbers" if isinstance(features, int) else f"categories {list(features)}"
