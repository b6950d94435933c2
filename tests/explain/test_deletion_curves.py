"""Deletion and insertion of attention: by hand, against numpy, and properties that hold for any model."""

import numpy as np
import pytest
from scipy.special import softmax

from gnnjax.explain.deletion_curves import DeletionCurve, deletion_curves, pool_deletion_curves
from gnnjax.models import NodeInputs
from gnnjax.ops import sparse_pattern
from tests.explain.copying_model import copying_inputs, copying_model
from tests.models.node_examples import NUM_NODES, example_dataset, example_inputs, example_model
from tests.train.runs import compilations

LABELS, ALL = np.array([0, 1, 0]), np.ones(3, bool)
# Rows 0 (keys 0, 1, 2), 1 (key 1) and 2 (keys 0, 2): predictions 0, 1, 0.
ATTENTION = np.array([0.5, 0.3, 0.2, 1, 0.6, 0.4], np.float32)[None, None]
THIRDS = (0, 1 / 3, 2 / 3, 1)
FRACTIONS = (0, 0.3, 0.7, 1)
QUARTERS = (0, 0.25, 0.5, 0.75, 1)
FAMILIES = ("sl", "dlb", "dl")
MEASURES = ("accuracy", "changed", "total_variation")


def hand_made_curves(**arguments):
    arguments = {"attention": ATTENTION, "fractions": THIRDS} | arguments
    return deletion_curves(copying_model(), copying_inputs(), LABELS, ALL, **arguments)


def example_curves(family, **arguments):
    labels, mask = example_dataset().labels, np.arange(NUM_NODES) != 1
    return deletion_curves(example_model(family), example_inputs(family), labels, mask, **arguments)


def complete_inputs():
    """The example's features, where each node may attend to each of the first four."""
    pattern = sparse_pattern(*np.indices((4, 4)).reshape(2, -1), 4)
    return NodeInputs(example_inputs("sl").nodes[:4], pattern)


class TestByHand:
    def test_deletion_by_row(self):
        curves = hand_made_curves()
        np.testing.assert_allclose(curves["largest_first"].accuracy, [[1, 1 / 3, 1 / 3, 2 / 3]], rtol=1e-6)
        np.testing.assert_allclose(curves["largest_first"].changed, [[0, 2 / 3, 2 / 3, 1 / 3]], rtol=1e-6)
        np.testing.assert_allclose(curves["smallest_first"].accuracy, [[1, 1, 1, 2 / 3]], rtol=1e-6)
        np.testing.assert_allclose(curves["largest_first"].area("accuracy"), [0.5], rtol=1e-6)
        np.testing.assert_allclose(curves["smallest_first"].area("changed"), [1 / 18], rtol=1e-6)
        np.testing.assert_array_equal(curves["random"].fractions, THIRDS)

    def test_deletion_of_the_largest_entries_of_all_rows(self):
        curves = hand_made_curves(ranking="matrix")
        # Entries 1.0 and 0.6 go first, then 0.5 and 0.4.
        np.testing.assert_allclose(curves["largest_first"].accuracy, [[1, 2 / 3, 1 / 3, 2 / 3]], rtol=1e-6)
        np.testing.assert_allclose(curves["smallest_first"].accuracy, [[1, 1, 1, 2 / 3]], rtol=1e-6)

    def test_insertion(self):
        curves = hand_made_curves(insert=True)
        np.testing.assert_allclose(curves["largest_first"].accuracy, [[2 / 3, 1, 1, 1]], rtol=1e-6)
        np.testing.assert_allclose(curves["smallest_first"].changed, [[1 / 3, 2 / 3, 2 / 3, 0]], rtol=1e-6)

    def test_total_variation_with_and_without_renormalisation(self):
        intact = softmax([[6, 5], [0, 11], [6, 5]], axis=1)
        for renormalize, logits in (
            (False, [[1, 5], [0, 11], [0, 5]]),
            (True, [[1, 10], [0, 11], [0, 11]]),
        ):
            curve = hand_made_curves(renormalize=renormalize)["largest_first"]
            distances = np.abs(softmax(logits, axis=1) - intact).sum(1) / 2
            np.testing.assert_allclose(curve.total_variation[0, 1], distances.mean(), rtol=1e-5)

    def test_only_nodes_of_the_mask_count(self):
        mask = np.array([False, True, False])
        curves = deletion_curves(copying_model(), copying_inputs(), LABELS, mask, attention=ATTENTION, fractions=THIRDS)
        np.testing.assert_array_equal(curves["largest_first"].accuracy, [[1, 1, 1, 1]])

    def test_of_equal_entries_the_first_goes_first(self):
        equal = np.array([1 / 3, 1 / 3, 1 / 3, 1, 0.5, 0.5], np.float32)[None, None]
        # Node 2 reads class 0 from node 0, class 1 from itself; at a half it loses one of them.
        mask = np.array([False, False, True])
        curves = deletion_curves(
            copying_model(), copying_inputs(), LABELS, mask, attention=equal, fractions=(0, 0.5, 1)
        )
        np.testing.assert_array_equal(curves["largest_first"].accuracy, [[0, 0, 0]])
        np.testing.assert_array_equal(curves["smallest_first"].accuracy, [[0, 1, 0]])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("ranking", ["row", "matrix"])
@pytest.mark.parametrize(("insert", "renormalize"), [(False, False), (False, True), (True, False)])
def test_against_numpy(family, ranking, insert, renormalize):
    """One fraction at a time, on matrices, with the model's own uncompiled function."""
    model, inputs = example_model(family), example_inputs(family)
    labels, mask = example_dataset().labels, np.arange(NUM_NODES) != 1
    settings = {"ranking": ranking, "insert": insert, "renormalize": renormalize, "fractions": FRACTIONS}
    curves = deletion_curves(model, inputs, labels, mask, draws=1, **settings)
    pattern = inputs.pattern
    entries = np.zeros((NUM_NODES, NUM_NODES), bool)
    entries[pattern.rows, pattern.columns] = True
    if family != "sl":
        entries[:] = True
    own = np.asarray(model.attend(inputs)[1])
    attention = np.zeros((2, 2, NUM_NODES, NUM_NODES), np.float32)
    attention[:, :, entries] = own.reshape(2, 2, -1)
    intact = softmax(model.with_attention(inputs, attention), axis=-1)
    for order, sign in (("largest_first", -1), ("smallest_first", 1)):
        for index, fraction in enumerate(curves[order].fractions):
            masked = attention.copy()
            for matrix in masked.reshape(-1, NUM_NODES, NUM_NODES):
                places = [entries & (np.arange(NUM_NODES) == row)[:, None] for row in range(NUM_NODES)]
                for place in places if ranking == "row" else [entries]:
                    ids = np.flatnonzero(place)
                    ids = ids[np.argsort(sign * matrix.flat[ids], kind="stable")]
                    count = int(fraction * len(ids) + 0.5)
                    matrix.flat[ids[count:] if insert else ids[:count]] = 0
            if renormalize:
                totals = masked.sum(-1, keepdims=True)
                masked = np.divide(masked, totals, out=np.zeros_like(masked), where=totals > 0)
            probabilities = softmax(model.with_attention(inputs, masked), axis=-1)
            predicted = probabilities.argmax(-1)
            expected = (
                np.mean((predicted == labels)[mask]),
                np.mean((predicted != intact.argmax(-1))[mask]),
                np.mean(np.abs(probabilities - intact).sum(-1)[mask] / 2),
            )
            found = [getattr(curves[order], measure)[0, index] for measure in MEASURES]
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6, err_msg=f"{order} {fraction}")


@pytest.mark.parametrize("family", FAMILIES)
def test_ends_are_the_intact_model_and_the_model_without_attention(family):
    model, inputs = example_model(family), example_inputs(family)
    labels = example_dataset().labels
    nothing = np.zeros((1, 1, len(inputs.pattern.rows)), np.float32)
    without = np.asarray(model.with_attention(inputs, nothing)).argmax(-1)
    intact = np.asarray(model(inputs)).argmax(-1)
    mask = np.arange(NUM_NODES) != 1
    ends = np.mean((intact == labels)[mask]), np.mean((without == labels)[mask])
    for insert in (False, True):
        for curve in example_curves(family, insert=insert, renormalize=True, draws=2, fractions=FRACTIONS).values():
            first, last = (-1, 0) if insert else (0, -1)
            np.testing.assert_allclose(curve.accuracy[:, [first, last]], [ends] * len(curve.accuracy), rtol=1e-6)
            np.testing.assert_allclose(curve.changed[:, first], 0)
            np.testing.assert_allclose(curve.changed[:, last], np.mean((intact != without)[mask]), rtol=1e-6)
            np.testing.assert_allclose(curve.total_variation[:, first], 0, atol=1e-6)
            assert (curve.total_variation[:, last] > 0.01).all()


@pytest.mark.parametrize("ranking", ["row", "matrix"])
def test_insertion_is_deletion_in_the_other_order_backwards(ranking):
    model, inputs = example_model("sl"), complete_inputs()
    labels, mask = np.array([0, 1, 2, 0]), np.ones(4, bool)
    deleted, inserted = (
        deletion_curves(model, inputs, labels, mask, ranking=ranking, fractions=QUARTERS, draws=1, insert=insert)
        for insert in (False, True)
    )
    for first, second in (("largest_first", "smallest_first"), ("smallest_first", "largest_first")):
        for measure in MEASURES:
            np.testing.assert_array_equal(
                getattr(deleted[first], measure)[:, ::-1], getattr(inserted[second], measure), err_msg=measure
            )


@pytest.mark.parametrize("ranking", ["row", "matrix"])
def test_sparse_and_dense_attention_agree_where_all_attend_to_all(ranking):
    model, inputs = example_model("sl"), complete_inputs()
    labels, mask = np.array([0, 1, 2, 0]), np.ones(4, bool)
    sparse = np.array(model.attend(inputs)[1])
    sparse[:, :, ::3] = 0.25  # Equal entries too.
    settings = {"ranking": ranking, "renormalize": True, "fractions": QUARTERS}
    first = deletion_curves(model, inputs, labels, mask, attention=sparse, **settings)
    second = deletion_curves(model, inputs, labels, mask, attention=sparse.reshape(2, 2, 4, 4), **settings)
    for order in ("largest_first", "smallest_first"):
        for measure in MEASURES:
            np.testing.assert_allclose(
                getattr(first[order], measure), getattr(second[order], measure), rtol=1e-4, atol=1e-6
            )


class TestRandom:
    def test_the_seed_decides(self):
        first, again, other = (
            example_curves("dl", draws=3, seed=seed, fractions=FRACTIONS)["random"] for seed in (0, 0, 1)
        )
        assert first.accuracy.shape == (3, len(first.fractions))
        np.testing.assert_array_equal(first.total_variation, again.total_variation)
        assert np.abs(first.total_variation - other.total_variation).max() > 1e-4
        assert np.ptp(first.total_variation[:, 1:-1], axis=0).max() > 1e-4

    @pytest.mark.parametrize("ranking", ["row", "matrix"])
    @pytest.mark.parametrize("form", ["sparse", "dense"])
    def test_every_entry_is_deleted_with_the_given_probability(self, ranking, form):
        # Node 2 changes where it loses the entry to node 0, one of two (of a row of three, if dense).
        attention = np.array([0, 0, 1, 1, 1, 0], np.float32)[None, None]
        if form == "dense":
            attention = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], np.float32)[None, None]
        mask = np.array([False, False, True])
        fractions = (0, 0.5, 1) if form == "sparse" else (0, 2 / 3, 1)
        arguments = {"attention": attention, "ranking": ranking, "fractions": fractions, "draws": 200}
        curve = deletion_curves(copying_model(), copying_inputs(), LABELS, mask, **arguments)["random"]
        np.testing.assert_allclose(curve.changed.mean(0), fractions, atol=0.1)


def test_one_program_for_all_models_orders_and_settings():
    example_curves("sl", fractions=FRACTIONS)
    with compilations() as names:
        for settings in ({"insert": True}, {"renormalize": True}, {"ranking": "matrix"}, {"draws": 2, "seed": 3}):
            example_curves("sl", fractions=FRACTIONS, **settings)
        labels, mask = example_dataset().labels, np.arange(NUM_NODES) < 3
        deletion_curves(example_model("sl", 1), example_inputs("sl", 1), labels, mask, fractions=FRACTIONS)
    assert names == []


class TestPool:
    def test_draws_are_means_of_the_runs(self):
        fractions = np.array([0.0, 1.0])
        runs = [
            {"random": DeletionCurve(fractions, np.array([[1.0, 0.0], [0.5, 0.0]]) * scale, *np.zeros((2, 2, 2)))}
            for scale in (1, 0.5)
        ]
        pooled = pool_deletion_curves(runs)["random"]
        np.testing.assert_array_equal(pooled.accuracy, [[0.75, 0], [0.375, 0]])
        np.testing.assert_array_equal(pooled.fractions, fractions)
        np.testing.assert_array_equal(pooled.area("accuracy"), [0.375, 0.1875])

    def test_what_does_not_fit_together(self):
        thirds, quarters = hand_made_curves(draws=1), hand_made_curves(draws=1, fractions=QUARTERS)
        with pytest.raises(ValueError, match="runs is empty"):
            pool_deletion_curves([])
        with pytest.raises(ValueError, match="largest_first: the runs differ"):
            pool_deletion_curves([thirds, quarters])
        with pytest.raises(ValueError, match="random: the runs differ"):
            pool_deletion_curves([thirds, {name: curve for name, curve in thirds.items() if name != "random"}])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fractions": (0, 0.5)}, "fractions must ascend from 0 to 1"),
        ({"fractions": (0.1, 1)}, "fractions must ascend"),
        ({"fractions": (0, 0.6, 0.5, 1)}, "fractions must ascend"),
        ({"fractions": (0,)}, "fractions must ascend"),
        ({"fractions": (0, np.nan, 1)}, "fractions must ascend"),
        ({"ranking": "column"}, "ranking is 'column', must be one of row, matrix"),
        ({"draws": 0}, "draws is 0"),
        ({"attention": ATTENTION[..., :-1]}, r"attention must be \[1, 1, 6\], is \[1, 1, 5\]"),
        ({"attention": np.ones((1, 1, 3, 2))}, r"attention must be \[1, 1, 3, 3\], is \[1, 1, 3, 2\]"),
        ({"attention": np.ones(6)}, r"attention must be \[1, 1, 6\], is \[6\]"),
        ({"attention": -ATTENTION}, "attention holds an entry that is negative"),
    ],
)
def test_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        hand_made_curves(**arguments)


def test_labels_and_masks_that_do_not_fit():
    for labels, mask, message in ((LABELS[:2], ALL, "labels must be 3"), (LABELS, ALL[:2], r"mask must be bool\[3\]")):
        with pytest.raises(ValueError, match=message):
            deletion_curves(copying_model(), copying_inputs(), labels, mask)
