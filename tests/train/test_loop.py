"""Training: it learns, it resumes bit for bit, it stops at nonsense."""

import functools

import numpy as np
import pytest
from flax import nnx

from gnnjax.errors import CheckpointError, NonFiniteLossError, RunError
from gnnjax.models import GIN, GSAT, export_torch_weights
from gnnjax.train import Checkpoints, RSchedule, evaluate, fit
from tests.random_graphs import random_dataset
from tests.train.runs import SPLITS, StepCounter, Stop, StopAfter, assert_same_weights, learnable_dataset

SCHEDULE = RSchedule(interval=2)
SETTINGS = {"batch_size": 8, "learning_rate": 3e-3, "r": SCHEDULE, "checkpoint_every": 3}


@pytest.fixture(scope="module")
def dataset():
    return learnable_dataset()


@pytest.fixture(scope="module")
def splits():
    return SPLITS


def new_model(hidden_size=8):
    backbone = GIN(3, 1, hidden_size=hidden_size, num_layers=1, rngs=nnx.Rngs(0))
    return GSAT(backbone, rngs=nnx.Rngs(1))


@pytest.fixture(scope="module")
def uninterrupted(dataset, splits):
    model = new_model()
    return fit(model, dataset, splits, epochs=14, **SETTINGS), export_torch_weights(model)


@pytest.mark.slow
def test_overfits_eight_graphs(dataset):
    few = {"train": np.arange(8), "valid": np.arange(8)}
    backbone = GIN(3, 1, hidden_size=16, num_layers=1, dropout_rate=0.0, rngs=nnx.Rngs(0))
    model = GSAT(backbone, dropout_rate=0.0, rngs=nnx.Rngs(1))
    result = fit(model, dataset, few, epochs=150, batch_size=8, learning_rate=1e-2, r=RSchedule(interval=10))
    assert result.history[0]["train"]["prediction_loss"] > 0.5
    assert result.history[-1]["train"]["prediction_loss"] < 0.1
    assert result.best["valid"]["accuracy"] == 1.0


def test_history_and_the_chosen_epoch(uninterrupted, dataset, splits):
    result, _ = uninterrupted
    assert [entry["epoch"] for entry in result.history] == list(range(14))
    assert [entry["r"] for entry in result.history] == [SCHEDULE(epoch) for epoch in range(14)]
    eligible = result.history[11:]
    best = max(eligible, key=lambda entry: (entry["valid"]["accuracy"], -entry["valid"]["prediction_loss"]))
    assert result.best_epoch == best["epoch"]
    assert result.best is result.history[result.best_epoch]


def test_the_model_holds_the_weights_of_the_chosen_epoch(dataset, splits):
    model = new_model()
    result = fit(model, dataset, splits, epochs=14, **SETTINGS)
    evaluation = evaluate(model, dataset, splits["test"], r=SCHEDULE.final, batch_size=8)
    assert evaluation.metrics("binary") == pytest.approx(result.best["test"], rel=1e-6)


def test_the_same_seed_gives_the_same_bits_and_another_does_not(uninterrupted, dataset, splits):
    model = new_model()
    again = fit(model, dataset, splits, epochs=14, **SETTINGS)
    assert again.history == uninterrupted[0].history
    assert_same_weights(export_torch_weights(model), uninterrupted[1])
    other = fit(new_model(), dataset, splits, epochs=14, seed=1, **SETTINGS)
    assert other.history != again.history


@pytest.mark.parametrize("stop_after", [0, 2, 6, 12])
def test_an_interrupted_run_ends_with_the_same_bits(uninterrupted, dataset, splits, tmp_path, stop_after):
    fit_in_folder = functools.partial(fit, dataset=dataset, splits=splits, epochs=14, folder=tmp_path, **SETTINGS)
    counter = StepCounter()
    with pytest.raises(Stop):
        fit_in_folder(new_model(), callbacks=[counter, StopAfter(stop_after)])
    assert counter.ends == 1
    model, counter = new_model(), StepCounter()
    result = fit_in_folder(model, callbacks=[counter])
    resumed_at = (stop_after + 1) // 3 * 3
    # The callback of an epoch comes after its checkpoint.
    assert counter.starts == [(resumed_at, 14, 3)]
    assert counter.steps == [1, 2, 3] * (14 - resumed_at)
    assert result.history == uninterrupted[0].history
    assert result.best_epoch == uninterrupted[0].best_epoch
    assert_same_weights(export_torch_weights(model), uninterrupted[1])


def test_a_finished_run_is_read_back_without_training(uninterrupted, dataset, splits, tmp_path):
    fit(new_model(), dataset, splits, epochs=14, folder=tmp_path, **SETTINGS)
    model, counter = new_model(), StepCounter()
    result = fit(model, dataset, splits, epochs=14, folder=tmp_path, callbacks=[counter], **SETTINGS)
    assert counter.steps == []
    assert result.history == uninterrupted[0].history
    assert_same_weights(export_torch_weights(model), uninterrupted[1])


def test_a_loss_that_is_not_finite_stops_the_run(dataset, splits, tmp_path):
    """The second process trains on broken data: the checkpoint of the first stays as it was."""
    with pytest.raises(Stop):
        fit(new_model(), dataset, splits, epochs=14, folder=tmp_path, callbacks=[StopAfter(4)], **SETTINGS)
    broken = random_dataset(0, num_graphs=40)
    broken.nodes[:] = 1e38
    with pytest.raises(NonFiniteLossError, match=r"epoch 3, step 0: .* of epoch 2 in .* still good") as error:
        fit(new_model(), broken, splits, epochs=14, folder=tmp_path, **SETTINGS)
    assert (error.value.epoch, error.value.step) == (3, 0)
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.last_epoch == 2
    with pytest.raises(NonFiniteLossError, match="there is no checkpoint before it"):
        fit(new_model(), broken, splits, epochs=14, **SETTINGS)


def test_a_checkpoint_of_another_model_is_refused(dataset, splits, tmp_path):
    with pytest.raises(Stop):
        fit(new_model(), dataset, splits, epochs=14, folder=tmp_path, callbacks=[StopAfter(4)], **SETTINGS)
    with pytest.raises(
        CheckpointError,
        match=r"epoch 2 is .*another model \(batch_stats/.*/mean is \[1, 8\] there and \[1, 4\]",
    ):
        fit(new_model(hidden_size=4), dataset, splits, epochs=14, folder=tmp_path, **SETTINGS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"splits": {"train": np.arange(3)}}, "nothing in its part 'valid'"),
        ({"splits": {"train": np.arange(0), "valid": np.arange(3)}}, "nothing in its part 'train'"),
        ({"epochs": 0}, "epochs=0"),
        ({"checkpoint_every": 0}, "checkpoint_every=0"),
        ({"keep": "lasst"}, "keep='lasst' must be best or last"),
        ({"metric": "f1"}, "metric='f1' is none of a binary task"),
    ],
)
def test_settings_that_make_no_sense(dataset, splits, change, message):
    with pytest.raises(RunError, match=message):
        fit(new_model(), dataset, **({"splits": splits, "epochs": 14} | SETTINGS | change))
