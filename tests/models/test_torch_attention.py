"""What gnnjax is timed against computes what the original did, and so what gnnjax does: `tests/fixtures/ag_*.npz`."""

import json
from pathlib import Path

import jraph
import numpy as np
import pytest

from gnnjax.models import FAMILY_FLOWS, node_inputs

torch = pytest.importorskip("torch", reason="torch is an optional extra of the benchmarks")
from benchmarks.torch_attention import NodeClassifier, NodeTraining, inputs_from_gnnjax  # noqa: E402

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
FILES = sorted((Path(__file__).parents[1] / "fixtures").glob("ag_*.npz"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_outputs_attention_and_three_training_steps_are_the_originals(path):
    with np.load(path, allow_pickle=False) as file:
        golden = {name: file[name] for name in file.files}
    config = json.loads(str(golden["config"]))
    family = config["model"].lower()
    x, senders, receivers = (golden[f"in.{name}"] for name in ("x", "senders", "receivers"))
    graph = jraph.GraphsTuple(
        x.astype(np.float32), None, receivers, senders, None, np.array([len(x)]), np.array([len(senders)])
    )
    structure = {}
    if family == "dlb":
        distances = golden["in.shortest_path"].astype(np.float32)
        structure["distance_bias"] = np.where(distances > 0, 1 / np.where(distances == 0, 1, distances), distances)
    if family == "dl":
        structure["positional_encoding"] = golden["in.positional_encoding"].astype(np.float32)
    inputs = inputs_from_gnnjax(family, node_inputs(graph, flow=FAMILY_FLOWS[family], **structure))
    model = NodeClassifier(
        family,
        x.shape[1],
        config["classes"],
        hidden_size=config["hidden"],
        num_layers=config["num_layers"],
        num_heads=config["num_heads"],
        dropout_rate=0.0,
    )
    used = model.state_dict().keys()
    # The original stores weights of the other families too.
    model.load_state_dict({name: torch.tensor(golden[f"init.{name}"]) for name in used})

    with torch.no_grad():
        log_probs, attention = model.eval()(inputs)
    np.testing.assert_allclose(log_probs.numpy(), golden["eval.log_probs"], **CLOSE)
    if family != "sc":
        np.testing.assert_allclose(torch.stack(attention).numpy(), golden["eval.attention"], **CLOSE)

    masks = {"train": golden["in.train_mask"]}
    training = NodeTraining(model, inputs, golden["in.y"], masks)
    for step in range(3):
        np.testing.assert_allclose(training.train_step().numpy(), golden[f"step{step}.loss"], **CLOSE)
    for name, value in model.state_dict().items():
        np.testing.assert_allclose(value.numpy(), golden[f"final.{name}"], rtol=1e-4, atol=1e-4, err_msg=name)
