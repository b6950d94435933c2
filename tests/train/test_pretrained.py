"""A stored classifier comes back as it was, or says what is wrong with it."""

import dataclasses
import gc
import json
import re
import shutil

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.errors import CheckpointError
from gnnjax.models import build_backbone, export_torch_weights
from gnnjax.train import described_weights, evaluate, load_classifier, save_classifier
from tests.random_graphs import random_dataset

# Orbax leaves the reads of a failed restore behind, which end as warnings when they are collected.
ignore_unfinished_reads = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

GIN = {"in_features": 3, "out_features": 1, "hidden_size": 4, "num_layers": 1}
DATA = {"dataset": "random", "seed": 0}


def new_model(backbone="gin", arguments=GIN, seed=0):
    return build_backbone(backbone, rngs=nnx.Rngs(seed), **arguments)


def weights(model):
    return {name: value.tolist() for name, value in export_torch_weights(model).items()}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored") / "classifier"
    save_classifier(folder, new_model(seed=3), backbone="gin", arguments=GIN, data=DATA)
    return folder


@pytest.fixture
def copy(stored, tmp_path):
    """A copy to damage."""
    return shutil.copytree(stored, tmp_path / "copy")


@pytest.mark.parametrize(
    ("backbone", "arguments"),
    [
        ("gin", GIN),
        ("gin", GIN | {"in_features": (3, 2, 4), "num_statistics": 2}),
        ("pna", GIN | {"aggregators": ("mean", "max"), "edge_features": 2}),
        ("spmotifnet", GIN),
    ],
    ids=["gin", "gin of categories", "pna with two aggregators", "spmotifnet"],
)
def test_what_is_loaded_gives_the_same_logits(tmp_path, backbone, arguments):
    dataset = random_dataset(0, edge_features=0 if backbone == "spmotifnet" else 2)
    categories = arguments["in_features"] if isinstance(arguments["in_features"], tuple) else None
    if categories is not None:
        nodes = np.arange(dataset.nodes.size, dtype=np.int32).reshape(-1, 3) % np.array(categories, np.int32)
        dataset = dataclasses.replace(dataset, nodes=nodes, node_categories=categories)
    model = new_model(backbone, arguments, seed=7)
    # Statistics that no new model has.
    nnx.update(model, jax.tree.map(lambda array: array + 0.25, nnx.state(model, nnx.BatchStat)))
    save_classifier(tmp_path / "new" / "folder", model, backbone=backbone, arguments=arguments, data=DATA)
    loaded = load_classifier(tmp_path / "new" / "folder", backbone=backbone, arguments=arguments, data=DATA)
    assert type(loaded) is type(model)
    stored, found, new = (
        evaluate(model, dataset, np.arange(8)).logits for model in (model, loaded, new_model(backbone, arguments))
    )
    np.testing.assert_array_equal(found, stored)
    assert (new != stored).all()


def test_any_description_will_do_if_none_is_asked_for(stored):
    assert weights(load_classifier(str(stored))) == weights(new_model(seed=3))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"backbone": "pna"}, "backbone: 'gin' there, 'pna' asked for"),
        ({"arguments": GIN | {"hidden_size": 8}}, "arguments.hidden_size: 4 there, 8 asked for"),
        ({"arguments": GIN | {"in_features": (3, 2)}}, "arguments.in_features: 3 there, [3, 2] asked for"),
        ({"arguments": GIN | {"edge_features": 2}}, "arguments.edge_features: None there, 2 asked for"),
        ({"data": DATA | {"seed": 1}}, "data.seed: 0 there, 1 asked for"),
        ({"data": {}}, "data.dataset: 'random' there, None asked for"),
    ],
)
def test_another_kind_is_refused_and_the_difference_named(stored, asked, message):
    expected = rf"holds a pre-trained classifier of another kind:\n  {re.escape(message)}"
    with pytest.raises(CheckpointError, match=expected) as error:
        load_classifier(stored, **({"backbone": "gin", "arguments": GIN, "data": DATA} | asked))
    assert str(stored) in str(error.value)


def test_all_differences_are_named_and_nothing_else(stored):
    with pytest.raises(CheckpointError) as error:
        load_classifier(stored, backbone="pna", arguments=GIN | {"num_layers": 2}, data=DATA)
    lines = str(error.value).splitlines()[1:]
    assert lines == ["  arguments.num_layers: 1 there, 2 asked for", "  backbone: 'gin' there, 'pna' asked for"]


def test_an_absent_folder(tmp_path):
    with pytest.raises(CheckpointError, match=r"absent holds no pre-trained classifier \(no classifier\.json\)"):
        load_classifier(tmp_path / "absent")


@pytest.mark.parametrize("asked", [{}, {"backbone": "gin"}])
@pytest.mark.parametrize("text", ['{"backbone": "gi', "\x00\xff", "", "[]", "[1]", "3", "null", '"text"'])
def test_a_damaged_description(copy, text, asked):
    (copy / "classifier.json").write_text(text)
    with pytest.raises(CheckpointError, match=re.escape(str(copy))):
        load_classifier(copy, **asked)


@pytest.mark.parametrize(
    "change",
    [
        {"backbone": "gcn"},
        {"backbone": None},
        {"arguments": None},
        {"arguments": {}},
        {"arguments": GIN | {"rate": 0.5}},
        {"arguments": GIN | {"hidden_size": 8}},
        {"arguments": GIN | {"num_layers": 2}},
    ],
    ids=str,
)
def test_a_description_that_does_not_fit_the_weights(copy, change):
    description = json.loads((copy / "classifier.json").read_text()) | change
    (copy / "classifier.json").write_text(json.dumps(description))
    with pytest.raises(CheckpointError, match="copy: the pre-trained classifier is damaged"):
        load_classifier(copy)


@ignore_unfinished_reads
@pytest.mark.parametrize("damage", ["folder removed", "files removed", "files truncated", "one byte"])
def test_damaged_weights(copy, damage):
    files = [file for file in (copy / "weights").rglob("*") if file.is_file()]
    assert files
    if damage == "folder removed":
        shutil.rmtree(copy / "weights")
    for file in files:
        if damage == "files removed":
            file.unlink()
        elif damage == "files truncated":
            file.write_bytes(file.read_bytes()[:7])
        elif damage == "one byte" and file.name == "manifest.ocdbt":
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)
    with pytest.raises(CheckpointError, match="copy: the pre-trained classifier is damaged"):
        load_classifier(copy)
    gc.collect()


class TestWriting:
    def test_replaces_what_is_there(self, copy):
        arguments = GIN | {"hidden_size": 8}
        save_classifier(copy, new_model("spmotifnet", arguments), backbone="spmotifnet", arguments=arguments, data={})
        loaded = load_classifier(copy, backbone="spmotifnet", arguments=arguments, data={})
        assert weights(loaded) == weights(new_model("spmotifnet", arguments))

    @pytest.mark.parametrize("earlier", [True, False])
    def test_the_description_comes_last_and_a_folder_without_it_is_empty(self, stored, tmp_path, monkeypatch, earlier):
        folder = tmp_path / "folder"
        if earlier:
            shutil.copytree(stored, folder)

        def killed(path, value):
            assert (folder / "weights").is_dir()
            raise KeyboardInterrupt

        monkeypatch.setattr(described_weights, "write_json", killed)
        with pytest.raises(KeyboardInterrupt):
            save_classifier(folder, new_model(seed=5), backbone="gin", arguments=GIN, data=DATA)
        with pytest.raises(CheckpointError, match="folder holds no pre-trained classifier"):
            load_classifier(folder)
        monkeypatch.undo()
        save_classifier(folder, new_model(seed=5), backbone="gin", arguments=GIN, data=DATA)
        assert weights(load_classifier(folder)) == weights(new_model(seed=5))
