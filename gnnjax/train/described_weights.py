"""A model's weights beside a description that says how to build it and what it was trained on."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx

from gnnjax.errors import CheckpointError, RunError
from gnnjax.train.checkpoints import compare_shapes, this_process_alone
from gnnjax.train.run_folder import differences, read_json, write_json
from gnnjax.train.steps import split

__all__ = ["load_described", "save_described"]


def save_described(path: str | os.PathLike, model: nnx.Module, description: Mapping[str, Any]) -> None:
    """Stores weights (orbax) and the description (the JSON file `path`, written last) in one folder."""
    path = Path(path).absolute()
    path.unlink(missing_ok=True)
    with ocp.StandardCheckpointer(multiprocessing_options=this_process_alone()) as checkpointer:
        checkpointer.save(path.parent / "weights", jax.device_get(split(model)[1:]), force=True)
    write_json(path, dict(description))


def load_described(
    path: str | os.PathLike,
    build: Callable[[dict[str, Any]], nnx.Module],
    *,
    what: str,
    wanted: Mapping[str, Any] | None = None,
) -> tuple[Any, dict[str, Any]]:
    """What `save_described` stored: the model, with its weights, and the description.

    Args:
      path: the JSON file.
      build: makes the model of a description, with any weights.
      what: what errors call it, such as `pre-trained classifier`.
      wanted: what the description must hold.

    Raises:
      CheckpointError: there is none, it is damaged, or its description is another; says what differs.
    """
    path = Path(path).absolute()
    folder = path.parent
    if not path.is_file():
        raise CheckpointError(f"{folder} holds no {what} (no {path.name})")
    try:
        description = read_json(path)
    except RunError as error:
        raise CheckpointError(str(error)) from error
    if not isinstance(description, dict):
        raise CheckpointError(f"{folder}: the {what} is damaged ({path.name} holds no description)")
    lines = differences({key: description.get(key) for key in wanted or {}}, json.loads(json.dumps(dict(wanted or {}))))
    if lines:
        raise CheckpointError(f"{folder} holds a {what} of another kind:\n  " + "\n  ".join(lines))
    try:
        model = build(_tuples(description))
        template = split(model)[1:]
        with ocp.StandardCheckpointer(multiprocessing_options=this_process_alone()) as checkpointer:
            # Before anything is read: a restore that fails halfway leaves orbax's other reads running.
            compare_shapes(checkpointer.metadata(folder / "weights").item_metadata, template)
            restored = checkpointer.restore(folder / "weights", jax.tree.map(ocp.utils.to_shape_dtype_struct, template))
        # Orbax ties arrays to a device; beside fresh ones, which are not, a step would compile twice.
        nnx.update(model, *jax.tree.map(lambda array: jnp.asarray(np.asarray(array)), restored))
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder}: the {what} is damaged ({error})") from error
    return model, description


def _tuples(value: Any) -> Any:
    """JSON has no tuples, which models' arguments are where they are sequences."""
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value
