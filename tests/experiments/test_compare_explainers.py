"""One small comparison from the command line, continued, shown again; and what can be wrong."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from configs.ba2motifs import get_config
from experiments import compare_explainers, explainer_report
from gnnjax.data import generate_ba2motifs, save
from gnnjax.errors import RunError

ROOT = Path(__file__).parents[2]
SMALL = ["--config.model.hidden_size=4", "--config.model.num_layers=1", "--config.training.batch_size=20"]
SMALL += ["--config.training.epochs=1", "--config.pretraining.epochs=1", "--pg_explainer_epochs=1"]
CHOSEN = ("gsat", "pg_explainer", "gradient_times_input")
SMALL += [f"--methods={','.join(CHOSEN)}", "--max_graphs=3"]


def command(folder, *arguments):
    start = [sys.executable, ROOT / "experiments/compare_explainers.py", f"--config={ROOT / 'configs/ba2motifs.py'}"]
    return subprocess.run([*start, *SMALL, *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_command_line_trains_explains_and_shows_it_again(tmp_path):
    """In a folder of its own, since the models are kept in runs/ of the current one."""
    save(generate_ba2motifs(num_graphs=40), tmp_path / "data" / "processed" / "ba2motifs-generated-seed0.npz")
    result = command(tmp_path)
    assert result.returncode == 0, result.stderr
    workdir = tmp_path / "runs/ba2motifs-gin-explainers"
    (found,) = json.loads((workdir / "results.json").read_text())["seeds"]
    assert found["num_graphs"] == 3
    assert list(found["methods"]) == list(CHOSEN)
    for scores in found["methods"].values():
        assert 0 <= scores["roc_auc_per_graph"] <= 1
        assert np.isfinite([scores["fidelity_plus"], scores["fidelity_minus"]]).all()
        assert scores["milliseconds_per_graph"] > 0
    assert found["methods"]["pg_explainer"]["fit_seconds"] > 0
    table = (workdir / "comparison.md").read_text()
    for title in (explainer_report.METHODS[method] for method in CHOSEN):
        assert f"| {title} |" in table
        assert title in result.stdout
    for picture in ("comparison.png", "seed-0/explained_graphs.png"):
        assert (workdir / picture).read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {
        "ba2motifs-gin",
        "ba2motifs-gin-classifier",
        "ba2motifs-gin-explainers",
    }

    written = (workdir / "seed-0" / "result.json").stat().st_mtime_ns
    assert command(tmp_path).stdout == result.stdout
    assert (workdir / "seed-0" / "result.json").stat().st_mtime_ns == written
    other = command(tmp_path, "--top_fraction=0.5")
    assert other.returncode == 1
    assert "comparison.top_fraction: 0.25 there, 0.5 asked for" in other.stderr
    assert "Traceback" not in other.stderr


def result(seed, **scores):
    plain = {"fidelity_plus": 0.5, "fidelity_minus": 0.1, "characterization": 0.6, "milliseconds_per_graph": 2.0}
    methods = {"gsat": plain | scores, "pg_explainer": plain | scores | {"fit_seconds": 3.0}, "random": plain | scores}
    return {"seed": seed, "num_graphs": 7, "methods": methods}


def test_the_table_has_mean_and_deviation_and_what_is_known():
    results = [result(0, roc_auc_per_graph=0.9), result(1, roc_auc_per_graph=0.8)]
    titles, *lines = explainer_report.rows(results)
    assert [line[0] for line in lines] == ["GSAT", "PGExplainer", "random"]
    assert dict(zip(titles, lines[0], strict=True))["ROC-AUC per graph %"] == "85.00 ± 5.00"
    assert [line[-1] for line in lines] == ["", "3.0 ± 0.0", ""]
    text = explainer_report.markdown(results, "data", compare_explainers.default_options())
    assert "Seeds 0, 1; 7 graphs each." in text
    assert "the best-scored 0.25 of the edges" in text


@pytest.mark.parametrize("scores", [{}, {"roc_auc_per_graph": 0.9}])
def test_the_figure_has_a_panel_for_each_kind_of_column(scores):
    figure = explainer_report.draw_comparison([result(0, **scores)], "data")
    assert len(figure.axes) == 2 + len(scores)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["GSAT", "PGExplainer", "random"]


def test_an_unknown_method_and_a_run_that_is_not_there_are_named(tmp_path):
    config, options = get_config(), compare_explainers.default_options()
    dataset = generate_ba2motifs(num_graphs=40)
    with pytest.raises(RunError, match="--methods: lime is not known; choose from gsat"):
        compare_explainers.run(config, dataset, tmp_path / "run", options | {"methods": ["lime"]})
    with pytest.raises(RunError, match=r"seed-0 holds no finished run; train it with experiments/gsat\.py"):
        compare_explainers.load_gsat(config, dataset, {}, tmp_path, 0)
