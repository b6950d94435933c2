"""The Python of the site's pages runs, in the order in which it is printed, and prints what the pages say it does.

Numbers may differ: they depend on the processor and on versions. Figures end up in the folder that
`GNNJAX_TUTORIAL_FIGURES` names, if it names one; those in the repository are from such a run:

    GNNJAX_TUTORIAL_FIGURES=docs/figures/tutorials pytest tests/test_tutorials.py
"""

import contextlib
import io
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from data_prep import geom_gcn, mutag, planetoid

DOCS = Path(__file__).parents[1] / "docs"
RAW_DATA = os.environ.get("GNNJAX_RAW_DATA")
FIGURES = os.environ.get("GNNJAX_TUTORIAL_FIGURES")
_BLOCKS = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<output>.*?)```)?", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(name: str, replacements: dict[str, str] | None = None) -> dict:
    """Runs a page, compares what it prints, and returns the names that it defines."""
    page = DOCS / name
    text = page.read_text()
    namespace: dict = {"__name__": page.stem}
    for block in _BLOCKS.finditer(text):
        code = block["code"]
        for old, new in (replacements or {}).items():
            code = code.replace(old, new)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(page), "exec"), namespace)
        if not replacements:
            assert _shape(printed.getvalue()) == _shape(block["output"] or ""), f"after\n{code}\n{printed.getvalue()}"
    for figure in re.findall(r"\.\./figures/tutorials/(\w+\.png)", text):
        assert Path(figure).stat().st_size < 200_000
        assert (DOCS / "figures" / "tutorials" / figure).is_file()
        if FIGURES:
            shutil.copy(figure, Path(__file__).parents[1] / FIGURES)
    return namespace


def _shape(output: str) -> list[str]:
    """Its words, line by line, without numbers and spacing, and without what preparing data reports."""
    lines = [line for line in output.splitlines() if not line.startswith("data/processed/")]
    return [re.sub(r"[\s#]+", " ", _NUMBER.sub("#", line)).strip() for line in lines]


def raw_data(*folders: str) -> Path:
    for folder in folders:
        if RAW_DATA is None or not (Path(RAW_DATA) / folder).is_dir():
            pytest.skip(f"GNNJAX_RAW_DATA names no folder with {folder}")
    assert RAW_DATA is not None
    return Path(RAW_DATA)


@pytest.mark.filterwarnings("ignore:in 2 epochs r does not come to rest")
def test_quick_start():
    namespace = run("index.md", {"epochs=100": "epochs=2"})
    assert 0 <= namespace["evaluation"].metrics("binary")["explanation_roc_auc"] <= 1


def test_choosing_r():
    namespace = run("choosing_r.md")
    # The last of the loop is r = 0.1.
    assert 0.0 < namespace["rest"] < 0.03


def test_own_data():
    pytest.importorskip("rdkit")
    namespace = run("own_data.md")
    assert namespace["dataset"].edge_labels.sum() == 30 * 6


def test_own_model():
    namespace = run("own_model.md")
    assert namespace["batch"].graphs.nodes.shape[1] == 10


def test_graph_classification():
    namespace = run("tutorials/graph_classification.md")
    best = namespace["fitted"].best["test"]
    assert best["accuracy"] > 0.8
    assert best["explanation_roc_auc"] > 0.9
    assert namespace["part"].graph.n_edge[0] == 12


def test_mutagens():
    mutag.prepare(raw_data("mutagenicity") / "mutagenicity")
    namespace = run("tutorials/mutagens.md")
    assert namespace["fitted"].best["explained"]["explanation_roc_auc"] > 0.95
    assert np.mean(namespace["attention"]["N-O"]) > np.mean(namespace["attention"]["C-C"])


def test_molecules():
    pytest.importorskip("rdkit")
    Path("esol").symlink_to(raw_data("ogbg_molesol") / "ogbg_molesol")
    namespace = run("tutorials/molecules.md")
    assert namespace["fitted"].best["test"]["rmse"] < namespace["always_the_mean"]


def test_attention_graph():
    geom_gcn.prepare("texas", raw_data("texas"))
    namespace = run("tutorials/attention_graph.md")
    np.testing.assert_allclose(namespace["attention_graphs"]["dl"].sum(axis=1), 1, rtol=1e-4)
    assert Path("texas_dl.html").stat().st_size > 10_000


def test_node_classification():
    planetoid.prepare("cora", raw_data("cora"))
    namespace = run("tutorials/node_classification.md")
    assert namespace["fitted"].best["test"]["accuracy"] > 0.7
