"""Classifiers stored with all that is needed to use them again: what GSAT* starts from."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx

from gnnjax.errors import CheckpointError, RunError
from gnnjax.models.build import build_backbone
from gnnjax.train.checkpoints import compare_shapes, this_process_alone
from gnnjax.train.run_folder import differences, read_json, write_json
from gnnjax.train.steps import split

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
    """
    folder = Path(folder).absolute()
    (folder / "classifier.json").unlink(missing_ok=True)
    with ocp.StandardCheckpointer(multiprocessing_options=this_process_alone()) as checkpointer:
        checkpointer.save(folder / "weights", jax.device_get(split(model)[1:]), force=True)
    write_json(folder / "classifier.json", {"backbone": backbone, "arguments": dict(arguments), "data": dict(data)})


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
    """
    folder = Path(folder).absolute()
    if not (folder / "classifier.json").is_file():
        raise CheckpointError(f"{folder} holds no pre-trained classifier (no classifier.json)")
    try:
        description = read_json(folder / "classifier.json")
    except RunError as error:
        raise CheckpointError(str(error)) from error
    if not isinstance(description, dict):
        raise CheckpointError(f"{folder}: the pre-trained classifier is damaged (classifier.json holds no description)")
    wanted = {"backbone": backbone, "arguments": arguments, "data": data}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    found = {key: description.get(key) for key in wanted}
    lines = differences(found, json.loads(json.dumps(wanted)))
    if lines:
        raise CheckpointError(f"{folder} holds a pre-trained classifier of another kind:\n  " + "\n  ".join(lines))
    try:
        listed = {key: tuple(v) if isinstance(v, list) else v for key, v in description["arguments"].items()}
        model = build_backbone(description["backbone"], rngs=nnx.Rngs(0), **listed)
        template = split(model)[1:]
        with ocp.StandardCheckpointer(multiprocessing_options=this_process_alone()) as checkpointer:
            # Before anything is read: a restore that fails halfway leaves orbax's other reads running.
            compare_shapes(checkpointer.metadata(folder / "weights").item_metadata, template)
            restored = checkpointer.restore(folder / "weights", jax.tree.map(ocp.utils.to_shape_dtype_struct, template))
        # Orbax ties arrays to a device; beside fresh ones, which are not, a step would compile twice.
        nnx.update(model, *jax.tree.map(lambda array: jnp.asarray(np.asarray(array)), restored))
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder}: the pre-trained classifier is damaged ({error})") from error
    return model
