"""The judgement in one call is that of its parts."""

import dataclasses

import jax
import numpy as np
import pytest

from gnnjax.explain.fidelity import characterization, fidelity, part_logits, unfaithfulness
from gnnjax.explain.ground_truth import explanation_roc_aucs, select_edges, truth_scores
from gnnjax.explain.perturbation import random_perturbation
from gnnjax.explain.sparsity import fidelity_curve, sparsity
from gnnjax.explain.summary import judge
from tests.explain.edge_sums import TASKS, edge_sums, explanations_of


def test_is_what_its_parts_say():
    explanations, (classify, _) = explanations_of("binary"), edge_sums("binary")
    scores = judge(explanations, classify, seed=3, num_draws=2, top_k=2)
    selected = select_edges(explanations, top_k=2)
    parts, soft = part_logits(explanations, classify, selected), part_logits(explanations, classify)
    label = fidelity(soft, form="accuracy", of="phenomenon")
    perturbed = random_perturbation(explanations, classify, selected, key=jax.random.key(3), num_draws=2)
    expected = truth_scores(explanations, selected).mean() | {
        "sparsity": sparsity(explanations, selected),
        "roc_auc": explanation_roc_aucs(explanations).pooled,
        "roc_auc_per_graph": explanation_roc_aucs(explanations).per_graph,
        "fidelity_plus": fidelity(parts).plus,
        "characterization": characterization(fidelity(parts)),
        "soft_fidelity_minus_accuracy_phenomenon": label.minus,
        "fidelity_minus_area": fidelity_curve(explanations, classify).area().minus,
        "unfaithfulness": unfaithfulness(parts),
        "sufficiency": perturbed.sufficiency.mean(),
        "necessity": perturbed.necessity.mean(),
    }
    assert {name: scores[name] for name in expected} == pytest.approx(expected)
    assert all(type(value) is float and 0 <= value <= 1 for value in scores.values())


@pytest.mark.parametrize("task", list(TASKS)[1:])
def test_every_task(task):
    explanations, (classify, _) = explanations_of(task), edge_sums(task)
    scores = judge(explanations, classify, num_draws=1)
    assert np.isfinite(list(scores.values())).all()
    assert ("unfaithfulness" in scores) == (task != "regression")
    assert ("fidelity_plus_accuracy" in scores) == (task != "regression")


def test_values_on_another_scale_and_no_truth():
    explanations, (classify, _) = explanations_of("binary"), edge_sums("binary")
    plain = judge(explanations, classify, num_draws=1)
    other = dataclasses.replace(
        explanations,
        dataset=dataclasses.replace(explanations.dataset, edge_labels=None),
        edge_mask=10 * explanations.edge_mask - 5,
    )
    scores = judge(other, classify, num_draws=1)
    missing = {"precision", "recall", "f1", "iou", "roc_auc", "roc_auc_per_graph"}
    assert scores.keys() == {name for name in plain.keys() - missing if not name.startswith("soft_")}
    assert scores == pytest.approx({name: plain[name] for name in scores})
