"""The script behind docs/results.md: which runs there are, and that the tables hold what was run and nothing else."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments import reproduce
from experiments.from_config import run_settings
from experiments.published_results import PUBLISHED
from experiments.seeds import run_seeds
from gnnjax.data import generate_ba2motifs, save
from gnnjax.errors import RunError
from tests.random_graphs import random_dataset

ROOT = Path(__file__).parents[2]


def command(*arguments):
    return subprocess.run(
        [sys.executable, "experiments/reproduce.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def configure(name, **options):
    return reproduce.configure(name, **({"raw_data": "", "data_folder": "data", "epochs": 0, "interval": 0} | options))


def pretend(folder, name, seeds, **options):
    """Stores results as a run leaves them; `seeds` maps a seed to what is measured, in [0, 1]."""
    settings = run_settings(configure(name, **options), random_dataset(0))
    settings |= {"pretrained": name.endswith("-star")}
    if not settings["pretrained"]:
        del settings["pretraining"]
    measured = {"best_epoch": 12, "wall_seconds": 90.0, "peak_bytes": 1.5e9}
    run_seeds(folder / name, settings, list(seeds), lambda seed, _: {"seed": seed} | measured | seeds[seed])


def table_rows(text):
    """The cells of each row below the table's head."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return rows[2:]


def test_every_published_result_belongs_to_a_run():
    names = reproduce.run_names()
    assert len(names) == len(set(names))
    assert {f"{data}-{backbone}" for data, backbone in PUBLISHED} <= set(names)
    assert {name for name in names if name.startswith("spmotif_0.5")} == {
        f"spmotif_0.5-{backbone}{star}" for backbone in ("gin", "pna", "spmotifnet") for star in ("", "-star")
    }


def test_every_run_can_be_configured():
    for name in reproduce.run_names():
        config = configure(name)
        assert name in (f"{config.name}-{config.model.backbone}", f"{config.name}-{config.model.backbone}-star")
        assert config.pretrained == ""


def test_patterns_choose_runs_in_the_order_of_the_list():
    assert reproduce.select("mutag-gin*") == ["mutag-gin", "mutag-gin-star"]
    assert reproduce.select("molhiv-pna,ba2motifs-gin") == ["molhiv-pna", "ba2motifs-gin"]
    with pytest.raises(RunError, match="'mutag-gcn' matches no run; --list shows them"):
        reproduce.select("mutag-gin,mutag-gcn")


def test_options_reach_the_configuration():
    config = configure("spmotif_0.9-pna", epochs=7, interval=2, data_folder="elsewhere", raw_data="raw")
    assert (config.dataset.bias, config.dataset.folder) == (0.9, "elsewhere")
    assert (config.training.epochs, config.pretraining.epochs, config.r.interval) == (7, 7, 2)
    assert configure("mutag_leak_free-gin").split.protocol == "leak_free"
    assert configure("moltox21-gin").dataset.dataset == "tox21"
    assert configure("mutag-gin", raw_data="raw").dataset.source == str(Path("raw/mutagenicity"))
    assert configure("ba2motifs-gin").dataset.source == "official"


def test_the_tables_hold_means_and_deviations_of_the_stored_seeds_only(tmp_path):
    pretend(tmp_path, "ba2motifs-gin", {0: {"explanation_roc_auc": 0.91, "accuracy": 0.5}})
    pretend(tmp_path, "ba2motifs-gin", {3: {"explanation_roc_auc": 0.95, "accuracy": 1.0}})
    rows = reproduce.collect(tmp_path)
    assert len(rows) == 1
    row = rows[0]
    assert (row["data"], row["backbone"], row["method"]) == ("ba2motifs", "gin", "GSAT")
    assert (row["seeds"], row["epochs"], row["settings"]) == (2, 100, "published")
    assert (row["explanation_roc_auc_mean"], row["explanation_roc_auc_std"]) == (93.0, 2.0)
    assert (row["accuracy_mean"], row["accuracy_std"]) == (75.0, 25.0)
    assert (row["minutes_per_seed"], row["peak_gb"]) == (1.5, 1.5)
    assert not any(name.startswith("roc_auc") for name in row)


def test_published_numbers_stand_beside_their_own_rows(tmp_path):
    both = {"explanation_roc_auc": 0.9, "accuracy": 0.8, "roc_auc": 0.7}
    for name in (
        "molhiv-gin",
        "spmotif_0.5-gin",
        "spmotif_0.5-spmotifnet",
        "ba2motifs-gin-star",
        "mutag_leak_free-gin",
    ):
        pretend(tmp_path, name, {0: {"roc_auc": 0.7, "accuracy": 0.8} if name == "molhiv-gin" else both})
    rows = table_rows(reproduce.markdown(reproduce.collect(tmp_path)))
    found = {(data, backbone, metric): (paper, rerun) for data, backbone, _, metric, _, paper, rerun, *_ in rows}
    assert found == {
        ("ba2motifs", "gin", "explanation ROC-AUC"): ("", ""),  # Published for GSAT, this is GSAT*.
        ("ba2motifs", "gin", "accuracy"): ("", ""),
        ("mutag_leak_free", "gin", "explanation ROC-AUC"): ("", ""),
        ("mutag_leak_free", "gin", "accuracy"): ("", ""),
        ("spmotif_0.5", "gin", "explanation ROC-AUC"): ("78.45", "74.49 ± 4.46"),
        ("spmotif_0.5", "gin", "accuracy"): ("52.74", "47.45 ± 5.87"),
        ("spmotif_0.5", "spmotifnet", "explanation ROC-AUC"): ("", ""),
        ("spmotif_0.5", "spmotifnet", "accuracy"): ("", ""),
        ("molhiv", "gin", "ROC-AUC"): ("76.47", "76.12 ± 0.91"),
    }
    ours = {(row[0], row[3]): (row[2], row[4]) for row in rows}
    assert ours["ba2motifs", "accuracy"] == ("GSAT*", "**80.00 ± 0.00**")
    assert ours["molhiv", "ROC-AUC"] == ("GSAT", "**70.00 ± 0.00**")


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("spmotif_0.5-pna", {}, "published"),
        ("spmotif_0.5-pna-star", {}, "published"),
        ("molhiv-pna-star", {}, "published"),
        ("mutag_leak_free-gin", {}, "published"),
        ("mnist75sp_small-gin", {}, "published"),
        ("spmotif_0.5-pna", {"epochs": 40}, "40 of 200 epochs"),
        ("spmotif_0.5-pna", {"interval": 12}, "r.interval 12 instead of 60"),
        ("spmotif_0.5-pna", {"epochs": 40, "interval": 12}, "40 of 200 epochs, r.interval 12 instead of 60"),
        ("molhiv-pna-star", {"epochs": 100}, "pretraining.epochs 100 instead of 200"),
    ],
)
def test_the_tables_say_what_was_not_run_as_published(tmp_path, name, options, expected):
    pretend(tmp_path, name, {0: {"accuracy": 0.5, "roc_auc": 0.5}}, **options)
    rows = reproduce.collect(tmp_path)
    assert [row["settings"] for row in rows] == [expected]
    assert table_rows(reproduce.markdown(rows))[0][8] == expected


def test_undefined_figures_and_unknown_folders_do_not_get_into_the_tables(tmp_path):
    pretend(tmp_path, "molbace-gin", {0: {"roc_auc": 0.5, "precision_at_5": float("nan")}, 1: {"roc_auc": 1.0}})
    (tmp_path / "somebody-else").mkdir()
    (tmp_path / "molbace-pna").mkdir()
    (tmp_path / "molbace-pna" / "run.json").write_text("{}")
    (row,) = reproduce.collect(tmp_path)
    assert (row["roc_auc_mean"], row["roc_auc_std"]) == (75.0, 25.0)
    assert not any(name.startswith("precision") for name in row)


def test_a_row_without_some_column_leaves_it_empty_in_the_csv_file(tmp_path):
    pretend(tmp_path, "molhiv-gin", {0: {"roc_auc": 0.5}})
    pretend(tmp_path, "ba2motifs-gin", {0: {"accuracy": 0.25}})
    reproduce.write_report(reproduce.collect(tmp_path), tmp_path)
    with open(tmp_path / "results.csv", newline="") as file:
        rows = {row["data"]: row for row in csv.DictReader(file)}
    assert (rows["molhiv"]["roc_auc_mean"], rows["molhiv"]["accuracy_mean"]) == ("50.0", "")
    assert (rows["ba2motifs"]["roc_auc_mean"], rows["ba2motifs"]["accuracy_mean"]) == ("", "25.0")


@pytest.mark.slow
def test_the_list_shows_all_runs_and_runs_none(tmp_path):
    result = command("--list", f"--folder={tmp_path / 'runs'}", f"--report={tmp_path}")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-len(reproduce.run_names()) :] == reproduce.run_names()
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--runs=ba2motifs-gcn"], "error: --runs: 'ba2motifs-gcn' matches no run; --list shows them"),
        ([], "holds no finished run; name some with --runs (--list shows them)"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_and_leaves_nothing(tmp_path, arguments, message):
    result = command(*arguments, f"--folder={tmp_path / 'runs'}", f"--report={tmp_path}")
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_two_runs_end_in_the_tables_and_are_skipped_the_second_time(tmp_path):
    save(generate_ba2motifs(num_graphs=40), tmp_path / "data" / "processed" / "ba2motifs-official.npz")
    places = [f"--folder={tmp_path / 'runs'}", f"--report={tmp_path}", f"--data={tmp_path / 'data'}"]
    options = ["--runs=ba2motifs-gin,ba2motifs-gin-star", "--seeds=0", "--epochs=2"]
    first = command(*options, *places)
    assert first.returncode == 0, first.stderr
    assert f"{tmp_path}/results.md and results.csv: 2 runs" in first.stdout
    folders = {path.name for path in (tmp_path / "runs").iterdir()}
    assert folders == {"ba2motifs-gin", "ba2motifs-gin-star", "ba2motifs-gin-classifier"}

    with open(tmp_path / "results.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["GSAT", "GSAT*"]
    for row, name in zip(rows, ("ba2motifs-gin", "ba2motifs-gin-star"), strict=True):
        result = json.loads((tmp_path / "runs" / name / "seed-0" / "result.json").read_text())
        for metric in ("explanation_roc_auc", "accuracy", "precision_at_5"):
            assert float(row[f"{metric}_mean"]) == pytest.approx(100 * result[metric], abs=0.005)
            assert float(row[f"{metric}_std"]) == 0
        assert row["settings"].startswith("2 of 100 epochs")
    ours = [row[4] for row in table_rows((tmp_path / "results.md").read_text())]
    expected = [row[f"{metric}_mean"] for row in rows for metric in ("explanation_roc_auc", "accuracy")]
    np.testing.assert_allclose([float(cell.strip("*").split(" ")[0]) for cell in ours], np.array(expected, float))

    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*") if "seed-0" in path.parts}
    (tmp_path / "results.csv").unlink()
    again = command(*options, *places)
    assert again.returncode == 0, again.stderr
    assert "step/s" not in again.stderr
    assert before == {path: path.stat().st_mtime_ns for path in before}
    with open(tmp_path / "results.csv", newline="") as file:
        assert list(csv.DictReader(file)) == rows
