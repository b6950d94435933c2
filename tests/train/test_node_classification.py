import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.errors import DataError, NonFiniteLossError, RunError
from gnnjax.train import fit_nodes, node_classification, prediction_loss
from tests.models.node_examples import NUM_NODES, example_inputs, example_model

LABELS = np.array([0, 1, 2, 0, 1, 2], np.int32)
MASKS = {
    "train": np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]], bool),
    "valid": np.array([[0, 0, 0, 1, 1, 0], [1, 1, 0, 0, 0, 0]], bool),
    "test": np.array([[0, 0, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0]], bool),
}


def fit(family="sl", runs=(0, 1), seeds=None, model_seed=0, **arguments):
    models = [example_model(family, model_seed + run) for run in runs]
    masks = {name: mask[list(runs)] for name, mask in MASKS.items()}
    arguments = {"epochs": 20, "learning_rate": 1e-2} | arguments
    return models, fit_nodes(
        models, example_inputs(family), LABELS, masks, seeds=list(runs) if seeds is None else seeds, **arguments
    )


def test_the_loss_counts_the_nodes_of_the_mask_alone():
    logits = np.log(np.array([[0.5, 0.5], [0.1, 0.9], [0.9, 0.1]], np.float32))
    labels, mask = np.array([0, 1, 1]), np.array([True, True, False])
    assert prediction_loss("multiclass", jax.numpy.asarray(logits), labels, jax.numpy.asarray(mask)) == pytest.approx(
        -(np.log(0.5) + np.log(0.9)) / 2, rel=1e-5
    )


@pytest.mark.parametrize("family", ["sc", "sl", "dlb", "dl"])
def test_fits_the_training_nodes(family):
    _, fits = fit(family, runs=(0,), epochs=300)
    history = fits[0].history
    assert history["loss"][-1] < history["loss"][0] / 2
    assert history["train"][-1] == 1


@pytest.mark.parametrize("family", ["sl", "dlb"])
def test_splits_together_and_one_by_one_agree(family):
    together, fits = fit(family)
    for run in range(2):
        alone, [own] = fit(family, runs=(run,), model_seed=0)
        np.testing.assert_allclose(own.history["loss"], fits[run].history["loss"], rtol=1e-3, atol=1e-4)
        inputs = example_inputs(family)
        np.testing.assert_allclose(alone[0](inputs), together[run](inputs), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("family", ["sc", "sl", "dlb", "dl"])
def test_one_program_serves_all_epochs_and_splits(family, monkeypatch):
    made = []
    make = node_classification.make_epochs
    monkeypatch.setattr(node_classification, "make_epochs", lambda *a: made.append(make(*a)) or made[-1])
    make.cache_clear()
    fit(family, runs=(0,))
    fit(family, runs=(1,))
    assert made[0] is made[1]
    assert made[0]._cache_size() == 1


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    (first, *_), [fit_0] = fit(runs=(0,))
    (again, *_), [fit_1] = fit(runs=(0,))
    np.testing.assert_array_equal(fit_0.history["loss"], fit_1.history["loss"])
    np.testing.assert_array_equal(first(example_inputs("sl")), again(example_inputs("sl")))
    _, [other] = fit(runs=(0,), seeds=[7])
    assert not np.array_equal(fit_0.history["loss"], other.history["loss"])


def test_the_best_epoch_is_the_first_with_the_best_validation_accuracy():
    done = []
    models, [result] = fit(runs=(0,), epochs=33, on_progress=done.append)
    assert done == [3 * n for n in range(1, 12)]
    assert result.history["valid"].shape == (33,)
    assert result.best_epoch == np.flatnonzero(result.history["valid"] == result.history["valid"].max())[0]
    assert result.test_accuracy == result.history["test"][result.best_epoch]
    # The model holds the weights of the last epoch.
    predicted = np.asarray(models[0](example_inputs("sl"))).argmax(-1)
    assert (predicted == LABELS)[MASKS["train"][0]].mean() == pytest.approx(result.history["train"][-1])


def test_what_cannot_be_trained():
    with pytest.raises(RunError, match="2 models need as many seeds and masks, got 1 and 2"):
        fit(seeds=[0])
    with pytest.raises(RunError, match="epochs=0 must be at least 1"):
        fit(epochs=0)
    inputs, model = example_inputs("sl"), example_model("sl")
    overlapping = {name: np.ones((1, NUM_NODES), bool) for name in MASKS}
    with pytest.raises(DataError, match="split 0: 6 nodes, such as 0, are both in"):
        fit_nodes([model], inputs, LABELS, overlapping, seeds=[0])
    model.classifier.bias[...] = np.nan
    before = nnx.state(model)
    with pytest.raises(NonFiniteLossError, match="the loss is nan in epoch 0"):
        fit_nodes([model], inputs, LABELS, {n: m[:1] for n, m in MASKS.items()}, seeds=[0])
    np.testing.assert_array_equal(nnx.state(model).classifier.kernel[...], before.classifier.kernel[...])
