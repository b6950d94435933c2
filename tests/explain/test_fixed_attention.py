"""Which attention may be given to a model, and what it predicts with it."""

import numpy as np
import pytest
from flax import nnx

from gnnjax.errors import MemoryLimitError
from gnnjax.explain.fixed_attention import check_attention, check_evaluated_nodes, logits_with_attention, own_attention
from gnnjax.models import build_node_classifier
from tests.models.node_examples import NUM_NODES, example_inputs, example_model
from tests.train.runs import compilations

FAMILIES = ("sl", "dlb", "dl")


@pytest.mark.parametrize("family", FAMILIES)
def test_with_its_own_attention_a_model_is_intact(family):
    model, inputs = example_model(family), example_inputs(family)
    logits, attention = model.attend(inputs)
    np.testing.assert_allclose(own_attention(model, inputs), attention, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        logits_with_attention(model, inputs, own_attention(model, inputs)), logits, rtol=1e-4, atol=1e-5
    )


def test_models_of_a_kind_share_a_program():
    inputs = example_inputs("sl")
    first, second = (example_model("sl", seed) for seed in (1, 2))
    attention = own_attention(first, inputs)
    before = logits_with_attention(first, inputs, attention)
    with compilations() as names:
        after = logits_with_attention(second, inputs, own_attention(second, inputs))
    assert names == []
    assert np.abs(before - after).max() > 1e-3


def test_a_model_without_attention():
    with pytest.raises(ValueError, match="GraphConvolution, which has no attention"):
        own_attention(build_node_classifier("sc", 4, 3, rngs=nnx.Rngs(0)), example_inputs("sc"))


def test_dense_attention_that_does_not_fit_in_memory(monkeypatch):
    monkeypatch.setattr("gnnjax.host_memory.available_memory", lambda: 4 * 4 * NUM_NODES**2 * 10 - 1)
    own_attention(example_model("dlb"), example_inputs("dlb"), copies=9)
    own_attention(example_model("sl"), example_inputs("sl"), copies=10**9)
    with pytest.raises(
        MemoryLimitError, match=r"attention of 6 nodes to each other in 4 heads needs .*; use a sparse model"
    ):
        own_attention(example_model("dlb"), example_inputs("dlb"), copies=10)


def test_a_model_that_diverged():
    model = example_model("sl")
    model.encoder.bias[...] = np.full(8, np.nan)
    with pytest.raises(ValueError, match="the model's attention holds an entry that is negative, infinite or NaN"):
        own_attention(model, example_inputs("sl"))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.5])
def test_attention_that_is_none(bad):
    attention = np.full((1, 1, 3), 0.5, np.float32)
    np.testing.assert_array_equal(check_attention(attention, (1, 1, 3)), attention)
    with pytest.raises(ValueError, match=r"attention must be \[1, 1, 4\], is \[1, 1, 3\]"):
        check_attention(attention, (1, 1, 4))
    attention[0, 0, 1] = bad
    with pytest.raises(ValueError, match="other holds an entry"):
        check_attention(attention, (1, 1, 3), "other")


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones(4, bool), r"mask must be bool\[3\], is bool\[4\]"),
        (np.ones((2, 3), bool), r"is bool\[2, 3\]"),
        (np.ones(3, int), r"is int64\[3\]"),
        (np.zeros(3, bool), "mask has no nodes"),
    ],
)
def test_masks_that_do_not_fit(mask, message):
    with pytest.raises(ValueError, match=message):
        check_evaluated_nodes(mask, 3)
