"""What a configuration means: splits, options of the backbone, what identifies a run, graphs to draw."""

import dataclasses

import jax
import numpy as np
import pytest
from flax import nnx

from configs.ba2motifs import get_config as ba2motifs_config
from configs.ogbg_mol import get_config as molecules_config
from configs.spmotif import get_config as spmotif_config
from experiments.from_config import (
    backbone_arguments,
    build_backbone,
    pretraining_options,
    run_settings,
    split_dataset,
)
from experiments.gsat import choose_graphs
from gnnjax import nn
from gnnjax.errors import DataError, RunError
from gnnjax.train import Evaluation, Plateau
from tests.random_graphs import random_dataset


def config_with(get_config=ba2motifs_config, backbone="gin", **values):
    """A configuration with values replaced; two underscores stand for a dot."""
    config = get_config(backbone)
    config.update_from_flattened_dict({name.replace("__", "."): value for name, value in values.items()})
    return config


def split_of(protocol, dataset, seed=0, **values):
    config = ba2motifs_config()
    config.split = {"protocol": protocol, **values}
    return split_dataset(config, dataset, seed)


def test_a_random_split_takes_every_graph_once_and_depends_on_the_seed():
    dataset = random_dataset(0, 20)
    first, second = split_of("random", dataset, 0), split_of("random", dataset, 1)
    assert {part: len(indices) for part, indices in first.items()} == {"train": 16, "valid": 2, "test": 2}
    assert sorted(np.concatenate(list(first.values()))) == list(range(20))
    assert not np.array_equal(first["train"], second["train"])


def test_the_published_split_is_the_same_for_all_seeds():
    dataset = random_dataset(0)
    assert split_of("published", dataset, 0) is dataset.splits
    assert split_of("published", dataset, 7) is dataset.splits


def test_a_subsampled_split_draws_from_the_training_part_and_keeps_the_test_part():
    dataset = random_dataset(0, 20)
    splits = split_of("subsampled", dataset, 3, num_train=6, num_valid=3)
    assert (len(splits["train"]), len(splits["valid"])) == (6, 3)
    drawn = np.concatenate([splits["train"], splits["valid"]])
    assert len(set(drawn)) == 9
    assert set(drawn) <= set(dataset.splits["train"])
    np.testing.assert_array_equal(splits["test"], dataset.splits["test"])


def test_the_mutag_split_tests_on_all_graphs_of_class_0_with_signal():
    dataset = random_dataset(0, 20)
    splits = split_of("mutag_x", dataset)
    signal = [dataset.edge_labels[dataset.edge_slice(index)].any() for index in range(20)]
    expected = [index for index in range(20) if signal[index] and dataset.labels[index, 0] == 0]
    assert splits["test"].tolist() == expected
    assert sorted(np.concatenate([splits["train"], splits["valid"]])) == list(range(20))


def test_the_leak_free_split_holds_test_graphs_out_and_explains_those_with_signal():
    dataset = random_dataset(0, 40)
    splits = split_of("leak_free", dataset)
    assert sorted(np.concatenate([splits[part] for part in ("train", "valid", "test")])) == list(range(40))
    signal = [dataset.edge_labels[dataset.edge_slice(index)].any() for index in splits["test"]]
    assert splits["explained"].tolist() == splits["test"][signal].tolist()
    assert 0 < len(splits["explained"]) < len(splits["test"])


def test_an_unknown_protocol_is_refused_with_the_known_ones():
    with pytest.raises(RunError, match="protocol is 'scaffold', must be random, mutag_x, leak_free, published or"):
        split_of("scaffold", random_dataset(0))


@pytest.mark.parametrize("protocol", ["published", "subsampled"])
def test_data_without_a_published_split_asks_for_another_protocol(protocol):
    dataset = dataclasses.replace(random_dataset(0), splits=None)
    with pytest.raises(RunError, match=r"random has no published split; take --config\.split\.protocol=random"):
        split_of(protocol, dataset, num_train=1, num_valid=1)


def test_a_subsample_larger_than_the_training_part_is_refused():
    with pytest.raises(DataError, match="has 4 graphs, 4 \\+ 1 are asked for"):
        split_of("subsampled", random_dataset(0), num_train=4, num_valid=1)


@pytest.mark.parametrize("protocol", ["mutag_x", "leak_free"])
def test_a_split_by_signal_needs_edge_labels(protocol):
    with pytest.raises(DataError, match="needs edge labels"):
        split_of(protocol, dataclasses.replace(random_dataset(0, 20), edge_labels=None))


def test_degree_scalers_know_the_degrees_of_the_training_graphs_only():
    dataset = random_dataset(0, 8)
    splits = {"train": np.array([0, 1]), "valid": np.array([2]), "test": np.arange(4, 8)}
    config = config_with(backbone="pna", model__degree_scalers=True, model__hidden_size=4)
    degrees = np.concatenate(
        [np.bincount(dataset[index].receivers, minlength=dataset.n_node[index]) for index in (0, 1)]
    )
    expected = nn.mean_log_degree(np.bincount(degrees, minlength=10))
    assert backbone_arguments(config, dataset, splits)["degree_scaler"] == pytest.approx(expected)
    others = backbone_arguments(config, dataset, splits | {"train": np.array([4, 5, 6])})
    assert others["degree_scaler"] != pytest.approx(expected)
    plain = config_with(backbone="pna", model__hidden_size=4)
    assert backbone_arguments(plain, dataset, splits).get("degree_scaler") is None
    assert count(nnx.Param, config, dataset, splits) > count(nnx.Param, plain, dataset, splits)


def count(kind, config, dataset, splits):
    """How many numbers of a kind the backbone holds; shapes alone, since drawing weights would take seconds."""
    model = nnx.eval_shape(lambda: build_backbone(config, dataset, splits, nnx.Rngs(0)))
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, kind)))


def test_separate_batch_statistics_doubles_the_statistics():
    dataset = random_dataset(0)
    for backbone in ("gin", "pna"):
        shared = count(nnx.BatchStat, config_with(backbone=backbone), dataset, {})
        apart = config_with(backbone=backbone, model__separate_batch_statistics=True)
        assert count(nnx.BatchStat, apart, dataset, {}) == 2 * shared > 0


def test_edge_features_are_used_where_there_are_some_and_the_configuration_wants_them():
    dataset = random_dataset(0, edge_features=2)
    assert backbone_arguments(spmotif_config(), dataset, {})["edge_features"] == 2
    assert backbone_arguments(spmotif_config(), random_dataset(0), {})["edge_features"] is None
    assert "edge_features" not in backbone_arguments(molecules_config(), dataset, {})
    assert "edge_features" not in backbone_arguments(spmotif_config("spmotifnet"), dataset, {})


def test_places_and_seeds_do_not_make_another_run():
    dataset = random_dataset(0)
    here = config_with(dataset__folder="here", dataset__source="generated", seeds="0")
    there = config_with(dataset__folder="there", dataset__source="copy.npz", seeds="0:10")
    settings = run_settings(here, dataset)
    assert settings == run_settings(there, dataset)
    assert "seeds" not in settings
    assert settings["dataset"] == {"name": "ba2motifs", "seed": 0}
    assert run_settings(spmotif_config(), dataset)["dataset"] == {"name": "spmotif", "bias": 0.5, "seed": 0}
    assert here.dataset.folder == "here"


def test_other_values_or_other_data_make_another_run():
    dataset = random_dataset(0)
    settings = run_settings(config_with(), dataset)
    assert settings != run_settings(config_with(optimizer__learning_rate=0.1), dataset)
    changed = dataclasses.replace(dataset, labels=1 - dataset.labels)
    assert settings != run_settings(config_with(), changed)


def test_pretraining_has_its_own_learning_rate_and_shares_the_batches():
    config = config_with(
        pretraining__epochs=3, pretraining__learning_rate=0.1, pretraining__plateau_patience=4, training__batch_size=7
    )
    options = pretraining_options(config)
    assert (options["epochs"], options["learning_rate"], options["batch_size"]) == (3, 0.1, 7)
    assert options["plateau"] == Plateau(patience=4, factor=0.5, threshold=1e-4)
    assert options["keep"] == "last"
    assert pretraining_options(config_with())["plateau"] is None


def evaluation_with(labels):
    labels = np.asarray(labels)
    return Evaluation({}, np.zeros((len(labels), 1)), labels, None, None, np.zeros(len(labels), int))


def test_binary_graphs_to_draw_take_classes_by_turns():
    labels = np.array([[1.0], [1], [1], [0], [1], [0], [0]])
    chosen, titles = choose_graphs(random_dataset(0), np.arange(10, 17), evaluation_with(labels))
    assert chosen == [3, 5, 0, 1]
    assert titles == ["graph 13, class 0", "graph 15, class 0", "graph 10, class 1", "graph 11, class 1"]


def test_a_class_with_too_few_graphs_leaves_its_place_to_the_others():
    chosen, titles = choose_graphs(random_dataset(0), np.arange(5), evaluation_with(np.ones((5, 1), np.float32)))
    assert chosen == [0, 1, 2, 3]
    assert titles[0] == "graph 0, class 1"
    assert choose_graphs(random_dataset(0), np.arange(1), evaluation_with(np.zeros((1, 1))))[0] == [0]


def test_multiclass_graphs_to_draw_show_as_many_classes_as_fit():
    dataset = random_dataset(0, task="multiclass", out_features=3)
    chosen, titles = choose_graphs(dataset, np.arange(6), evaluation_with(np.array([2, 2, 1, 0, 0, 1], np.int32)))
    assert chosen == [3, 4, 2, 0]
    assert [title.rpartition(" ")[2] for title in titles] == ["0", "0", "1", "2"]


def test_multilabel_graphs_with_a_label_are_drawn_first():
    dataset = random_dataset(0, task="multilabel", out_features=2)
    labels = np.array([[0, np.nan], [np.nan, np.nan], [1, np.nan], [0, 0], [1, 1]])
    chosen, titles = choose_graphs(dataset, np.arange(5), evaluation_with(labels))
    assert chosen == [2, 4, 0, 1]
    assert titles[:3] == ["graph 2, 1 of 2 labels", "graph 4, 2 of 2 labels", "graph 0, 0 of 2 labels"]
