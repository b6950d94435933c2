"""Backbones by name."""

import pytest
from flax import nnx

from gnnjax.models import BACKBONES, GIN, PNA, Backbone, SPMotifNet, build_backbone


@pytest.mark.parametrize(("name", "expected"), [("gin", GIN), ("pna", PNA), ("spmotifnet", SPMotifNet)])
def test_a_name_gives_its_backbone_with_the_arguments(name, expected):
    backbone = build_backbone(name, in_features=3, out_features=2, hidden_size=8, num_layers=1, rngs=nnx.Rngs(0))
    assert type(backbone) is expected
    assert isinstance(backbone, Backbone)
    assert backbone.hidden_size == 8
    assert len(backbone.convs) == 1


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(ValueError, match="'GIN' is not known; there are gin, pna, spmotifnet"):
        build_backbone("GIN", in_features=3, out_features=2, rngs=nnx.Rngs(0))
    assert set(BACKBONES) == {"gin", "pna", "spmotifnet"}


def test_an_argument_that_a_backbone_does_not_have_is_an_error():
    with pytest.raises(TypeError, match="dropout_rate"):
        build_backbone("spmotifnet", in_features=3, out_features=2, dropout_rate=0.5, rngs=nnx.Rngs(0))
