"""Notices attention that has stopped to say anything, and what to change."""

import warnings
from typing import Any

import numpy as np

from gnnjax.data import GraphDataset, Task
from gnnjax.explain import Explanations, masked_classifier, masked_logits, select_edges
from gnnjax.models import GSAT
from gnnjax.train.callbacks import Callback
from gnnjax.train.evaluation import Evaluation, accuracy, regression_errors
from gnnjax.train.passes import evaluate

__all__ = ["CollapseWarning", "CollapseWatchdog", "unneeded_attention"]

_FLAT = 0.02
_NO_INFORMATION = 1e-4


class CollapseWarning(UserWarning):
    """The attention does not select: what it shows is no explanation.

    Examples:
      >>> import warnings
      >>> import numpy as np
      >>> from gnnjax import train
      >>> flat = train.Evaluation({}, np.zeros((1, 1)), np.zeros((1, 1)), np.full(4, 0.5), None, np.array([4]))
      >>> watchdog = train.CollapseWatchdog(final_r=0.5, patience=1)  # For train.fit(..., callbacks=[watchdog]).
      >>> with warnings.catch_warnings():
      ...     warnings.simplefilter("error", train.CollapseWarning)  # Ends the run.
      ...     watchdog.on_epoch({"epoch": 40, "r": 0.5, "valid": {}}, {"valid": flat})
      Traceback (most recent call last):
      ...
      gnnjax.train.watchdog.CollapseWarning: epoch 40: all attention is near r = 0.5, so that it ranks ...
    """


class CollapseWatchdog(Callback):
    """Warns, once per kind, when the attention on a part of the split has been collapsed for several epochs.

    Collapsed means a standard deviation over all edges below 0.02 (all near r, or all near 0 or 1), or an information
    loss below 1e-4 nats. r moves at the beginning of a run, and attention with it: epochs in which r is not yet at its
    last value do not count.

    Args:
      final_r: the last value of r.
      part: of the split.
      patience: for so many epochs in a row.

    Attributes:
      messages: what was warned of so far.

    >>> CollapseWatchdog(final_r=0.5).problem(np.array([0.5, 0.51, 0.5]), 0.5)[:30]
    'all attention is near r = 0.5,'
    >>> CollapseWatchdog(final_r=0.5).problem(np.array([0.1, 0.9, 0.2]), 0.5) is None
    True
    """

    def __init__(self, *, final_r: float, part: str = "valid", patience: int = 5):
        self._final_r, self._part, self._patience = final_r, part, patience
        self._epochs = 0
        self.messages: list[str] = []

    def on_epoch(self, entry: dict[str, Any], evaluations: dict[str, Evaluation]) -> None:
        evaluation = evaluations.get(self._part)
        if evaluation is None or evaluation.edge_attention is None or entry["r"] - self._final_r > 1e-9:
            return
        problem = self.problem(evaluation.edge_attention, entry["r"], entry[self._part].get("information_loss"))
        self._epochs = 0 if problem is None else self._epochs + 1
        kinds = {message.partition(":")[0] for message in self.messages}
        if problem is not None and self._epochs >= self._patience and problem.partition(":")[0] not in kinds:
            self.messages.append(problem)
            warnings.warn(f"epoch {entry['epoch']}: {problem}", CollapseWarning, stacklevel=2)

    def problem(self, edge_attention: np.ndarray, r: float, information_loss: float | None = None) -> str | None:
        """What is wrong with an attention and what to change, or None.

        Args:
          edge_attention: `[edges]`, in (0, 1).
          r: the prior of the information loss.
          information_loss: in nats, if known.
        """
        if len(edge_attention) and np.std(edge_attention) < _FLAT:
            mean = float(np.mean(edge_attention))
            if mean > 0.95:
                return (
                    "all attention is near 1: nothing is left out. Lower r (--config.r.final) or raise "
                    "information_coefficient"
                )
            if mean < 0.05:
                return (
                    "all attention is near 0: nothing is let through. Raise r (--config.r.final) or lower "
                    "information_coefficient"
                )
            near = f"near r = {r:g}" if abs(mean - r) < 0.1 else f"near {mean:.2f}"
            return (
                f"all attention is {near}, so that it ranks edges by noise: train longer, raise the learning rate, "
                "lower information_coefficient, or start from a trained classifier (pretrained=auto)"
            )
        if information_loss is not None and information_loss < _NO_INFORMATION:
            return (
                f"the information loss has vanished: at {information_loss:.1e} nats the attention says what the prior "
                "says. Lower information_coefficient or raise the learning rate"
            )
        return None


def unneeded_attention(
    model: GSAT, dataset: GraphDataset, indices: np.ndarray, *, fraction: float = 0.5, tolerance: float = 0.01
) -> str | None:
    """Whether the model predicts as well without the edges that its attention ranks first as with them.

    Those edges then explain nothing, however high their attention.

    Args:
      model: a trained model.
      dataset, indices: graphs to try it on.
      fraction: of each graph's edges, how many to leave out.
      tolerance: how much accuracy (RMSE, relative, for regression) may fall and still count as good.

    Returns:
      What is wrong, in words, or None.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models, nn, train
      >>> dataset = data.from_arrays([[[1.0]] * 3, [[-1.0]] * 3], [([0, 1], [1, 2])] * 2, [1, 0])
      >>> without_edges = models.FunctionBackbone(
      ...     lambda weights, graphs, *_, **options: graphs.nodes,
      ...     lambda weights, graphs, *_, **options: nn.sum_pool(graphs), weights={}, hidden_size=1,
      ... )
      >>> train.unneeded_attention(models.GSAT(without_edges, rngs=nnx.Rngs(0)), dataset, np.array([0, 1]))
      'accuracy is 1.000 without the 50% of edges of highest attention and 1.000 with them: ...'
    """
    evaluation = evaluate(model, dataset, indices)
    left_out = select_edges(Explanations.of_evaluation(dataset, indices, evaluation), top_fraction=fraction)
    logits = masked_logits(masked_classifier(model), dataset, indices, (~left_out).astype(np.float32))
    with_all, without = (_goodness(dataset.task, each, evaluation.labels) for each in (evaluation.logits, logits))
    if without < with_all - tolerance * (abs(with_all) if dataset.task == "regression" else 1):
        return None
    unit = "RMSE" if dataset.task == "regression" else "accuracy"
    return (
        f"{unit} is {abs(without):.3f} without the {fraction:.0%} of edges of highest attention and "
        f"{abs(with_all):.3f} with them: the prediction does not need them, so they do not explain it. Node features "
        "may decide alone; lower r, or compare with a model without edges"
    )


def _goodness(task: Task, logits: np.ndarray, labels: np.ndarray) -> float:
    return -regression_errors(logits, labels)["rmse"] if task == "regression" else accuracy(task, logits, labels)
