"""The training loop: epochs, model selection, checkpoints, resuming."""

import contextlib
import functools
import os
import time
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gnnjax.data import GraphDataset, NodeDataset
from gnnjax.errors import NonFiniteLossError, RunError
from gnnjax.models import GSAT
from gnnjax.train.callbacks import Callback
from gnnjax.train.checkpoints import Checkpoints
from gnnjax.train.optimizers import adam_l2
from gnnjax.train.passes import evaluate_part, make_passes
from gnnjax.train.schedules import Plateau, RSchedule
from gnnjax.train.selection import Metric, first_eligible_epoch, goodness, is_better, selection_metric
from gnnjax.train.steps import create_state, default_objective, make_eval_step, make_train_step

__all__ = ["FitResult", "fit"]


class FitResult(NamedTuple):
    """Outcome of `fit`.

    Attributes:
      history: one entry per epoch: `epoch`, `r`, `learning_rate` and, per split part, its metrics.
      best_epoch: the 0-based epoch that model selection chose; the model holds its weights, unless `fit` was asked to
        keep the last.
      seconds: wall time, over all processes that worked on the run.

    Examples:
      >>> from gnnjax import train
      >>> history = [{"epoch": 0, "valid": {"accuracy": 0.5}}, {"epoch": 1, "valid": {"accuracy": 0.9}}]
      >>> result = train.FitResult(history, best_epoch=1, seconds=2.0)  # As train.fit returns it.
      >>> result.best["valid"]
      {'accuracy': 0.9}
    """

    history: list[dict[str, Any]]
    best_epoch: int
    seconds: float

    @property
    def best(self) -> dict[str, Any]:
        """The entry of the best epoch."""
        return self.history[self.best_epoch]


def fit(
    model: nnx.Module,
    dataset: GraphDataset | NodeDataset,
    splits: dict[str, np.ndarray],
    *,
    epochs: int = 100,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.0,
    plateau: Plateau | None = None,
    r: RSchedule | None = None,
    prediction_coefficient: float = 1.0,
    information_coefficient: float = 1.0,
    metric: Metric | None = None,
    lazy_parts: Sequence[str] = (),
    keep: Literal["best", "last"] = "best",
    seed: int = 0,
    folder: str | os.PathLike | None = None,
    checkpoint_every: int = 10,
    callbacks: Sequence[Callback] = (),
    mesh: Mesh | None = None,
    neighbours: Sequence[int] | None = None,
) -> FitResult:
    """Trains a `models.GSAT`, or a classifier without attention, and leaves the weights of the best epoch in it.

    Everything random depends on `seed` and the epoch alone. With a `folder` the run can be killed at any moment: the
    same call continues from its newest checkpoint and, on the same device, ends with the same bits.

    Args:
      model: the model to train, with its initial weights.
      dataset: the graphs, or one graph whose nodes are classified (by a model with `readout="node"`).
      splits: `{"train", "valid", ...}`, graph or node indices of each part; all parts but `train` are evaluated every
        epoch, `valid` selects the model.
      epochs: passes over the training part.
      batch_size: graphs per step, or nodes where neighbourhoods are sampled.
      learning_rate, weight_decay: of Adam with L2 regularisation.
      plateau: lowers the learning rate when `metric` of the part `valid` stops improving; None keeps it.
      r: GSAT's schedule of the information loss's prior (default: the published 0.9 down to 0.5).
      prediction_coefficient, information_coefficient: weights of GSAT's two losses.
      metric: what selects the best epoch, on the part `valid`: `accuracy` (default) or `roc_auc`; of regression `rmse`
        (default) or `mae`.
      lazy_parts: parts that are evaluated only in epochs that are the best so far, which saves time; the entry of the
        best epoch is complete all the same.
      keep: which epoch's weights the model ends with.
      seed: of shuffles, dropout and attention noise.
      folder: where checkpoints go (`last` and `best`); None keeps nothing.
      checkpoint_every: epochs between checkpoints.
      callbacks: told of every step and epoch.
      mesh: devices that share each batch (`parallel.data_mesh`), with the results of a single one up to rounding; None
        takes the default device.
      neighbours: for nodes, how many edges to draw into each at each step away from those to classify
        (`data.Neighbourhoods`), so that memory does not grow with the graph; None takes all of the graph at each step.

    Raises:
      NonFiniteLossError: a loss or gradient became NaN or infinite; checkpoints hold finite states only.
      RunError: a split part is missing or empty, or a setting makes no sense.
      CheckpointError: `folder` holds checkpoints of another model.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models, train
      >>> triangle, path = ([0, 1, 2], [1, 2, 0]), ([0, 1], [1, 2])
      >>> dataset = data.from_arrays(None, [triangle, path] * 3, [1, 0] * 3, n_node=[3] * 6, undirected=True)
      >>> model = models.GIN(dataset.in_features, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
      >>> splits = {"train": np.arange(4), "valid": np.arange(4, 6)}
      >>> result = train.fit(model, dataset, splits, epochs=2)
      >>> len(result.history), sorted(result.best)
      (2, ['epoch', 'learning_rate', 'r', 'train', 'valid'])
    """
    for part in ("train", "valid"):
        if len(splits.get(part, ())) == 0:
            raise RunError(f"the split has nothing in its part '{part}'")
    if epochs < 1 or checkpoint_every < 1:
        raise RunError(f"epochs={epochs} and checkpoint_every={checkpoint_every} must be at least 1")
    if not set(lazy_parts) <= splits.keys() - {"train", "valid"}:
        raise RunError(f"lazy_parts={tuple(lazy_parts)} must be among the parts other than 'train' and 'valid'")
    if keep not in ("best", "last"):
        raise RunError(f"keep={keep!r} must be best or last")
    splits = {part: np.asarray(indices) for part, indices in splits.items()}
    schedule = r or RSchedule()
    optimizer = adam_l2(learning_rate, weight_decay)
    passes = make_passes(
        dataset, splits, batch_size=batch_size, seed=seed, epochs=epochs, mesh=mesh, neighbours=neighbours
    )
    metric = selection_metric(passes.task, metric)
    objective = default_objective(model, passes.task, prediction_coefficient, information_coefficient)
    first_eligible = first_eligible_epoch(epochs, schedule) if isinstance(model, GSAT) else 0
    graphdef, state = create_state(model, optimizer)
    train_step = make_train_step(graphdef, optimizer, objective, mesh)
    eval_step = make_eval_step(graphdef, objective, mesh)
    history: list[dict[str, Any]] = []
    begin = time.perf_counter()
    best = _Best(None, _copy(state[:2]))

    with contextlib.ExitStack() as stack:
        checkpoints = None if folder is None else stack.enter_context(Checkpoints(folder))
        if checkpoints is not None and checkpoints.last_epoch is not None:
            state, history, best, seconds = _resume(checkpoints, state)
            begin -= seconds
        if mesh is not None:
            state = jax.device_put(state, NamedSharding(mesh, PartitionSpec()))
        for callback in callbacks:
            callback.on_start(len(history), epochs, passes.num_steps("train"))
            stack.callback(callback.on_end)
        for epoch in range(len(history), epochs):
            prior = schedule(epoch)
            key = jax.random.fold_in(jax.random.key(seed), epoch)
            scale = 1.0 if plateau is None else plateau.scale([goodness(entry["valid"], metric) for entry in history])
            batches = passes.batches("train", epoch)
            state, outputs, norms = _train_epoch(train_step, state, batches, prior, scale, key, callbacks)
            _check_finite(epoch, outputs, norms, checkpoints)
            evaluations = {"train": passes.collect("train", outputs, epoch)}
            evaluate_with = functools.partial(
                evaluate_part, passes, step=functools.partial(eval_step, state[:2]), r=prior
            )
            evaluations |= {part: evaluate_with(part) for part in splits if part not in ("train", *lazy_parts)}
            metrics = {part: evaluation.metrics(passes.task) for part, evaluation in evaluations.items()}
            if epoch >= first_eligible and is_better(metrics["valid"], best.metrics(history), metric):
                best = _Best(epoch, _copy(state[:2]))
                lazy = {part: evaluate_with(part) for part in lazy_parts}
                evaluations |= lazy
                metrics |= {part: evaluation.metrics(passes.task) for part, evaluation in lazy.items()}
            history.append({"epoch": epoch, "r": prior, "learning_rate": learning_rate * scale} | metrics)
            if checkpoints is not None and ((epoch + 1) % checkpoint_every == 0 or epoch + 1 == epochs):
                if best.epoch is not None:
                    checkpoints.save_best(best.epoch, best.weights)
                seconds = time.perf_counter() - begin
                record = {"history": history, "best_epoch": best.epoch, "seconds": seconds}
                checkpoints.save_last(epoch, state, record)
            for callback in callbacks:
                callback.on_epoch(history[-1], evaluations)

    assert best.epoch is not None  # The last epoch is always eligible.
    weights = best.weights if keep == "best" else state[:2]
    nnx.update(model, *jax.tree.map(jnp.asarray, weights))
    return FitResult(history, best.epoch, time.perf_counter() - begin)


class _Best(NamedTuple):
    epoch: int | None
    weights: tuple[dict, dict]

    def metrics(self, history):
        return None if self.epoch is None else history[self.epoch]["valid"]


def _copy(weights):
    """Host copies: the next training step gives up the memory of the arrays themselves."""
    return jax.tree.map(lambda array: np.array(array, copy=True), weights)


def _resume(checkpoints, state):
    state, record = checkpoints.restore_last(state)
    # Orbax ties arrays to a device: steps that were compiled for fresh ones, which are not, would compile again.
    state = jax.tree.map(lambda array: jnp.asarray(np.asarray(array)), state)
    best = _Best(record["best_epoch"], _copy(state[:2]))
    if best.epoch is not None:
        best = best._replace(weights=checkpoints.restore_best(best.weights, best.epoch))
    return state, record["history"], best, record["seconds"]


def _train_epoch(train_step, state, batches, prior, scale, key, callbacks):
    outputs, norms = [], []
    for step, batch in enumerate(batches):
        state, output, norm = train_step(state, batch, prior, scale, jax.random.fold_in(key, step))
        outputs.append(output)
        norms.append(norm)
        # Two steps in flight keep the device busy and the host's memory bounded.
        jax.block_until_ready(norms[-2:][0])
        for callback in callbacks:
            callback.on_step(step + 1)
    return state, outputs, norms


def _check_finite(epoch, outputs, norms, checkpoints):
    reports = np.array(jax.device_get([(output.loss, norm) for output, norm in zip(outputs, norms, strict=True)]))
    bad = ~np.isfinite(reports).all(axis=1)
    if not bad.any():
        return
    step = int(np.argmax(bad))
    loss, norm = reports[step]
    if checkpoints is None or checkpoints.last_epoch is None:
        good = "there is no checkpoint before it"
    else:
        good = f"the checkpoint of epoch {checkpoints.last_epoch} in {checkpoints.folder} is still good"
    raise NonFiniteLossError(
        f"epoch {epoch}, step {step}: the loss is {loss}, the norm of its gradient {norm}; {good}. Look for features "
        "of extreme size, or lower the learning rate",
        epoch=epoch,
        step=step,
    )
