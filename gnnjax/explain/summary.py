"""All that explanations are judged by, in one call."""

import jax
import numpy as np

from gnnjax.explain.explanations import Explanations
from gnnjax.explain.fidelity import FidelityForm, FidelityOf, characterization, fidelity, part_logits, unfaithfulness
from gnnjax.explain.ground_truth import explanation_roc_aucs, select_edges, truth_scores
from gnnjax.explain.masked_classifier import MaskedClassifier
from gnnjax.explain.perturbation import random_perturbation
from gnnjax.explain.sparsity import fidelity_curve, sparsity

__all__ = ["judge"]


def judge(
    explanations: Explanations,
    classify: MaskedClassifier,
    *,
    seed: int = 0,
    drop_rate: float = 0.5,
    num_draws: int = 10,
    batch_size: int = 128,
    **selection,
) -> dict[str, float]:
    """What a table of explanation methods has a column for.

    Names and meanings, all in [0, 1] unless the task is a regression:

    - `sparsity` of the selection, and where the dataset knows the true explanations `precision`, `recall`, `f1`, `iou`
      (`truth_scores`) of the selection and `roc_auc`, `roc_auc_per_graph` (`explanation_roc_aucs`) of the values.
    - `fidelity_plus`, `fidelity_minus` and `characterization`: probability of the predicted class, of the selection;
      with `_accuracy` the share of predictions; with `_phenomenon` of the label; with `soft_` in front with the values
      as a mask, which is left out where they leave [0, 1]; `fidelity_plus_area`, `fidelity_minus_area` over all shares
      of edges (`fidelity_curve`).
    - `unfaithfulness`, `sufficiency`, `necessity` (`random_perturbation`) of the selection.

    Of a regression, fidelities are in the unit of the target, and what needs classes is left out.

    Args:
      explanations: what is judged.
      classify: the model that they explain, see `masked_classifier`.
      seed: of the random perturbations.
      drop_rate, num_draws: as in `random_perturbation`.
      batch_size: graphs at a time.
      **selection: arguments of `select_edges`; a quarter of the edges (`top_fraction=0.25`) if there are none.

    Raises:
      ValueError, DataError: as in `select_edges`.

    >>> from gnnjax.data.from_arrays import from_arrays
    >>> import jax.numpy as jnp
    >>> paths = from_arrays([np.ones((4, 1))], [([0, 1, 2], [1, 2, 3])], [1], edge_labels=[[1, 0, 0]])
    >>> def first_edge(graphs, mask):
    ...     return (2.0 if mask is None else 2 * mask[0]) * jnp.ones((len(graphs.n_node), 1))
    >>> found = Explanations(paths, np.array([0]), np.array([0.9, 0.5, 0.1]))
    >>> scores = judge(found, jax.tree_util.Partial(first_edge), top_k=1)
    >>> scores["iou"], scores["roc_auc"], scores["fidelity_minus"], round(scores["fidelity_plus"], 3)
    (1.0, 1.0, 0.0, 0.381)
    """
    task = explanations.dataset.task
    selected = select_edges(explanations, **(selection or {"top_fraction": 0.25}))
    scores = {"sparsity": sparsity(explanations, selected)}
    if explanations.edge_labels is not None:
        pooled, per_graph = explanation_roc_aucs(explanations)
        scores |= truth_scores(explanations, selected).mean() | {"roc_auc": pooled, "roc_auc_per_graph": per_graph}

    parts = part_logits(explanations, classify, selected, batch_size=batch_size)
    all_parts = {"": parts}
    if ((explanations.edge_mask >= 0) & (explanations.edge_mask <= 1)).all():
        all_parts["soft_"] = part_logits(explanations, classify, whole=parts.whole, batch_size=batch_size)
    forms: dict[str, FidelityForm] = {"": "probability"}
    if task != "regression":
        forms["_accuracy"] = "accuracy"
    kinds: dict[str, FidelityOf] = {"": "model", "_phenomenon": "phenomenon"}
    for softness, each in all_parts.items():
        for of_suffix, of in kinds.items():
            for form_suffix, form in forms.items():
                found = fidelity(each, form=form, of=of)
                suffix = form_suffix + of_suffix
                scores |= {
                    f"{softness}fidelity_plus{suffix}": found.plus,
                    f"{softness}fidelity_minus{suffix}": found.minus,
                }
                if task != "regression":
                    scores[f"{softness}characterization{suffix}"] = characterization(found)
    area = fidelity_curve(explanations, classify, batch_size=batch_size).area()
    scores |= {"fidelity_plus_area": area.plus, "fidelity_minus_area": area.minus}
    if task != "regression":
        perturbed = random_perturbation(
            explanations,
            classify,
            selected,
            key=jax.random.key(seed),
            drop_rate=drop_rate,
            num_draws=num_draws,
            whole=parts.whole,
            batch_size=batch_size,
        )
        scores |= {
            "unfaithfulness": unfaithfulness(parts),
            "sufficiency": float(np.mean(perturbed.sufficiency)),
            "necessity": float(np.mean(perturbed.necessity)),
        }
    return scores
