"""Fidelity curves against fidelity at each point, their area, and the sparsity of selections."""

import numpy as np
import pytest

from gnnjax.explain.fidelity import fidelity, part_logits
from gnnjax.explain.ground_truth import select_edges
from gnnjax.explain.sparsity import FidelityCurve, fidelity_curve, sparsity
from tests.explain.edge_sums import edge_sums, explanations_of


@pytest.mark.parametrize("form", ["probability", "accuracy"])
def test_each_point_is_the_fidelity_of_that_selection(form):
    explanations, (classify, _) = explanations_of("multiclass"), edge_sums("multiclass")
    shares = (0, 0.25, 0.6, 1)
    curve = fidelity_curve(explanations, classify, kept=shares, form=form, of="phenomenon")
    for share, plus, minus in zip(shares, curve.plus, curve.minus, strict=True):
        parts = part_logits(explanations, classify, top_fraction=share)
        assert (plus, minus) == pytest.approx(tuple(fidelity(parts, form=form, of="phenomenon")))
    assert (curve.plus[0], curve.minus[-1]) == pytest.approx((0, 0), abs=1e-6)


def test_area_is_that_of_the_polygon():
    kept = np.array([0.2, 0.4, 1.0])
    found = FidelityCurve(kept, np.array([0.0, 1, 1]), np.array([0.6, 0.6, 0])).area()
    assert found == pytest.approx(((0.1 + 0.6) / 0.8, (0.12 + 0.18) / 0.8))
    assert FidelityCurve(kept, np.full(3, 0.3), np.zeros(3)).area() == pytest.approx((0.3, 0))


@pytest.mark.parametrize("kept", [(0.5,), (), (0.5, 0.5), (0.6, 0.5), (-0.1, 1), (0, 1.1), (0, np.nan)])
def test_shares_must_ascend(kept):
    with pytest.raises(ValueError, match="two or more ascending shares"):
        fidelity_curve(explanations_of("binary"), edge_sums("binary")[0], kept=kept)


def test_sparsity_is_a_mean_over_graphs_with_edges():
    explanations = explanations_of("binary")
    selected = select_edges(explanations, top_k=2)
    shares = [each.select(top_k=2).mean() for each in explanations if each.num_edges]
    assert sparsity(explanations, selected) == pytest.approx(1 - np.mean(shares))
    assert sparsity(explanations, np.ones_like(selected)) == 0
    assert sparsity(explanations, np.zeros_like(selected)) == 1


def test_without_edges_there_is_no_sparsity():
    explanations = explanations_of("binary")
    edgeless = np.flatnonzero(explanations.dataset.n_edge == 0)
    alone = type(explanations)(explanations.dataset, edgeless, np.zeros(0))
    assert np.isnan(sparsity(alone, np.zeros(0, bool)))
