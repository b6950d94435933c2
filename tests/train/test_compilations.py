"""A run compiles one step per phase, in its first epoch, and nothing later."""

import numpy as np
import pytest
from flax import nnx

from gnnjax.data import random_split
from gnnjax.models import GIN, GSAT
from gnnjax.train import Callback, RSchedule, evaluate, fit
from tests.random_graphs import random_dataset
from tests.train.runs import compilations

# Graphs of 1 to 60 nodes, of which the 8 largest are the test part.
DATASET = random_dataset(0, 40, max_nodes=60)
BY_SIZE = np.argsort(DATASET.n_node, kind="stable")
SMALL = random_split(32, seed=0, train=0.7, valid=0.25)
SPLITS = {"train": BY_SIZE[SMALL["train"]], "valid": BY_SIZE[SMALL["valid"]], "test": BY_SIZE[32:]}


class Watch(Callback):
    """How many programs were compiled by the end of each epoch."""

    def __init__(self, names):
        self.names, self.after_epoch = names, []

    def on_epoch(self, entry, evaluations):
        self.after_epoch.append(len(self.names))


def new_classifier():
    # A size that no other test has, so that nothing is compiled already.
    return GIN(3, 1, hidden_size=5, num_layers=1, rngs=nnx.Rngs(0))


def new_gsat():
    return GSAT(new_classifier(), rngs=nnx.Rngs(1))


@pytest.mark.parametrize(
    ("new_model", "settings"),
    [(new_classifier, {"lazy_parts": ("test",)}), (new_gsat, {"r": RSchedule(init=0.5, final=0.5)})],
    ids=["classifier", "GSAT"],
)
def test_one_compilation_per_phase_and_none_after_the_first_epoch(new_model, settings):
    assert DATASET.n_node[SPLITS["test"]].min() > 2 * DATASET.n_node[SPLITS["train"]].mean()
    with compilations() as names:
        watch = Watch(names)
        fit(new_model(), DATASET, SPLITS, epochs=12, batch_size=8, callbacks=[watch], **settings)
        # One to train, one to evaluate graphs of the size of the part valid, one for those of the part test.
        assert names.count("jit(step)") == 3
        assert len(watch.after_epoch) == 12
        assert set(watch.after_epoch) == {watch.after_epoch[0]}
        # What a new model's weights are drawn with was compiled for the first one.
        names.clear()
        model = new_model()
        fit(model, DATASET, SPLITS, epochs=12, batch_size=8, **settings)
        assert names == []
        evaluate(model, DATASET, SPLITS["test"], batch_size=8)
        assert names == []
