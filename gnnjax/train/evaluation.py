"""What a pass over a split found: predictions, attention and metrics."""

import dataclasses

import numpy as np

from gnnjax.data import Task
from gnnjax.explain import explanation_roc_auc, mean_attention, precision_at_k
from gnnjax.roc_auc import binary_roc_auc

__all__ = ["Evaluation", "accuracy", "regression_errors", "roc_auc"]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Results of a pass over some graphs, in the order of the pass, without padding.

    Attributes:
      losses: mean over batches of `loss`, `prediction_loss` and, with attention, `information_loss`, in nats.
      logits: `[graphs, outputs]` (or `[nodes, outputs]`, where nodes are classified).
      labels: as in `data.GraphDataset` or `data.NodeDataset`.
      edge_attention: `[sum n_edge]`, in (0, 1), or None for a plain classifier and for sampled neighbourhoods.
      edge_labels: `[sum n_edge]`, 1 where an edge is signal, or None.
      n_edge: `[graphs]`, number of edges of each graph.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import train
      >>> evaluation = train.Evaluation(  # As train.evaluate returns it.
      ...     losses={"loss": 0.5}, logits=np.array([[2.0], [1.0]]), labels=np.array([[1.0], [0.0]]),
      ...     edge_attention=np.array([0.9, 0.2, 0.7]), edge_labels=np.array([1, 0, 1]), n_edge=np.array([1, 2]),
      ... )
      >>> evaluation.attention_of(1).tolist()
      [0.2, 0.7]
      >>> metrics = evaluation.metrics("binary")
      >>> metrics["accuracy"], metrics["roc_auc"], metrics["explanation_roc_auc"]
      (0.5, 1.0, 1.0)
    """

    losses: dict[str, float]
    logits: np.ndarray
    labels: np.ndarray
    edge_attention: np.ndarray | None
    edge_labels: np.ndarray | None
    n_edge: np.ndarray

    def attention_of(self, position: int) -> np.ndarray:
        """`[edges]`, the attention of the graph at `position` of the pass.

        Raises:
          ValueError: a plain classifier was evaluated, which has no attention.
        """
        if self.edge_attention is None:
            raise ValueError("a plain classifier was evaluated: it has no attention")
        end = int(self.n_edge[: position + 1].sum())
        return self.edge_attention[end - int(self.n_edge[position]) : end]

    def metrics(self, task: Task) -> dict[str, float]:
        """Losses, what the task is judged by, and the attention's agreement with known signal edges.

        That is accuracy and (`binary`, `multilabel`) ROC-AUC, or RMSE and MAE (`regression`).
        """
        if task == "regression":
            metrics = self.losses | regression_errors(self.logits, self.labels)
        else:
            metrics = self.losses | {"accuracy": accuracy(task, self.logits, self.labels)}
        if task in ("binary", "multilabel"):
            metrics["roc_auc"] = roc_auc(self.logits, self.labels)
        if self.edge_labels is not None and self.edge_attention is not None:
            signal, background = mean_attention(self.edge_attention, self.edge_labels)
            metrics |= {
                "explanation_roc_auc": explanation_roc_auc(self.edge_attention, self.edge_labels),
                "precision_at_5": precision_at_k(self.edge_attention, self.edge_labels, self.n_edge, 5),
                "signal_attention": signal,
                "background_attention": background,
            }
        return metrics


def accuracy(task: Task, logits: np.ndarray, labels: np.ndarray) -> float:
    """Share in [0, 1] of right predictions among the labelled entries; NaN where there are none.

    Args:
      task: a sigmoid output (`binary`, `multilabel`) predicts 1 where its logit is positive; `multiclass` predicts the
        largest logit.
      logits: `[graphs, outputs]`.
      labels: as in `data.GraphDataset`.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import train
      >>> train.accuracy("multiclass", np.array([[0.0, 2.0], [3.0, 1.0]]), np.array([1, 1]))
      0.5
      >>> train.accuracy("binary", np.array([[2.0], [-1.0], [0.3]]), np.array([[1.0], [0.0], [np.nan]]))
      1.0
    """
    if task == "multiclass":
        return float((logits.argmax(axis=1) == labels).mean())
    labelled = ~np.isnan(labels)
    return float(((logits > 0) == labels)[labelled].mean()) if labelled.any() else float("nan")


def roc_auc(logits: np.ndarray, labels: np.ndarray) -> float:
    """ROC-AUC in [0, 1] per task over its labelled graphs, mean over the tasks with both classes; NaN without any.

    Args:
      logits: `[graphs, tasks]`.
      labels: `[graphs, tasks]` in {0, 1}, NaN where not labelled.

    Source: the evaluation of OGB, Hu et al., NeurIPS 2020 (arXiv 2005.00687).

    Examples:
      >>> import numpy as np
      >>> from gnnjax import train
      >>> logits = np.array([[0.1], [0.4], [0.3], [0.8]])
      >>> train.roc_auc(logits, np.array([[0], [0], [1], [1]]))  # One of four pairs is in the wrong order.
      0.75
    """
    scores = []
    for logit, label in zip(logits.T, labels.T, strict=True):
        labelled = ~np.isnan(label)
        if len(np.unique(label[labelled])) == 2:
            scores.append(binary_roc_auc(label[labelled] == 1, logit[labelled]))
    return float(np.mean(scores)) if scores else float("nan")


def regression_errors(predictions: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Root mean square (`rmse`) and mean absolute error (`mae`) over what was measured; NaN where nothing was.

    Args:
      predictions: `[graphs, targets]`.
      labels: `[graphs, targets]`, NaN where not measured.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import train
      >>> train.regression_errors(np.array([[1.0], [7.0], [9.0]]), np.array([[0.0], [0.0], [np.nan]]))
      {'rmse': 5.0, 'mae': 4.0}
    """
    measured = ~np.isnan(labels)
    if not measured.any():
        return {"rmse": float("nan"), "mae": float("nan")}
    errors = (predictions - labels)[measured].astype(np.float64)
    return {"rmse": float(np.sqrt(np.mean(errors**2))), "mae": float(np.mean(np.abs(errors)))}
