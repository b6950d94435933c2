"""The experiment on attention graphs: runs are kept, tables hold what was run, figures and pages are written."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from configs.attention_graphs import get_config
from experiments import attention_graphs
from experiments.attention_analysis import dense_attention, mean_attention
from experiments.attention_tables import ResultTable, attention_tables
from experiments.node_runs import NodeExperiment, Variant, variants
from experiments.published_attention import ACCURACY, ATTENTION_RATIO, NAMES, RECOVERY_F1
from gnnjax.data import random_node_splits, save
from gnnjax.errors import RunError
from tests.random_graphs import random_node_dataset

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder whose `texas` is a small random graph."""
    folder = tmp_path_factory.mktemp("data")
    save(random_node_dataset(0), folder / "processed" / "texas.npz")
    return folder


def small_config(folder, **changes):
    config = get_config("texas")
    values = {
        "dataset.folder": str(folder),
        "split.protocol": "published",
        "split.num_splits": 2,
        "layers": "2",
        "heads": "2",
        "model.hidden_size": 8,
        "training.epochs": 6,
    }
    config.update_from_flattened_dict(values | changes)
    return config


@pytest.fixture(scope="module")
def finished(folder, tmp_path_factory):
    """A whole run by its command, in a process of its own."""
    workdir = tmp_path_factory.mktemp("run") / "texas"
    flat = small_config(folder).to_dict()
    overrides = [
        f"--config.dataset.folder={folder}",
        "--config.split.protocol=published",
        "--config.split.num_splits=2",
    ]
    overrides += [f"--config.{name}={flat[name]}" for name in ("layers", "heads")]
    overrides += ["--config.model.hidden_size=8", "--config.training.epochs=6", f"--workdir={workdir}"]
    command = [sys.executable, "experiments/attention_graphs.py", "--config=configs/attention_graphs.py:texas"]
    result = subprocess.run([*command, *overrides], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return workdir, result


@pytest.mark.slow
def test_the_command_writes_tables_figures_and_pages(finished):
    workdir, result = finished
    assert "texas: F1 in % of the quasi-adjacency" in result.stdout.replace("random", "texas")
    assert "epoch/s" in result.stderr
    written = {path.name for path in workdir.iterdir()}
    assert {"results.json", "tables.md", "run.json", "figures"} <= written
    assert {f"attention_graph_2l2h-{family}.html" for family in ("sl", "dlb", "dl")} <= written
    figures = {path.stem for path in (workdir / "figures").glob("*.png")}
    assert figures == {f"2l2h_{name}" for name in ("heat_maps", "hops", "heads", "layers", "deletion")}
    results = json.loads((workdir / "results.json").read_text())
    assert list(results["variants"]) == ["2l1h-sc", *(f"2l2h-{family}" for family in ("sl", "dlb", "dl"))]
    analysis = results["variants"]["2l2h-sl"]["analysis"]
    assert analysis["hops"]["share"][0] == pytest.approx(analysis["self_attention"], rel=1e-4)
    assert analysis["interventions"]["intact"]["changed"] == 0


def analysis(workdir):
    """The tables after the first, which has the times of the runs."""
    return (workdir / "tables.md").read_text().partition("attention and the input graph")[2]


@pytest.mark.slow
def test_a_finished_run_is_shown_and_a_missing_split_is_trained_again_with_the_same_bits(finished):
    workdir, first = finished
    weights = workdir / "2l2h-dlb" / "split-1" / "weights.npz"
    before, kept = weights.read_bytes(), (workdir / "2l2h-dl" / "split-0" / "weights.npz").stat().st_mtime_ns
    tables = analysis(workdir)
    (weights.parent / "result.json").unlink()
    again = subprocess.run(first.args, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert weights.read_bytes() == before
    assert (workdir / "2l2h-dl" / "split-0" / "weights.npz").stat().st_mtime_ns == kept
    assert analysis(workdir) == tables


@pytest.mark.slow
def test_several_workers_train_the_same_models(folder, finished, tmp_path):
    experiment, variant = NodeExperiment(small_config(folder), tmp_path), Variant("sl", 2, 2)
    experiment.train([variant], workers=2)
    one_by_one = NodeExperiment(small_config(folder), finished[0])
    for result, expected in zip(experiment.results(variant), one_by_one.results(variant), strict=True):
        assert result["test_accuracy"] == pytest.approx(expected["test_accuracy"])
        np.testing.assert_allclose(result["history"]["loss"], expected["history"]["loss"], rtol=1e-4)


@pytest.mark.slow
def test_mean_attention_is_that_of_the_runs(folder, finished):
    workdir, _ = finished
    experiment = NodeExperiment(small_config(folder), workdir)
    variant = Variant("sl", 2, 2)
    inputs = experiment.inputs("sl")
    runs = [np.asarray(experiment.trained(variant, split).attend(inputs)[1]) for split in range(2)]
    assert not np.allclose(runs[0], runs[1])
    expected = dense_attention((runs[0] + runs[1]) / 2, inputs)
    np.testing.assert_allclose(mean_attention(experiment, variant), expected, rtol=1e-5, atol=1e-6)


def test_other_settings_are_refused(folder, tmp_path):
    config = small_config(folder, families="sc", heads="1", **{"training.epochs": 1})
    attention_graphs.run(config, tmp_path / "run")
    with pytest.raises(RunError, match=r"training\.epochs: 1 there, 2 asked for"):
        attention_graphs.run(small_config(folder, families="sc", **{"training.epochs": 2}), tmp_path / "run")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"families": "sc,gat"}, "families holds 'gat'; there are sc, sl, dlb, dl"),
        ({"layers": "zero"}, "layers is 'zero', must be like 3, 1:10 or 1,4,5"),
        ({"heads": "0"}, "heads is '0'"),
        ({"split.protocol": "mine"}, "'mine', must be paper, published or random"),
        ({"split.num_splits": 3}, "num_splits is 3; the protocol published has 2 splits of random"),
    ],
)
def test_settings_that_make_no_sense(folder, tmp_path, changes, message):
    config = small_config(folder, **changes)
    with pytest.raises(RunError, match=message):
        attention_graphs.run(config, tmp_path / "run")


def test_the_grid_has_convolutions_with_one_head_only():
    grid = variants(get_config("texas"))
    assert len(grid) == 14
    assert [variant.folder for variant in grid if variant.family == "sc"] == ["1l1h-sc", "2l1h-sc"]
    assert str(grid[-1]) == "2L2H DL"
    assert {variant.folder for variant in grid} == set(ACCURACY)
    config = get_config("texas")
    config.layers, config.heads = "2", "2"
    assert [variant.folder for variant in variants(config)] == ["2l1h-sc", "2l2h-sl", "2l2h-dlb", "2l2h-dl"]


def test_published_tables_are_whole():
    assert set(ACCURACY["2l2h-dl"]) == set(NAMES)
    assert ACCURACY["1l1h-dl"]["texas"] == (0.75, 0.10)
    assert ACCURACY["2l2h-sl"]["squirrel"] == (0.44, 0.01)
    assert RECOVERY_F1["2l2h-dlb"]["wisconsin"] == 41.12
    assert ATTENTION_RATIO["2l1h-dl"]["texas"] == 0.75
    assert len(ACCURACY) == 14
    assert len(RECOVERY_F1) == 8
    assert len(ATTENTION_RATIO) == 4


def test_paper_splits_are_the_default(folder, tmp_path):
    # The file here is a random graph, whose name has no splits in the paper.
    assert get_config("texas").split.protocol == "paper"
    with pytest.raises(ValueError, match="the paper has no splits of 'random'"):
        NodeExperiment(small_config(folder, **{"split.protocol": "paper"}), tmp_path)
    random = NodeExperiment(small_config(folder, **{"split.protocol": "random"}), tmp_path)
    np.testing.assert_array_equal(random.masks["train"], random_node_splits(20, num_splits=2)["train"])


def test_a_table_as_markdown():
    table = ResultTable("title", ("a", "b"), [("1", "2")], "note")
    assert table.to_markdown() == "### title\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nnote\n"


def test_convolutions_alone_have_an_accuracy_table_alone():
    entry = {"accuracy": [0.5, 0.7], "wall_seconds": [1.0, 2.0], "analysis": None}
    results = {"name": "texas", "chance": 0.01, "bias_only_recovery": {}, "variants": {"2l1h-sc": entry}}
    (table,) = attention_tables(results)
    assert table.rows == [("2L1H SC", "60.0 ± 10.0", "66 ± 7", "2", "1.5")]
