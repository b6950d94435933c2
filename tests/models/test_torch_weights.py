"""Weights to and from PyTorch's names; `test_golden` has the recorded ones, here are all layouts and the errors."""

import numpy as np
import pytest
from flax import nnx

from gnnjax.errors import CheckpointError
from gnnjax.models import GSAT, build_backbone, export_torch_weights, import_torch_weights

BACKBONES = {
    "gin": ("gin", {"in_features": 3}),
    "gin with edge features": ("gin", {"in_features": 3, "edge_features": 2}),
    "gin with categories": ("gin", {"in_features": (5, 3), "edge_features": (4, 2, 2)}),
    "pna": ("pna", {"in_features": 3, "edge_features": 2}),
    "pna with categories": ("pna", {"in_features": (5, 3), "aggregators": ("mean", "max"), "degree_scaler": 0.7}),
    "spmotifnet": ("spmotifnet", {"in_features": 3}),
}
WRAPPINGS = ("alone", "edge attention", "node attention")
EXTRACTOR = {f"extractor.feature_extractor.{layer}.{part}" for layer in (0, 4, 8) for part in ("weight", "bias")}


def make(case, wrapping="alone", seed=0, **options):
    """A model whose every variable, batch-norm statistics included, is drawn at random."""
    name, arguments = BACKBONES[case]
    options = {"out_features": 3, "hidden_size": 8, "num_layers": 2} | arguments | options
    model = build_backbone(name, rngs=nnx.Rngs(0), **options)
    if wrapping != "alone":
        model = GSAT(model, learn_edge_attention=wrapping == "edge attention", rngs=nnx.Rngs(0))
    rng = np.random.default_rng(seed)
    for _, variable in nnx.to_flat_state(nnx.state(model)):
        variable[...] = rng.normal(size=variable.shape).astype(np.float32)
    return model


def variables(model):
    return {path: np.array(variable[...]) for path, variable in nnx.to_flat_state(nnx.state(model))}


def assert_same(actual, expected):
    assert actual.keys() == expected.keys()
    for name, value in actual.items():
        np.testing.assert_array_equal(value, expected[name], err_msg=str(name))


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("case", BACKBONES)
def test_import_inverts_export(case, wrapping):
    model, other = make(case, wrapping, seed=1), make(case, wrapping, seed=2)
    exported = export_torch_weights(model)
    import_torch_weights(other, exported)
    assert_same(variables(other), variables(model))
    assert_same(export_torch_weights(other), exported)


@pytest.mark.parametrize("case", BACKBONES)
def test_every_variable_has_one_name(case):
    model = make(case, "edge attention")
    exported = export_torch_weights(model)
    assert len(exported) == len(variables(model))
    assert sorted(value.size for value in exported.values()) == sorted(
        value.size for value in variables(model).values()
    )


@pytest.mark.parametrize("case", BACKBONES)
def test_gsat_adds_a_prefix_and_its_extractor(case):
    alone, wrapped = (export_torch_weights(make(case, wrapping)) for wrapping in ("alone", "node attention"))
    assert wrapped.keys() == {f"clf.{name}" for name in alone} | EXTRACTOR


def test_names_and_shapes_are_those_of_the_original():
    shapes = {name: value.shape for name, value in export_torch_weights(make("gin with categories")).items()}
    assert shapes["node_encoder.atom_embedding_list.0.weight"] == (5, 8)
    assert shapes["edge_encoder.bond_embedding_list.2.weight"] == (2, 8)
    assert shapes["convs.1.nn.1.running_var"] == (8,)
    assert shapes["fc_out.0.weight"] == (3, 8)
    shapes = {name: value.shape for name, value in export_torch_weights(make("pna with categories")).items()}
    assert shapes["convs.0.post_nn.0.weight"] == (8, 3 * 2 * 2 * 8)
    assert shapes["batch_norms.1.module.running_mean"] == (8,)
    assert shapes["fc_out.4.weight"] == (3, 2)
    names = export_torch_weights(make("spmotifnet")).keys()
    assert {name for name in names if name.startswith("convs.0.")} == {
        "convs.0.lin1.weight",
        "convs.0.lin1.bias",
        "convs.0.lin2.weight",
        "convs.0.lin3.weight",
        "convs.0.lin3.bias",
    }


def test_linear_weights_are_transposed():
    model = make("gin")
    np.testing.assert_array_equal(
        export_torch_weights(model)["node_encoder.weight"], np.asarray(model.node_encoder.kernel[...]).T
    )


@pytest.mark.parametrize("case", ["gin", "pna"])
def test_one_set_of_statistics_fills_both_and_the_attention_pass_is_exported(case):
    single, double = make(case, seed=1), make(case, seed=2, num_statistics=2)
    before = export_torch_weights(double)
    name = {"gin": "convs.0.nn.1.running_mean", "pna": "batch_norms.0.module.running_mean"}[case]
    norm = {"gin": lambda m: m.convs[0].mlp.batch_norms[0], "pna": lambda m: m.batch_norms[0]}[case](double)
    np.testing.assert_array_equal(before[name], norm.mean[1])
    import_torch_weights(double, export_torch_weights(single))
    np.testing.assert_array_equal(norm.mean[0], norm.mean[1])
    assert_same(export_torch_weights(double), export_torch_weights(single))


def without(weights, name):
    return {other: value for other, value in weights.items() if other != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without, r"missing \['{last}'\], unexpected none"),
        (lambda weights, last: weights | {"convs.7.lin": np.zeros(8)}, r"missing none, unexpected \['convs.7.lin'\]"),
        (lambda weights, last: weights | {last: np.zeros(())}, r"{last} has shape \[\], this model needs \[3\]"),
        (
            lambda weights, last: weights | {last: np.zeros((3, 1))},
            r"{last} has shape \[3, 1\], this model needs \[3\]",
        ),
    ],
    ids=["missing", "superfluous", "scalar", "two axes"],
)
@pytest.mark.parametrize("wrapping", ["alone", "edge attention"])
def test_weights_that_do_not_fit_are_refused_and_leave_the_model_alone(wrapping, change, message):
    weights, model = export_torch_weights(make("gin", wrapping, seed=1)), make("gin", wrapping, seed=2)
    last = "fc_out.0.bias" if wrapping == "alone" else "clf.fc_out.0.bias"
    with pytest.raises(CheckpointError, match=message.format(last=last)):
        import_torch_weights(model, change(weights, last))
    assert_same(variables(model), variables(make("gin", wrapping, seed=2)))


def test_the_transpose_of_a_weight_is_refused():
    weights = export_torch_weights(make("spmotifnet"))
    transposed = weights | {"node_emb.weight": weights["node_emb.weight"].T}
    with pytest.raises(CheckpointError, match=r"node_emb.weight has shape \[3, 8\], this model needs \[8, 3\]"):
        import_torch_weights(make("spmotifnet"), transposed)


def test_a_backbones_weights_do_not_fit_gsat_around_it():
    with pytest.raises(CheckpointError, match=r"missing .*'clf.fc_out.0.weight'.*unexpected .*'fc_out.0.weight'"):
        import_torch_weights(make("gin", "edge attention"), export_torch_weights(make("gin")))


def test_an_epsilon_of_0_is_ignored_and_a_trained_one_refused():
    weights, model = export_torch_weights(make("gin", seed=1)), make("gin", seed=2)
    import_torch_weights(model, weights | {"convs.0.eps": np.zeros(1), "convs.1.eps": np.float32(0)})
    assert_same(export_torch_weights(model), weights)
    with pytest.raises(CheckpointError, match=r"convs.1.eps is not 0"):
        import_torch_weights(model, weights | {"convs.0.eps": np.zeros(1), "convs.1.eps": np.full(1, 0.1)})


def test_batch_counts_are_ignored():
    weights, model = export_torch_weights(make("pna", seed=1)), make("pna", seed=2)
    import_torch_weights(model, weights | {"batch_norms.0.module.num_batches_tracked": np.array(7)})
    assert_same(export_torch_weights(model), weights)


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_the_parameters_that_spmotifnet_does_not_use_are_ignored(wrapping):
    weights, model = export_torch_weights(make("spmotifnet", wrapping, seed=1)), make("spmotifnet", wrapping, seed=2)
    prefix = "" if wrapping == "alone" else "clf."
    unused = {f"{prefix}{name}": np.ones(2) for name in ("conf_mlp.0.weight", "cq.weight", "conf_fw.0.lin1.bias")}
    import_torch_weights(model, weights | unused)
    assert_same(export_torch_weights(model), weights)


def test_they_are_not_ignored_in_other_models():
    with pytest.raises(CheckpointError, match=r"unexpected \['cq.weight'\]"):
        import_torch_weights(make("gin"), export_torch_weights(make("gin")) | {"cq.weight": np.ones(2)})


def test_what_is_exported_does_not_change_with_the_model():
    model = make("gin")
    exported = export_torch_weights(model)
    before = {name: value.copy() for name, value in exported.items()}
    import_torch_weights(model, export_torch_weights(make("gin", seed=3)))
    assert_same(exported, before)


def test_a_model_without_a_counterpart_is_refused():
    with pytest.raises(CheckpointError, match="PyTorch weights of a Linear are not known"):
        export_torch_weights(nnx.Linear(2, 2, rngs=nnx.Rngs(0)))
