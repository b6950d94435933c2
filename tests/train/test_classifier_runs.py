"""Training of classifiers without attention: selection, plateau, parts evaluated when they matter, resuming."""

import functools

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.data import batch_shape, epoch_order, make_batch
from gnnjax.errors import RunError
from gnnjax.models import GIN, export_torch_weights
from gnnjax.train import ClassifierObjective, Plateau, adam_l2, create_state, evaluate, fit, make_train_step
from gnnjax.train.selection import is_better
from tests.random_graphs import random_dataset
from tests.train.runs import SPLITS, StepCounter, Stop, StopAfter, assert_same_weights, learnable_dataset

DATASET = learnable_dataset()
EPOCHS = 8
# No epoch is an improvement that counts: from epoch 2 on every one has half the rate of the one before.
HALVING = Plateau(patience=0, factor=0.5, threshold=1e9)
RATE = 3e-2


def new_model():
    return GIN(3, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))


def run(**changes):
    """Result and weights of a run; all runs of one sort share their compiled steps."""
    model = new_model()
    settings = {"epochs": EPOCHS, "batch_size": 8, "learning_rate": RATE, "plateau": HALVING, "metric": "roc_auc"}
    # With this seed the best epoch is not the last one, so that tests can tell them apart.
    result = fit(model, DATASET, SPLITS, **settings | {"checkpoint_every": 3, "seed": 2} | changes)
    return result, export_torch_weights(model), model


@pytest.fixture(scope="module")
def eager_run():
    return run()


@pytest.fixture(scope="module")
def lazy_run():
    return run(lazy_parts=("test",))


def best_so_far(history):
    """The epochs that beat all before them."""
    epochs = []
    for entry in history:
        if is_better(entry["valid"], history[epochs[-1]]["valid"] if epochs else None, "roc_auc"):
            epochs.append(entry["epoch"])
    return epochs


def test_every_epoch_may_be_the_best_one(eager_run):
    """GSAT's selection begins after epoch 10; this run is over before."""
    result, _, _ = eager_run
    ranks = [(entry["valid"]["roc_auc"], -entry["valid"]["prediction_loss"]) for entry in result.history]
    assert result.best_epoch == ranks.index(max(ranks))
    assert result.best_epoch < EPOCHS - 1


def test_entries_have_no_word_of_attention(eager_run):
    result, _, _ = eager_run
    for entry in result.history:
        for part in ("train", "valid", "test"):
            assert entry[part].keys() == {"loss", "prediction_loss", "accuracy", "roc_auc"}


def test_it_learns(eager_run):
    history = eager_run[0].history
    assert history[-1]["train"]["prediction_loss"] < 0.8 * history[0]["train"]["prediction_loss"]


def test_keep_decides_whose_weights_the_model_ends_with(eager_run):
    result, _, best = eager_run
    again, _, last = run(keep="last")
    assert again.history == result.history
    assert again.best_epoch == result.best_epoch
    for model, entry in ((best, result.best), (last, result.history[-1])):
        evaluation = evaluate(model, DATASET, SPLITS["test"], batch_size=8)
        assert evaluation.metrics("binary") == pytest.approx(entry["test"], rel=1e-6)
    assert result.best["test"] != result.history[-1]["test"]


def test_the_accuracy_decides_where_it_is_the_metric():
    result, _, _ = run(metric="accuracy", plateau=None)
    ranks = [(entry["valid"]["accuracy"], -entry["valid"]["prediction_loss"]) for entry in result.history]
    assert result.best_epoch == ranks.index(max(ranks))


def test_plateau_lowers_the_learning_rate_in_the_history_and_the_run(eager_run):
    lowered = eager_run[0].history
    steady = run(plateau=None)[0].history
    assert [entry["learning_rate"] for entry in lowered] == [RATE * 0.5 ** max(epoch - 1, 0) for epoch in range(EPOCHS)]
    assert {entry["learning_rate"] for entry in steady} == {RATE}
    assert lowered[:2] == steady[:2]
    for epoch in range(2, EPOCHS):
        assert lowered[epoch]["train"] != steady[epoch]["train"]


def test_the_scale_is_the_length_of_a_step_and_not_of_its_gradient():
    """Adam forgets the size of a gradient, so that a scaled gradient would leave the step as it is."""
    graphdef, state = create_state(new_model(), adam_l2(RATE))
    step = make_train_step(graphdef, adam_l2(RATE), ClassifierObjective("binary"))
    orders = [epoch_order(SPLITS["train"], seed=0, epoch=epoch) for epoch in range(EPOCHS)]
    batch = make_batch(DATASET, orders[0][:8], batch_shape(DATASET, orders, 8))
    before = jax.tree.map(np.array, state.params)

    def moved(scale):
        _, start = create_state(new_model(), adam_l2(RATE))
        after = jax.tree.map(np.array, step(start, batch, 0.9, scale, jax.random.key(0))[0].params)
        return jax.tree.leaves(jax.tree.map(np.subtract, after, before))

    whole, quarter, none = moved(1.0), moved(0.25), moved(0.0)
    assert max(np.abs(change).max() for change in whole) == pytest.approx(RATE, rel=1e-2)
    for a, b, c in zip(whole, quarter, none, strict=True):
        np.testing.assert_allclose(b, a / 4, rtol=1e-3, atol=1e-7)
        assert not c.any()


def test_a_lazy_part_is_evaluated_when_an_epoch_is_the_best_so_far(eager_run, lazy_run):
    (eager, weights, _), (lazy, lazy_weights, _) = eager_run, lazy_run
    assert lazy.best_epoch == eager.best_epoch
    assert lazy.best == eager.best
    assert_same_weights(lazy_weights, weights)
    evaluated = best_so_far(eager.history)
    assert 0 < len(evaluated) < EPOCHS
    for entry, full in zip(lazy.history, eager.history, strict=True):
        expected = full if entry["epoch"] in evaluated else {k: v for k, v in full.items() if k != "test"}
        assert entry == expected


def test_an_interrupted_lazy_run_ends_with_the_same_bits(lazy_run, tmp_path):
    uninterrupted, weights, _ = lazy_run
    run_in_folder = functools.partial(run, lazy_parts=("test",), folder=tmp_path)
    with pytest.raises(Stop):
        run_in_folder(callbacks=[StopAfter(4)])
    counter = StepCounter()
    result, resumed_weights, _ = run_in_folder(callbacks=[counter])
    assert counter.starts == [(3, EPOCHS, 3)]
    assert result.history == uninterrupted.history
    assert result.best_epoch == uninterrupted.best_epoch
    assert_same_weights(resumed_weights, weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lazy_parts": ("valid",)}, "lazy_parts=('valid',) must be among the parts other than 'train' and 'valid'"),
        ({"lazy_parts": ("train",)}, "lazy_parts=('train',) must be among"),
        ({"lazy_parts": ("test", "explained")}, "lazy_parts=('test', 'explained') must be among"),
    ],
)
def test_parts_that_cannot_be_lazy(change, message):
    with pytest.raises(RunError) as error:
        run(**change)
    assert message in str(error.value)


def test_roc_auc_cannot_select_among_several_classes():
    dataset = random_dataset(0, 40, task="multiclass", out_features=3)
    with pytest.raises(RunError, match="metric='roc_auc' is none of a multiclass task"):
        fit(new_model(), dataset, SPLITS, metric="roc_auc")
