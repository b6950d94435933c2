"""Checkpoints of a training run on disk, with orbax: the newest state to resume from, and the best weights."""

import os
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from gnnjax.errors import CheckpointError

__all__ = ["Checkpoints"]


class Checkpoints:
    """The folders `last` and `best` below `folder`. A checkpoint is named by its epoch and appears whole or not at all.

    Two managers, since one that keeps the best steps may drop the newest. `best` keeps two steps: a run that is killed
    between writing `best` and `last` resumes from the older `last`, whose own best must still be there.
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
        args = ocp.args.Composite(state=ocp.args.StandardSave(state), record=ocp.args.JsonSave(record))
        self._last.save(epoch, args=args)

    def restore_last(self, template: Any) -> tuple[Any, dict]:
        """The newest state, in the structure of `template`, and its record.

        Raises:
          CheckpointError: it is damaged or of another model.
        """
        args = ocp.args.Composite(state=_restore_args(template), record=ocp.args.JsonRestore())
        restored = _restore(self._last, self._last.latest_step(), args)
        return restored["state"], restored["record"]

    def save_best(self, epoch: int, weights: Any) -> None:
        """Stores the weights of the best epoch so far, unless this object has stored or read them already."""
        if epoch == self._best_epoch:
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
        if epoch not in self._best.all_steps():
            raise CheckpointError(f"{self._best.directory}: there is no checkpoint of epoch {epoch}")
        weights = _restore(self._best, epoch, ocp.args.Composite(weights=_restore_args(template)))["weights"]
        self._best_epoch = epoch
        return weights


def _manager(folder: Path, *, keep: int) -> ocp.CheckpointManager:
    options = ocp.CheckpointManagerOptions(max_to_keep=keep, enable_async_checkpointing=False, create=True)
    return ocp.CheckpointManager(folder, options=options)


def _restore_args(template: Any) -> ocp.args.StandardRestore:
    return ocp.args.StandardRestore(jax.tree.map(ocp.utils.to_shape_dtype_struct, template))


def _restore(manager: ocp.CheckpointManager, epoch: int | None, args: ocp.args.Composite) -> Any:
    try:
        return manager.restore(epoch, args=args)
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise CheckpointError(
            f"{manager.directory}: the checkpoint of epoch {epoch} is damaged or of another model ({error})"
        ) from error
