"""Fidelity, characterization and unfaithfulness, against one graph after another computed by hand."""

import dataclasses

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from gnnjax.errors import DataError
from gnnjax.explain.fidelity import (
    Fidelity,
    PartLogits,
    characterization,
    fidelity,
    part_logits,
    predictions,
    unfaithfulness,
)
from tests.explain.edge_sums import TASKS, edge_sums, explanations_of, logits_of


class TestPartLogits:
    @pytest.mark.parametrize("task", TASKS)
    @pytest.mark.parametrize("soft", [False, True])
    def test_by_hand(self, task, soft):
        explanations = explanations_of(task)
        classify, weights = edge_sums(task)
        parts = part_logits(explanations, classify, batch_size=4, **({} if soft else {"top_k": 2}))
        for row, each in enumerate(explanations):
            mask = each.edge_mask if soft else each.select(top_k=2)
            for found, factor in ((parts.whole, 0 * mask + 1), (parts.kept, mask), (parts.left, 1 - mask)):
                np.testing.assert_allclose(found[row], logits_of(each, weights, factor), rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(parts.labels, explanations.dataset.labels[explanations.indices])

    def test_known_logits_are_not_computed_again(self):
        explanations = explanations_of("binary")
        whole = np.zeros((len(explanations), 1))
        assert part_logits(explanations, edge_sums("binary")[0], whole=whole).whole is whole

    def test_a_mask_must_be_in_the_unit_interval_and_of_each_edge(self):
        explanations, (classify, _) = explanations_of("binary"), edge_sums("binary")
        scaled = dataclasses.replace(explanations, edge_mask=3 * explanations.edge_mask)
        with pytest.raises(DataError, match=r"outside \[0, 1\].*need a selection"):
            part_logits(scaled, classify)
        part_logits(scaled, classify, top_k=1)
        for mask in (np.ones(3), np.ones(len(scaled.edge_mask), int)):
            with pytest.raises(DataError, match="mask must be bool or float"):
                part_logits(scaled, classify, mask)
        with pytest.raises(ValueError, match="not both"):
            part_logits(scaled, classify, explanations.edge_mask, top_k=1)


def score(task, logits, aim, form):
    """Of one graph, a list of tasks."""
    if task == "regression":
        return [-abs(value - number) for value, number in zip(logits, aim, strict=True) if not np.isnan(number)]
    if task == "multiclass":
        return [softmax(logits)[aim] if form == "probability" else float(np.argmax(logits) == aim)]
    entries = [(value, number) for value, number in zip(logits, aim, strict=True) if not np.isnan(number)]
    if form == "accuracy":
        return [float((value > 0) == number) for value, number in entries]
    return [expit(value) if number else expit(-value) for value, number in entries]


class TestFidelity:
    @pytest.mark.parametrize("signed", [False, True])
    @pytest.mark.parametrize("of", ["model", "phenomenon"])
    @pytest.mark.parametrize(
        ("task", "form"), [(task, form) for task in TASKS for form in ("probability", "accuracy")][:-1]
    )
    def test_graph_by_graph(self, task, form, of, signed):
        explanations = explanations_of(task)
        parts = part_logits(explanations, edge_sums(task)[0], top_fraction=0.4)
        changes = {"plus": [], "minus": []}
        for row, whole in enumerate(parts.whole):
            aim = predictions(task, parts.whole)[row] if of == "model" else parts.labels[row]
            before = score(task, whole, aim, form)
            for name, logits in (("plus", parts.left[row]), ("minus", parts.kept[row])):
                lost = np.subtract(before, score(task, logits, aim, form))
                changes[name].extend(lost if signed else abs(lost))
        found = fidelity(parts, form=form, of=of, signed=signed)
        assert found == pytest.approx((np.mean(changes["plus"]), np.mean(changes["minus"])), rel=1e-6, abs=1e-6)

    @pytest.mark.parametrize("task", TASKS)
    def test_all_kept_and_none_kept(self, task):
        explanations = explanations_of(task)
        for share, unchanged in ((1.0, "minus"), (0.0, "plus")):
            parts = part_logits(explanations, edge_sums(task)[0], top_fraction=share)
            for of in ("model", "phenomenon"):
                found = fidelity(parts, of=of)
                assert getattr(found, unchanged) == pytest.approx(0, abs=1e-6)
                assert sum(found) > 0.01

    def test_of_the_model_in_accuracy_is_the_share_of_changed_predictions(self):
        parts = part_logits(explanations_of("multiclass"), edge_sums("multiclass")[0], top_k=2)
        changed = np.mean(parts.left.argmax(axis=1) != parts.whole.argmax(axis=1))
        assert fidelity(parts, form="accuracy").plus == pytest.approx(changed)

    def test_without_labels_there_is_no_phenomenon(self):
        parts = PartLogits("multilabel", np.full((2, 1), np.nan), *(np.ones((2, 1)),) * 3)
        assert np.isnan(fidelity(parts, of="phenomenon")).all()

    def test_needs_a_known_score(self):
        parts = PartLogits("regression", np.zeros((2, 1)), *(np.ones((2, 1)),) * 3)
        with pytest.raises(ValueError, match="regression has no accuracy"):
            fidelity(parts, form="accuracy")
        with pytest.raises(ValueError, match="form='odds'"):
            fidelity(parts, form="odds")  # type: ignore[bad-argument-type]
        with pytest.raises(ValueError, match="of='world'"):
            fidelity(parts, of="world")  # type: ignore[bad-argument-type]


class TestCharacterization:
    def test_is_the_weighted_harmonic_mean(self):
        assert characterization(Fidelity(0.5, 0.2)) == pytest.approx(2 / (1 / 0.5 + 1 / 0.8))
        found = characterization(Fidelity(0.5, 0.2), plus_weight=0.7, minus_weight=0.3)
        assert found == pytest.approx(1 / (0.7 / 0.5 + 0.3 / 0.8))

    def test_ends(self):
        assert characterization(Fidelity(1.0, 0.0)) == 1
        assert characterization(Fidelity(0.0, 0.0)) == characterization(Fidelity(1.0, 1.0)) == 0
        assert np.isnan(characterization(Fidelity(np.nan, np.nan)))

    @pytest.mark.parametrize("scores", [Fidelity(1.5, 0), Fidelity(-0.1, 0), Fidelity(0.5, -0.5)])
    def test_needs_fidelities_of_classes(self, scores):
        with pytest.raises(ValueError, match="is not in"):
            characterization(scores)


class TestUnfaithfulness:
    @pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
    def test_by_hand(self, task):
        parts = part_logits(explanations_of(task), edge_sums(task)[0], top_k=2)
        values = []
        for whole, kept in zip(parts.whole, parts.kept, strict=True):
            pairs = [(whole, kept)]
            if task != "multiclass":
                pairs = [(np.array([0, a]), np.array([0, b])) for a, b in zip(whole, kept, strict=True)]
            for a, b in pairs:
                values.append(1 - np.exp(-np.sum(softmax(a) * (log_softmax(a) - log_softmax(b)))))
        assert unfaithfulness(parts) == pytest.approx(np.mean(values), rel=1e-5)

    def test_is_zero_for_the_same_and_near_one_for_the_opposite(self):
        certain = np.array([[200.0]])
        assert unfaithfulness(PartLogits("binary", np.ones((1, 1)), certain, certain, certain)) == 0
        assert unfaithfulness(PartLogits("binary", np.ones((1, 1)), certain, -certain, certain)) == pytest.approx(1)

    def test_needs_classes(self):
        with pytest.raises(ValueError, match="no distribution"):
            unfaithfulness(PartLogits("regression", np.zeros((1, 1)), *(np.ones((1, 1)),) * 3))
