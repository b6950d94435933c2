"""Whether a model says of the explanation alone, and of the graph without it, what it says of the whole graph."""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from gnnjax.data import Task
from gnnjax.errors import DataError
from gnnjax.explain.explanations import Explanations
from gnnjax.explain.ground_truth import select_edges
from gnnjax.explain.masked_classifier import MaskedClassifier, masked_logits

__all__ = [
    "Fidelity",
    "FidelityForm",
    "FidelityOf",
    "PartLogits",
    "characterization",
    "fidelity",
    "part_logits",
    "predictions",
    "unfaithfulness",
]

FidelityForm = Literal["probability", "accuracy"]
FidelityOf = Literal["model", "phenomenon"]


class PartLogits(NamedTuple):
    """What a model says of whole graphs and of both parts into which an explanation divides them.

    Attributes:
      task: of the dataset.
      labels: of the graphs, as in `GraphDataset`.
      whole: `[graphs, outputs]`, logits of the whole graphs.
      kept: the same where only the explanation passes messages.
      left: the same where all but the explanation does.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> whole, kept, left = np.array([[2.0]]), np.array([[1.0]]), np.array([[-1.0]])
    >>> explain.fidelity(explain.PartLogits("binary", np.ones((1, 1)), whole, kept, left), form="accuracy")
    Fidelity(plus=1.0, minus=0.0)
    """

    task: Task
    labels: np.ndarray
    whole: Float[np.ndarray, "graphs outputs"]
    kept: Float[np.ndarray, "graphs outputs"]
    left: Float[np.ndarray, "graphs outputs"]


class Fidelity(NamedTuple):
    """How much the model's output changes, mean over the graphs.

    Attributes:
      plus: without the explanation; high where the explanation is necessary.
      minus: with the explanation alone; low where it is sufficient.

    >>> from gnnjax import explain
    >>> good, useless = explain.Fidelity(plus=0.8, minus=0.2), explain.Fidelity(plus=0.0, minus=0.2)
    >>> round(explain.characterization(good), 2), explain.characterization(useless)
    (0.8, 0.0)
    """

    plus: float
    minus: float


def part_logits(
    explanations: Explanations,
    classify: MaskedClassifier,
    mask: Bool[np.ndarray, " edges"] | Float[np.ndarray, " edges"] | None = None,
    *,
    whole: Float[np.ndarray, "graphs outputs"] | None = None,
    batch_size: int = 128,
    **selection,
) -> PartLogits:
    """Runs a model on the whole graphs, on their explanations, and on what these leave.

    Edges are masked and not taken out: all nodes stay. A soft mask m weighs each edge by m, and by 1 - m in the rest.

    Args:
      explanations: the graphs and the values of their edges.
      classify: the model, see `masked_classifier`.
      mask: `[sum n_edge]`, truth values (hard) or numbers in [0, 1] (soft). If it is None and there is no selection it
        is `explanations.edge_mask`.
      whole: logits of the whole graphs, where they are known from another call.
      batch_size: graphs at a time.
      **selection: arguments of `select_edges`, which stand for a hard mask.

    Raises:
      ValueError: as in `select_edges`, or both a mask and a selection are given.
      DataError: the mask is not in [0, 1], or not one value per edge.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> import jax, jax.numpy as jnp
    >>> paths = from_arrays([np.ones((4, 1))], [([0, 1, 2], [1, 2, 3])], [1])
    >>> count = jax.tree_util.Partial(lambda graphs, mask: jnp.where(graphs.senders < 3, 1.0 if mask is None else mask,
    ...                                                              0).sum() * jnp.ones((len(graphs.n_node), 1)))
    >>> parts = part_logits(Explanations(paths, np.array([0]), np.array([0.9, 0.5, 0.1])), count, top_k=1)
    >>> parts.whole.item(), parts.kept.item(), parts.left.item()
    (3.0, 1.0, 2.0)
    """
    if mask is not None and selection:
        raise ValueError(f"give a mask or the selection {selection}, not both")
    if selection:
        mask = select_edges(explanations, **selection)
    mask = explanations.edge_mask if mask is None else np.asarray(mask)
    dataset, indices = explanations.dataset, explanations.indices
    if mask.shape != explanations.edge_mask.shape or mask.dtype.kind not in "bf":
        wanted = f"bool or float[{len(explanations.edge_mask)}]"
        raise DataError(f"{dataset.name}: mask must be {wanted}, is {mask.dtype}{list(mask.shape)}")
    mask = mask.astype(np.float32)
    if not ((mask >= 0) & (mask <= 1)).all():
        raise DataError(
            f"{dataset.name}: mask has the value {mask[~((mask >= 0) & (mask <= 1))][0]}, outside [0, 1]: "
            "explanations on another scale need a selection such as top_fraction=0.2"
        )
    if whole is None:
        whole = masked_logits(classify, dataset, indices, batch_size=batch_size)
    kept, left = (masked_logits(classify, dataset, indices, each, batch_size=batch_size) for each in (mask, 1 - mask))
    return PartLogits(dataset.task, dataset.labels[indices], whole, kept, left)


def fidelity(
    parts: PartLogits, *, form: FidelityForm = "probability", of: FidelityOf = "model", signed: bool = False
) -> Fidelity:
    """Fidelity+ and fidelity-: mean |s(f(G)) - s(f(G'))|, G' the graph without the explanation, or the explanation.

    The score s is, in the form `probability`, the probability of a class, and in the form `accuracy` 1 where that class
    is predicted, else 0. The class is the one predicted of the whole graph (`model`) or the label (`phenomenon`). With
    several tasks (`multilabel`) each labelled task counts, each task where it is `of` the model. Of `regression`, s is
    minus the distance from the prediction of the whole graph, or from the label, and there is no `accuracy`.

    Args:
      parts: what `part_logits` returned.
      form, of: the score.
      signed: s(f(G)) - s(f(G')) without the bars, which is negative where G' scores better.

    Returns:
      In [0, 1], or [-1, 1] if signed; of `regression` in the unit of the target. NaN where nothing is labelled.

    Raises:
      ValueError: the accuracy of a regression is asked for, or an unknown score.

    Source: Amara et al., GraphFramEx, LoG 2022 (arXiv 2206.09677); signed: Pope et al., CVPR 2019, and Yuan et al.,
    TPAMI 2023 (arXiv 2012.15445).

    >>> parts = PartLogits("binary", np.ones((2, 1)), *(np.array([[1.0], z]) for z in ([2.0], [-1.0], [3.0])))
    >>> fidelity(parts, form="accuracy")
    Fidelity(plus=0.0, minus=0.5)
    """
    if form not in ("probability", "accuracy") or of not in ("model", "phenomenon"):
        raise ValueError(f"form={form!r} must be probability or accuracy, of={of!r} must be model or phenomenon")
    if parts.task == "regression" and form == "accuracy":
        raise ValueError("a regression has no accuracy: ask for the form probability, the difference of predictions")
    aim = _aim(parts, of)
    whole = _scores(parts.task, parts.whole, aim, form)

    def change(logits):
        lost = whole - _scores(parts.task, logits, aim, form)
        return _mean_of_labelled(lost if signed else np.abs(lost))

    return Fidelity(change(parts.left), change(parts.kept))


def characterization(scores: Fidelity, *, plus_weight: float = 0.5, minus_weight: float = 0.5) -> float:
    """One number in [0, 1] for both: the weighted harmonic mean of fidelity+ and 1 - fidelity-.

    Formula: (w+ + w-) / (w+ / fid+ + w- / (1 - fid-)); 0 where a term is 0.

    Raises:
      ValueError: a fidelity is not in [0, 1], as may happen to a signed one or that of a regression.

    Source: Amara et al., GraphFramEx, LoG 2022 (arXiv 2206.09677).

    >>> round(characterization(Fidelity(plus=0.8, minus=0.2)), 6)
    0.8
    """
    terms = ((plus_weight, scores.plus), (minus_weight, 1 - scores.minus))
    if any(not (0 <= value <= 1 or np.isnan(value)) for _, value in terms):
        raise ValueError(f"{scores} is not in [0, 1]: the characterization is of unsigned fidelities of classes")
    if any(value == 0 for _, value in terms):
        return 0.0
    return float((plus_weight + minus_weight) / sum(weight / value for weight, value in terms))


def unfaithfulness(parts: PartLogits) -> float:
    """1 - exp(-KL(f(G) || f(S))) in [0, 1), mean over the graphs (and tasks): how far the explanation's output is off.

    f is the distribution over the classes, or (`binary`, `multilabel`) over 0 and 1; S is the explanation alone.

    Raises:
      ValueError: the task is a regression, which has no distribution.

    Source: Agarwal et al., GraphXAI, Scientific Data 2023 (arXiv 2208.09339).

    >>> same = np.array([[0.3], [-2.0]])
    >>> unfaithfulness(PartLogits("binary", np.ones((2, 1)), same, same, -same))
    0.0
    """
    if parts.task == "regression":
        raise ValueError("a regression has no distribution over classes: see fidelity, which takes differences")
    whole, kept = (_log_probabilities(parts.task, logits) for logits in (parts.whole, parts.kept))
    divergence = (np.exp(whole) * (whole - kept)).sum(axis=-1)
    # Rounding may leave a little less than 0.
    return float(np.mean(-np.expm1(-np.maximum(divergence, 0))))


def predictions(task: Task, logits: Float[np.ndarray, "graphs outputs"]) -> np.ndarray:
    """What logits predict, in the form of `GraphDataset.labels`.

    >>> predictions("multiclass", np.array([[0.1, 0.7, 0.2]])).tolist()
    [1]
    """
    if task == "multiclass":
        return logits.argmax(axis=1)
    return logits if task == "regression" else (logits > 0).astype(np.float32)


def _aim(parts: PartLogits, of: FidelityOf) -> np.ndarray:
    """The class, or number, whose score is followed; `[graphs, tasks]`, or `[graphs]` (multiclass)."""
    return predictions(parts.task, parts.whole) if of == "model" else parts.labels


def _scores(task: Task, logits: np.ndarray, aim: np.ndarray, form: FidelityForm) -> np.ndarray:
    """`[graphs]` or `[graphs, tasks]`, NaN where there is no label."""
    if task == "regression":
        return -np.abs(logits.astype(np.float64) - aim)
    if form == "accuracy":
        return np.where(np.isnan(aim), np.nan, predictions(task, logits) == aim)
    log_probabilities = _log_probabilities(task, logits)
    classes = np.nan_to_num(aim).astype(int)[..., None]
    return np.where(np.isnan(aim), np.nan, np.exp(np.take_along_axis(log_probabilities, classes, axis=-1))[..., 0])


def _log_probabilities(task: Task, logits: np.ndarray) -> np.ndarray:
    """`[graphs, classes]`, or `[graphs, tasks, 2]` where each task has a 0 and a 1."""
    logits = logits.astype(np.float64)
    if task != "multiclass":
        logits = np.stack([np.zeros_like(logits), logits], axis=-1)
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def _mean_of_labelled(values: np.ndarray) -> float:
    labelled = ~np.isnan(values)
    return float(values[labelled].mean()) if labelled.any() else float("nan")
