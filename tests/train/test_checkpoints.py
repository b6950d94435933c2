import gc

import jax.numpy as jnp
import numpy as np
import pytest

from gnnjax.errors import CheckpointError
from gnnjax.train import Checkpoints

STATE = {"layers": {0: jnp.arange(3.0), 1: jnp.ones((2, 2))}, "count": jnp.array(4)}


def test_last_comes_back_with_its_record(tmp_path):
    record = {"history": [{"epoch": 0, "loss": 0.1 + 0.2, "missing": float("nan")}], "best_epoch": None}
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.last_epoch is None
        checkpoints.save_last(3, STATE, record)
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.last_epoch == 3
        state, restored = checkpoints.restore_last(STATE)
    np.testing.assert_array_equal(state["layers"][0], STATE["layers"][0])
    np.testing.assert_array_equal(state["count"], 4)
    np.testing.assert_equal(restored, record)


def test_only_the_newest_state_is_kept(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        for epoch in (1, 5, 9):
            checkpoints.save_last(epoch, STATE, {})
    assert [folder.name for folder in (tmp_path / "last").iterdir()] == ["9"]


def test_best_keeps_the_one_before(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        for epoch in (11, 13, 17):
            checkpoints.save_best(epoch, {"w": jnp.full(2, epoch)})
        template = {"w": jnp.zeros(2, jnp.int32)}
        assert checkpoints.restore_best(template)["w"].tolist() == [17, 17]
        assert checkpoints.restore_best(template, 13)["w"].tolist() == [13, 13]
        with pytest.raises(CheckpointError, match="no checkpoint of epoch 11"):
            checkpoints.restore_best(template, 11)


def test_best_is_rewritten_only_if_nothing_refers_to_it(tmp_path):
    """A state that names epoch 13 as its best was stored; epoch 17 is what a killed process left behind."""
    template = {"w": jnp.zeros(2, jnp.int32)}
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save_best(13, {"w": jnp.full(2, 13)})
        checkpoints.save_best(17, {"w": jnp.full(2, 17)})
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.restore_best(template, 13)
        checkpoints.save_best(13, {"w": jnp.full(2, -1)})
        assert checkpoints.restore_best(template, 13)["w"].tolist() == [13, 13]
        checkpoints.save_best(17, {"w": jnp.full(2, -1)})
        assert checkpoints.restore_best(template, 17)["w"].tolist() == [-1, -1]


# Orbax leaves the other reads of a failed restore behind.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("damage", ["truncate", "remove"])
def test_a_damaged_checkpoint_is_named(tmp_path, damage):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save_last(2, STATE, {})
    for file in (tmp_path / "last" / "2" / "state").rglob("*"):
        if file.is_file() and file.name not in ("commit_success.txt",):
            file.write_bytes(file.read_bytes()[:7]) if damage == "truncate" else file.unlink()
    with Checkpoints(tmp_path) as checkpoints, pytest.raises(CheckpointError, match="epoch 2 is damaged"):
        checkpoints.restore_last(STATE)
    gc.collect()


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({**STATE, "count": jnp.zeros(3)}, r"count is \[\] there and \[3\] in this model"),
        ({"count": STATE["count"]}, r"layers/0 is \[3\] there and absent in this model"),
        ({**STATE, "more": jnp.zeros(2)}, r"more is absent there and \[2\] in this model"),
        ({**STATE, "layers": {0: jnp.zeros(3), 1: jnp.zeros((2, 3))}}, r"layers/1 is \[2, 2\] there and \[2, 3\]"),
    ],
    ids=["other shape", "absent here", "absent there", "nested"],
)
def test_a_checkpoint_of_other_shapes_names_the_array_and_leaves_nothing_behind(tmp_path, template, message):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save_last(2, STATE, {})
        with pytest.raises(CheckpointError, match=message):
            checkpoints.restore_last(template)
    # An unfinished read would end as an error here: warnings are not ignored in this test.
    gc.collect()
