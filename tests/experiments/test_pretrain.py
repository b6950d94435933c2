"""GSAT*: classifiers are trained, stored, found again and used; a wrong one is refused."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import nnx

from configs.ba2motifs import get_config
from experiments import gsat, pretrain
from experiments.from_config import build_backbone, split_dataset
from gnnjax import train
from gnnjax.data import generate_ba2motifs, save
from gnnjax.errors import CheckpointError, RunError

ROOT = Path(__file__).parents[2]
# A model that has hardly been trained does not need its edges.
pytestmark = pytest.mark.filterwarnings("ignore:seed .* the prediction does not need them")
too_short = pytest.mark.filterwarnings("ignore:in .* epochs r does not come to rest")


def small_config(backbone="gin", **values):
    """A configuration that trains in seconds; two underscores in a name stand for a dot."""
    config = get_config(backbone)
    small = {"model.hidden_size": 4, "model.num_layers": 1, "training.epochs": 2, "training.batch_size": 20}
    small |= {"pretraining.epochs": 3, "pretraining.learning_rate": 0.05, "training.checkpoint_every": 5}
    config.update_from_flattened_dict(small | {name.replace("__", "."): value for name, value in values.items()})
    return config


@pytest.fixture(scope="module")
def dataset():
    return generate_ba2motifs(num_graphs=40)


@pytest.fixture(scope="module")
def classifiers(dataset, tmp_path_factory):
    """The folder of the classifiers of seeds 0 and 1, and their results."""
    folder = tmp_path_factory.mktemp("classifiers") / "run"
    return folder, pretrain.run(small_config(seeds="0,1"), dataset, folder)


@pytest.fixture
def fits(monkeypatch):
    """What `train.fit` is called for from here on: 'classifier' or 'gsat', one entry per call."""
    calls = []
    fit = train.fit

    def counting_fit(model, *arguments, **options):
        calls.append("classifier" if options.get("keep") == "last" else "gsat")
        return fit(model, *arguments, **options)

    monkeypatch.setattr(train, "fit", counting_fit)
    return calls


@pytest.fixture
def no_figures(monkeypatch):
    monkeypatch.setattr(gsat, "draw_figures", lambda *_: {})


def build(config, dataset, seed=0):
    return gsat.build_model(config, dataset, split_dataset(config, dataset, seed), seed)


def assert_same_arrays(first, second, same=True):
    pairs = zip(jax.tree.leaves(nnx.state(first)), jax.tree.leaves(nnx.state(second)), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs) == same


def read(path):
    return json.loads(path.read_text())


@pytest.mark.slow
def test_a_classifier_per_seed_is_stored_with_what_it_was_trained_on(classifiers, dataset):
    folder, results = classifiers
    assert [result["seed"] for result in results] == [0, 1]
    assert [entry["seed"] for entry in read(folder / "results.json")["seeds"]] == [0, 1]
    assert not any("explanation_roc_auc" in result for result in results)
    for seed in (0, 1):
        record = read(folder / f"seed-{seed}" / "classifier" / "classifier.json")
        assert record["backbone"] == "gin"
        assert record["arguments"]["hidden_size"] == 4
        assert record["data"]["sha256"] == dataset.fingerprint()
        assert record["data"]["seed"] == seed


@pytest.mark.slow
def test_what_is_stored_is_the_last_epoch(classifiers, dataset):
    folder, results = classifiers
    model = train.load_classifier(folder / "seed-0" / "classifier")
    test = split_dataset(small_config(), dataset, 0)["test"]
    loss = train.evaluate(model, dataset, test).losses["prediction_loss"]
    last = read(folder / "seed-0" / "history.json")[-1]
    assert last["epoch"] == 2
    assert last["learning_rate"] == 0.05
    assert last["test"]["prediction_loss"] == pytest.approx(loss, rel=1e-5)
    assert results[0]["prediction_loss"] == pytest.approx(loss, rel=1e-5)


@pytest.mark.slow
def test_gsat_starts_from_the_stored_weights_of_its_seed(classifiers, dataset):
    folder, _ = classifiers
    config = small_config(pretrained=str(folder))
    for seed in (0, 1):
        model = build(config, dataset, seed)
        stored = train.load_classifier(folder / f"seed-{seed}" / "classifier")
        assert_same_arrays(model.backbone, stored)
        fresh = build(small_config(), dataset, seed)
        assert_same_arrays(model.backbone, fresh.backbone, same=False)
        assert_same_arrays(model.extractor, fresh.extractor)
    assert_same_arrays(build(config, dataset, 0).backbone, model.backbone, same=False)


@pytest.mark.slow
def test_finished_classifiers_are_shown_and_not_trained_again(classifiers, dataset, fits):
    folder, results = classifiers
    assert pretrain.run(small_config(seeds="0,1"), dataset, folder) == results
    # The number of epochs and the learning rate of GSAT itself do not matter to the classifier.
    other = small_config(training__epochs=9, optimizer__learning_rate=0.5, r__final=0.7, seeds="1")
    assert pretrain.run(other, dataset, folder) == results[1:]
    assert fits == []


@pytest.mark.slow
def test_classifiers_with_other_settings_do_not_go_to_the_same_folder(classifiers, dataset, fits):
    with pytest.raises(RunError, match=r"pretraining\.epochs: 3 there, 5 asked for"):
        pretrain.run(small_config(pretraining__epochs=5), dataset, classifiers[0])
    assert fits == []


@pytest.mark.slow
@too_short
def test_auto_trains_missing_classifiers_and_reuses_them(dataset, tmp_path, monkeypatch, fits, no_figures):
    monkeypatch.chdir(tmp_path)
    config = small_config(pretrained="auto")
    result = gsat.run(config, dataset, tmp_path / "first")
    assert fits == ["classifier", "gsat"]
    assert (tmp_path / "runs/ba2motifs-gin-classifier/seed-0/classifier/classifier.json").exists()
    config.training.epochs = 1
    gsat.run(config, dataset, tmp_path / "second")
    assert fits == ["classifier", "gsat", "gsat"]
    # Without a change, nothing runs at all; by the folder's name, it is the same run.
    config.training.epochs = 2
    assert gsat.run(config, dataset, tmp_path / "first") == result
    config.pretrained = "runs/ba2motifs-gin-classifier"
    assert gsat.run(config, dataset, tmp_path / "first") == result
    assert fits == ["classifier", "gsat", "gsat"]
    settings = read(tmp_path / "first" / "run.json")["settings"]
    assert settings["pretrained"] is True
    assert settings["pretraining"]["epochs"] == 3


@pytest.mark.slow
@too_short
def test_a_run_from_a_named_folder_is_another_than_one_without(classifiers, dataset, tmp_path, fits, no_figures):
    config = small_config(pretrained=str(classifiers[0]), training__epochs=1)
    results = gsat.run(config, dataset, tmp_path / "run")
    assert fits == ["gsat"]
    assert 0 <= results[0]["explanation_roc_auc"] <= 1
    with pytest.raises(RunError, match="pretrained: True there, False asked for"):
        gsat.run(small_config(training__epochs=1), dataset, tmp_path / "run")


def other_graphs(dataset):
    return dataclasses.replace(dataset, labels=1 - dataset.labels)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "change", "message"),
    [
        (small_config("pna"), None, "backbone: 'gin' there, 'pna' asked for"),
        (small_config(model__hidden_size=8), None, r"arguments\.hidden_size: 4 there, 8 asked for"),
        (small_config(model__dropout_rate=0.1), None, r"arguments\.dropout_rate: 0\.3 there, 0\.1 asked for"),
        (small_config(split__protocol="leak_free"), None, r"data\.split\.protocol: 'random' there, 'leak_free' asked"),
        (small_config(), other_graphs, r"data\.sha256: '[0-9a-f]{64}' there"),
    ],
    ids=["backbone", "hidden size", "dropout", "split", "graphs"],
)
def test_a_classifier_of_another_kind_is_refused_with_what_differs(classifiers, dataset, config, change, message):
    config = config.copy_and_resolve_references()
    config.pretrained = str(classifiers[0])
    with pytest.raises(CheckpointError, match="pre-trained classifier of another kind") as caught:
        build(config, change(dataset) if change else dataset)
    assert caught.match(message)


@pytest.mark.slow
def test_a_classifier_of_another_seed_is_refused(classifiers, dataset, tmp_path):
    (tmp_path / "seed-0").symlink_to(classifiers[0] / "seed-1")
    with pytest.raises(CheckpointError, match=r"data\.seed: 1 there, 0 asked for"):
        build(small_config(pretrained=str(tmp_path)), dataset)


def test_a_folder_without_a_classifier_of_the_seed_is_named(dataset, tmp_path):
    with pytest.raises(CheckpointError, match="seed-0/classifier holds no pre-trained classifier"):
        build(small_config(pretrained=str(tmp_path)), dataset)


def test_the_same_seed_gives_the_same_fresh_classifier_and_another_seed_another(dataset):
    config = small_config()
    first, again, other = (build_backbone(config, dataset, {}, nnx.Rngs(seed)) for seed in (0, 0, 1))
    assert_same_arrays(first, again)
    assert_same_arrays(first, other, same=False)


@pytest.mark.slow
def test_the_command_line_trains_both_stages(dataset, tmp_path):
    """In a folder of its own, since `auto` keeps the classifiers in runs/ of the current one."""
    save(dataset, tmp_path / "data" / "processed" / "ba2motifs-generated-seed0.npz")
    arguments = [f"--config={ROOT / 'configs/ba2motifs.py'}", "--config.pretrained=auto"]
    arguments += ["--config.model.hidden_size=4", "--config.training.epochs=1", "--config.pretraining.epochs=2"]
    arguments += ["--config.model.num_layers=1"]
    result = subprocess.run(
        [sys.executable, ROOT / "experiments/gsat.py", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "explanation ROC-AUC %" in result.stdout
    assert "classifier, seed 0" in result.stderr
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {
        "ba2motifs-gin-classifier",
        "ba2motifs-gin-pretrained",
    }
    settings = read(tmp_path / "runs/ba2motifs-gin-pretrained/results.json")["settings"]
    assert settings["pretraining"]["epochs"] == 2
    assert len(read(tmp_path / "runs/ba2motifs-gin-classifier/seed-0/history.json")) == 2
