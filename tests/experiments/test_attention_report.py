from pathlib import Path

import pytest

from experiments import attention_report
from gnnjax.errors import RunError
from gnnjax.train.run_folder import write_json


def pretend(folder: Path, name: str) -> Path:
    entry = {"accuracy": [0.5, 0.7], "wall_seconds": [1.0, 2.0], "analysis": None}
    results = {"name": name, "chance": 0.01, "bias_only_recovery": {}, "variants": {"2l1h-sc": entry}}
    write_json(folder / "results.json", results)
    return folder


def test_finished_runs_in_the_order_of_the_paper_and_nothing_else(tmp_path):
    folders = [pretend(tmp_path / name, name) for name in ("other", "texas", "cora")]
    folders.append(tmp_path / "unfinished")
    folders[-1].mkdir()
    text, unfinished = attention_report.page(folders)
    assert unfinished == [tmp_path / "unfinished"]
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## cora", "## texas", "## other"]
    assert "| 2L1H SC | 60.0 ± 10.0 | 86 ± 1 | 2 | 1.5 |" in text
    assert "unfinished" not in text


def test_damaged_results_are_named(tmp_path):
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(RunError, match=r"results\.json is not readable"):
        attention_report.page([tmp_path])
