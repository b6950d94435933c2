"""Every configuration file: the published settings, data that can be prepared, a model that trains."""

import dataclasses
import importlib
import inspect

import jax
import numpy as np
import pytest
from flax import nnx

from configs.published import gsat_config
from experiments.from_config import build_backbone, pretraining_options, split_dataset
from experiments.gsat import build_model
from gnnjax import train
from gnnjax.data import iterate_batches
from gnnjax.data.molecules import ATOM_FEATURES, BOND_FEATURES, molecule_dataset
from gnnjax.models import GIN, PNA, SPMotifNet
from tests.random_graphs import random_dataset

# (data, backbone): hidden size, layers, learning rate, weight decay, epochs, epochs and learning rate of the
# pre-training, final r, epochs between steps of r, attention
PUBLISHED = {
    ("ba2motifs", "gin"): (64, 2, 1e-3, 0, 100, 100, 1e-3, 0.5, 10, "edge"),
    ("ba2motifs", "pna"): (80, 4, 1e-3, 3e-6, 50, 50, 1e-3, 0.5, 5, "edge"),
    ("mutag", "gin"): (64, 2, 1e-3, 0, 100, 100, 1e-3, 0.5, 10, "node"),
    ("mutag", "pna"): (80, 4, 1e-3, 3e-6, 50, 50, 1e-3, 0.5, 5, "node"),
    ("mnist75sp", "gin"): (64, 2, 1e-3, 0, 200, 200, 1e-3, 0.7, 30, "node"),
    ("mnist75sp", "pna"): (80, 4, 1e-3, 3e-6, 200, 200, 1e-3, 0.7, 30, "node"),
    ("graph_sst2", "gin"): (64, 2, 1e-3, 0, 100, 100, 1e-3, 0.7, 10, "edge"),
    ("graph_sst2", "pna"): (80, 4, 3e-3, 3e-6, 200, 200, 3e-3, 0.7, 20, "edge"),
    ("spmotif", "gin"): (64, 2, 3e-3, 0, 100, 100, 3e-3, 0.7, 10, "edge"),
    ("spmotif", "pna"): (80, 4, 3e-3, 3e-6, 200, 200, 3e-3, 0.7, 60, "edge"),
    ("spmotif", "spmotifnet"): (32, 2, 3e-3, 0, 200, 200, 3e-3, 0.5, 20, "edge"),
    ("ogbg_mol", "gin"): (64, 2, 1e-3, 0, 200, 200, 1e-3, 0.7, 20, "node"),
    ("ogbg_mol", "pna"): (80, 4, 1e-3, 3e-6, 100, 200, 1e-2, 0.7, 10, "node"),
}
DATA = list(dict.fromkeys(data for data, _ in PUBLISHED))
SPLITS = {
    "ba2motifs": {"protocol": "random"},
    "mutag": {"protocol": "mutag_x"},
    "mnist75sp": {"protocol": "subsampled", "num_train": 20_000, "num_valid": 5_000},
    "graph_sst2": {"protocol": "published"},
    "spmotif": {"protocol": "published"},
    "ogbg_mol": {"protocol": "published"},
}
every_config = pytest.mark.parametrize(("data", "backbone"), PUBLISHED, ids=str)


def get_config(data, backbone):
    return importlib.import_module(f"configs.{data}").get_config(backbone)


def random_data(data):
    """Twelve random graphs with the features, labels and split of a dataset."""
    # The same graphs, so that both are evaluated in the same shape.
    parts = {"train": np.arange(6), "valid": np.arange(6, 12), "test": np.arange(6, 12)}
    match data:
        case "ba2motifs":
            dataset = random_dataset(0, 12, in_features=10)
        case "mutag":
            dataset = random_dataset(0, 12, in_features=14)
        case "mnist75sp":
            dataset = random_dataset(0, 12, task="multiclass", in_features=5, edge_features=1, out_features=10)
        case "graph_sst2":
            dataset = dataclasses.replace(random_dataset(0, 12, in_features=768, edge_features=1), edge_labels=None)
        case "spmotif":
            dataset = random_dataset(0, 12, task="multiclass", in_features=4, edge_features=1, out_features=3)
        case "ogbg_mol":
            return random_molecules(parts)
    return dataclasses.replace(dataset, splits=parts)


def random_molecules(parts):
    """Chains of one to five atoms with random categories, two tasks, one label missing."""
    rng = np.random.default_rng(0)
    n_atom = 1 + np.arange(12) % 5
    atoms, bond_features = (
        np.stack([rng.integers(len(values), size=rows) for values in features.values()], axis=1)
        for features, rows in ((ATOM_FEATURES, n_atom.sum()), (BOND_FEATURES, (n_atom - 1).sum()))
    )
    labels = np.arange(24).reshape(12, 2) % 3 % 2 * 1.0
    labels[0, 0] = np.nan
    return molecule_dataset(
        "molecules",
        n_atom=n_atom,
        n_bond=n_atom - 1,
        atoms=atoms,
        bonds=np.concatenate([np.stack([np.arange(n - 1), np.arange(1, n)], axis=1) for n in n_atom]),
        bond_features=bond_features,
        labels=labels,
        splits=parts,
        source="random chains",
    )


@every_config
def test_the_settings_are_the_published_ones(data, backbone):
    config = get_config(data, backbone)
    training, pretraining = config.training, config.pretraining
    assert config.name == data
    assert config.model.backbone == backbone
    assert (
        config.model.hidden_size,
        config.model.num_layers,
        config.optimizer.learning_rate,
        config.optimizer.weight_decay,
        training.epochs,
        pretraining.epochs,
        pretraining.learning_rate,
        config.r.final,
        config.r.interval,
        "edge" if config.attention.learn_on_edges else "node",
    ) == PUBLISHED[data, backbone]
    assert pretraining.weight_decay == config.optimizer.weight_decay
    assert (config.r.init, config.r.decay) == (0.9, 0.1)
    assert config.loss.to_dict() == {"prediction_coefficient": 1.0, "information_coefficient": 1.0}
    assert (config.attention.dropout_rate, config.attention.temperature) == (0.5, 1.0)
    assert config.model.get("dropout_rate", 0.3) == 0.3
    assert training.batch_size == (256 if data == "mnist75sp" else 128)
    assert training.metric == ("roc_auc" if data == "ogbg_mol" else "accuracy")
    assert config.split.to_dict() == SPLITS[data]


@pytest.mark.parametrize("data", DATA)
def test_pna_aggregates_as_published(data):
    model = get_config(data, "pna").model
    expected = {"mean", "min", "max", "std"} | (set() if data == "ogbg_mol" else {"sum"})
    assert set(model.aggregators) == expected
    assert len(model.aggregators) == len(expected)
    assert not model.degree_scalers


@every_config
def test_only_the_molecules_pna_classifier_has_a_plateau(data, backbone):
    plateau = pretraining_options(get_config(data, backbone))["plateau"]
    molecules = (data, backbone) == ("ogbg_mol", "pna")
    assert plateau == (train.Plateau(patience=20, factor=0.5, threshold=1e-4) if molecules else None)


@pytest.mark.parametrize("data", DATA)
def test_all_published_backbones_are_there_and_gin_is_the_default(data):
    module = importlib.import_module(f"configs.{data}")
    assert list(module.SETTINGS) == [backbone for name, backbone in PUBLISHED if name == data]
    assert module.get_config() == module.get_config("gin")


@pytest.mark.parametrize("data", DATA)
def test_the_preparation_of_the_data_takes_the_datasets_arguments(data):
    options = get_config(data, "gin").dataset.to_dict()
    preparation = importlib.import_module(f"data_prep.{options.pop('name')}")
    bound = inspect.signature(preparation.prepare).bind(**options)
    assert bound.arguments["folder"] == "data"


@every_config
def test_the_backbone_has_the_data_s_inputs_and_outputs(data, backbone):
    config, dataset = get_config(data, backbone), random_data(data)
    splits = {"train": np.arange(6)}
    # Shapes alone: drawing the weights would take seconds.
    model = nnx.eval_shape(lambda: build_backbone(config, dataset, splits, nnx.Rngs(0)))
    assert type(model) is {"gin": GIN, "pna": PNA, "spmotifnet": SPMotifNet}[backbone]
    assert model.hidden_size == PUBLISHED[data, backbone][0]
    classifier = model.classifier
    head = getattr(classifier, "layers", [classifier])[-1]
    assert head.kernel.shape[1] == {"mnist75sp": 10, "spmotif": 3, "ogbg_mol": 2}.get(data, 1)
    has_edge_encoder = getattr(model, "edge_encoder", None) is not None
    assert has_edge_encoder == (backbone != "spmotifnet" and data in ("mnist75sp", "graph_sst2", "spmotif"))


@every_config
def test_gsat_of_the_published_size_classifies_and_explains_a_batch(data, backbone):
    config, dataset = get_config(data, backbone), random_data(data)
    (batch,) = iterate_batches(dataset, np.arange(12), batch_size=12)

    def forward():
        model = build_model(config, dataset, {"train": np.arange(6)}, 0)
        options = {
            "graph_mask": batch.graph_mask,
            "reverse": batch.reverse_edges,
            "train": True,
            "key": jax.random.key(0),
        }
        return model(batch.graphs, **options)

    # Shapes alone, as above.
    logits, output = jax.eval_shape(forward)
    assert logits.shape == (len(batch.graph_mask), dataset.out_features)
    rows = len(batch.graphs.nodes if PUBLISHED[data, backbone][-1] == "node" else batch.graphs.senders)
    assert output.attention.shape == (rows,)
    assert output.edge_attention.shape == batch.graphs.senders.shape


@pytest.mark.parametrize("data", DATA)
def test_an_unknown_backbone_is_refused_with_the_known_ones(data):
    known = ", ".join(backbone for name, backbone in PUBLISHED if name == data)
    with pytest.raises(ValueError, match=f"backbone 'gcn' is not known here; {data} has: {known}"):
        get_config(data, "gcn")


def test_the_settings_of_one_configuration_do_not_reach_the_next():
    first = get_config("ogbg_mol", "pna")
    first.model.hidden_size = 4
    first.pretraining.plateau_patience = 1
    assert get_config("ogbg_mol", "pna").model.hidden_size == 80
    own = {"gin": {"epochs": 3, "learning_rate": 0.1, "final_r": 0.5, "interval": 1}}
    config = gsat_config("toy", "gin", own, dataset={}, split={}, learn_on_edges=True, model={"hidden_size": 5})
    assert (config.model.hidden_size, config.model.num_layers) == (5, 2)
    assert get_config("ba2motifs", "gin").model.hidden_size == 64


@pytest.fixture
def quick_compilation():
    """Less optimised code, which is made sooner."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.slow
@pytest.mark.usefixtures("quick_compilation")
@pytest.mark.filterwarnings("ignore:in 2 epochs r does not come to rest")
@pytest.mark.parametrize(
    ("data", "backbone"),
    # Every backbone, task, protocol, kind of attention and kind of features once; all thirteen would take minutes.
    [
        ("mutag", "pna"),
        ("mnist75sp", "gin"),
        ("graph_sst2", "pna"),
        ("spmotif", "spmotifnet"),
        ("ogbg_mol", "gin"),
    ],
    ids=str,
)
def test_two_training_steps_change_all_parts_of_the_model(data, backbone):
    config, dataset = get_config(data, backbone), random_data(data)
    config.model.hidden_size, config.model.num_layers, config.training.epochs = 4, 1, 2
    if config.split.protocol == "subsampled":
        config.split.num_train, config.split.num_valid = 4, 2
    splits = split_dataset(config, dataset, 0)
    model = build_model(config, dataset, splits, 0)
    before = [np.array(leaf) for leaf in nnx.to_pure_dict(nnx.state(model.extractor))["layers"][0].values()]
    fitted = train.fit(
        model,
        dataset,
        splits,
        r=train.RSchedule(**config.r),
        **config.training,
        **config.optimizer,
        **config.loss,
    )
    assert [entry["epoch"] for entry in fitted.history] == [0, 1]
    assert all(np.isfinite(entry["train"]["loss"]) for entry in fitted.history)
    assert set(fitted.best) >= {"train", "valid", "test"}
    after = nnx.to_pure_dict(nnx.state(model.extractor))["layers"][0].values()
    assert any((old != new).any() for old, new in zip(before, after, strict=True))
