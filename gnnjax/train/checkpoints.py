"""Checkpoints of a training run on disk, with orbax: the newest state to resume from, and the best weights."""

import os
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from gnnjax.errors import CheckpointError
from gnnjax.parallel import is_first_process

__all__ = ["Checkpoints", "compare_shapes", "this_process_alone"]


class Checkpoints:
    """The folders `last` and `best` below `folder`. A checkpoint is named by its epoch and appears whole or not at all.

    Two managers, since one that keeps the best steps may drop the newest. `best` keeps two steps: a run that is killed
    between writing `best` and `last` resumes from the older `last`, whose own best must still be there.

    Where several processes train together, all of them read the folder and the first alone writes to it.

    Examples:
      >>> import tempfile
      >>> import numpy as np
      >>> from gnnjax import train
      >>> with tempfile.TemporaryDirectory() as folder, train.Checkpoints(folder) as checkpoints:
      ...     checkpoints.save_last(3, {"weights": np.array([1.0, 2.0])}, {"best_epoch": 1})
      ...     state, record = checkpoints.restore_last({"weights": np.zeros(2)})
      ...     checkpoints.last_epoch, state["weights"].tolist(), record
      (3, [1.0, 2.0], {'best_epoch': 1})
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder).absolute()
        self._last = _manager(self.folder / "last", keep=1)
        self._best = _manager(self.folder / "best", keep=2)
        self._best_epoch: int | None = None

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *_):
        self._last.close()
        self._best.close()

    @property
    def last_epoch(self) -> int | None:
        """Epoch of the newest state, or None before the first."""
        return self._last.latest_step()

    def save_last(self, epoch: int, state: Any, record: dict) -> None:
        """Stores the whole training state after `epoch` and a JSON-able record of the run so far."""
        if not is_first_process():
            return
        args = ocp.args.Composite(state=ocp.args.StandardSave(jax.device_get(state)), record=ocp.args.JsonSave(record))
        self._last.save(epoch, args=args)

    def restore_last(self, template: Any) -> tuple[Any, dict]:
        """The newest state, in the structure of `template`, and its record.

        Raises:
          CheckpointError: it is damaged or of another model.
        """
        return _restore(self._last, self._newest(), "state", template), self.last_record()

    def last_record(self) -> dict:
        """The record of the newest state.

        Raises:
          CheckpointError: it is absent or damaged.
        """
        return _restore(self._last, self._newest(), "record", None)

    def _newest(self) -> int:
        if self.last_epoch is None:
            raise CheckpointError(f"{self._last.directory}: there is no checkpoint")
        return self.last_epoch

    def save_best(self, epoch: int, weights: Any) -> None:
        """Stores the weights of the best epoch so far, unless this object has stored or read them already."""
        if epoch == self._best_epoch or not is_first_process():
            return
        if epoch in self._best.all_steps():
            # Left by a process that was killed before its state was stored: no state refers to it.
            self._best.delete(epoch)
        self._best.save(epoch, args=ocp.args.Composite(weights=ocp.args.StandardSave(weights)))
        self._best_epoch = epoch

    def restore_best(self, template: Any, epoch: int | None = None) -> Any:
        """The weights of the best epoch (default: the newest stored), in the structure of `template`.

        Raises:
          CheckpointError: there are none, or they are damaged or of another model.
        """
        epoch = self._best.latest_step() if epoch is None else epoch
        if epoch is None or epoch not in self._best.all_steps():
            raise CheckpointError(f"{self._best.directory}: there is no checkpoint of epoch {epoch}")
        weights = _restore(self._best, epoch, "weights", template)
        self._best_epoch = epoch
        return weights


def _manager(folder: Path, *, keep: int) -> ocp.CheckpointManager:
    folder.mkdir(parents=True, exist_ok=True)
    alone = this_process_alone()
    options = ocp.CheckpointManagerOptions(
        max_to_keep=keep, enable_async_checkpointing=False, create=False, multiprocessing_options=alone
    )
    handlers = {
        "state": ocp.StandardCheckpointHandler(multiprocessing_options=alone),
        "weights": ocp.StandardCheckpointHandler(multiprocessing_options=alone),
        "record": ocp.JsonCheckpointHandler(multiprocessing_options=alone),
    }
    return ocp.CheckpointManager(folder, options=options, item_handlers=handlers)


def this_process_alone() -> ocp.options.MultiprocessingOptions:
    """Has orbax read and write without the other processes, for which it would wait otherwise."""
    number = jax.process_index()
    return ocp.options.MultiprocessingOptions(
        primary_host=number, active_processes={number}, barrier_sync_key_prefix=f"process-{number}"
    )


def _restore(manager: ocp.CheckpointManager, epoch: int, item: str, template: Any) -> Any:
    """One item of a checkpoint, in the structure of `template`; a JSON record without one."""
    try:
        if template is None:
            args = ocp.args.JsonRestore()
        else:
            # Before anything is read: a restore that fails halfway leaves orbax's other reads running.
            metadata = manager.item_metadata(epoch)[item]
            compare_shapes(metadata, template)
            args = ocp.args.StandardRestore(jax.tree.map(ocp.utils.to_shape_dtype_struct, template))
        return manager.restore(epoch, args=ocp.args.Composite(**{item: args}))[item]
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise CheckpointError(
            f"{manager.directory}: the checkpoint of epoch {epoch} is damaged or of another model ({error})"
        ) from error


def compare_shapes(metadata: Any, template: Any) -> None:
    """Raises ValueError, naming the array, unless a checkpoint's metadata has the shapes of `template`."""
    if metadata is None:
        raise ValueError("it holds no arrays")
    stored, wanted = _shapes(metadata.tree), _shapes(template)
    for name in sorted(stored.keys() | wanted.keys()):
        if stored.get(name) != wanted.get(name):
            there, here = ("absent" if shape is None else list(shape) for shape in (stored.get(name), wanted.get(name)))
            raise ValueError(f"{name} is {there} there and {here} in this model")


def _shapes(tree: Any) -> dict[str, tuple[int, ...]]:
    """Shape of each array by its path; orbax turns all keys into text."""
    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    return {"/".join(str(ocp.utils.get_key_name(key)) for key in path): leaf.shape for path, leaf in leaves}
