"""GSAT in PyTorch Geometric, which gnnjax is timed against, computes what the original did."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an optional extra of the benchmarks")
pytest.importorskip("torch_geometric", reason="PyTorch Geometric is an optional extra of the benchmarks")
from benchmarks.pyg_gsat import BACKBONES, Batch, GSATTraining  # noqa: E402
from tests.models.test_golden import ATOM_CATEGORIES, BOND_CATEGORIES, CASES, task  # noqa: E402

FOLDERS = (Path(__file__).parents[1] / "fixtures", Path(os.environ.get("GNNJAX_GOLDEN", "")))
# PNA's standard deviation magnifies rounding, see test_golden.
CLOSE = {"gin": {"rtol": 1e-4, "atol": 1e-5}, "pna": {"rtol": 5e-3, "atol": 1e-4}}


@pytest.mark.parametrize("case", [case for case in CASES if case.split("_")[0] in BACKBONES])
def test_outputs_and_three_training_steps_are_the_originals(case):
    path = next((folder / f"{case}.npz" for folder in FOLDERS if (folder / f"{case}.npz").is_file()), None)
    if path is None:
        pytest.skip(f"{case}.npz is in no folder GNNJAX_GOLDEN")
    with np.load(path, allow_pickle=False) as file:
        golden = {name: torch.tensor(file[name]) for name in file.files if name != "config"}
        config = json.loads(str(file["config"]))
    backbone = case.split("_")[0]
    training = build(backbone, golden, config)
    reverse = {pair: index for index, pair in enumerate(zip(*golden["in.edge_index"].tolist(), strict=True))}
    batch = Batch(
        golden["in.x"],
        golden["in.edge_index"],
        golden.get("in.edge_attr"),
        golden["in.graph_index"],
        golden["in.y"],
        torch.tensor([reverse.get((j, i), index) for (i, j), index in reverse.items()]),
    )
    r = float(golden["in.r"])
    compare(training.eval_step(batch, r), golden, "eval", backbone)
    for step in range(config["steps"]):
        outputs = training.train_step(batch, r, golden[f"step{step}.uniform"])
        # What Adam makes of gradients that are rounding noise moves later outputs; the losses stay.
        compare(outputs, golden, f"step{step}", backbone, arrays=step == 0)


def build(backbone, golden, config):
    settings, multilabel = config["model"], config["multi_label"]
    molecules = settings.get("atom_encoder", False)
    options = {"hidden_size": settings["hidden_size"], "num_layers": settings["n_layers"], "dropout_rate": 0.0}
    if "in.edge_attr" in golden:
        options["edge_features"] = BOND_CATEGORIES if molecules else config["edge_attr_dim"]
    if backbone == "pna":
        options["aggregators"] = settings["aggregators"]
    outputs = 1 if config["num_class"] == 2 and not multilabel else config["num_class"]
    classifier = BACKBONES[backbone](ATOM_CATEGORIES if molecules else config["x_dim"], outputs, **options)
    training = GSATTraining(
        classifier,
        task(config),
        learn_edge_attention=config["learn_edge_att"],
        extractor_dropout_rate=0.0,
        learning_rate=config["lr"],
        weight_decay=config["weight_decay"],
    )
    weights = {name.removeprefix("init."): value for name, value in golden.items() if name.startswith("init.")}
    training.model.load_state_dict(weights)
    return training


def compare(outputs, golden, prefix, backbone, arrays=True):
    recorded = {"loss": "loss", "prediction_loss": "pred_loss", "info_loss": "info_loss"}
    if arrays:
        recorded |= {"logits": "logits", "edge_attention": "edge_attention"}
    for ours, theirs in recorded.items():
        value = getattr(outputs, ours).detach().numpy()
        np.testing.assert_allclose(value, golden[f"{prefix}.{theirs}"], **CLOSE[backbone], err_msg=f"{prefix} {ours}")
