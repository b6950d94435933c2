"""The site builds without warnings, is complete and needs no network; the example of docs/attention_graphs.md runs."""

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

import gnnjax
from gnnjax.data import save
from tests.random_graphs import random_node_dataset

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGE = (DOCS / "attention_graphs.md").read_text()
# The other modules of the package serve it alone; the command line documents itself.
MODULES = sorted(
    {".".join(path.parent.parts[len(ROOT.parts) + 1 :]) for path in (ROOT / "gnnjax").glob("*/**/__init__.py")}
    - {"cli"}
    | {"errors", "graphs", "host_memory"}
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if any(importlib.util.find_spec(name) is None for name in ("mkdocs", "material", "mkdocstrings", "latex2mathml")):
        pytest.skip("mkdocs and what the site needs are not installed: pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    # Ours alone: the theme prints a notice in a frame.
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "WARNING" not in built.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_in_the_navigation(site):
    listed = set(re.findall(r'<a href="([^"#:]+)" class="md-(?:nav|tabs)__link', (site / "index.html").read_text()))
    pages = {path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")}
    # What is listed under a tab is in the pages of that tab.
    for page in pages:
        text = (site / page).read_text()
        for link in re.findall(r'<a href="([^"#:]+)" class="md-(?:nav|tabs)__link', text):
            listed.add(os.path.normpath(Path(page).parent / link))
    assert pages <= listed | {"index.html"}


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_reference_has_every_public_name(site, module):
    page = (site / "reference" / f"{module}.html").read_text()
    # A package within has a page of its own.
    names = [name for name in importlib.import_module(f"gnnjax.{module}").__all__ if f"{module}.{name}" not in MODULES]
    assert [name for name in names if f'id="gnnjax.{module}.{name}"' not in page] == []


def test_reference_has_every_public_module():
    assert set(gnnjax.__all__) - {"__version__"} <= set(MODULES)
    assert {path.stem for path in (DOCS / "reference").glob("*.md")} == {"index", *MODULES}


@pytest.mark.slow
def test_formulas_are_drawn_by_the_browser(site):
    page = (site / "reference" / "nn.html").read_text()
    text = re.sub(r'<details class="mkdocstrings-source">.*?</details>', "", page, flags=re.DOTALL)
    assert text.count("<math") > 10
    assert not re.search(r":math:|\.\. math|arithmatex|\$\$", text)


@pytest.mark.slow
def test_nothing_is_fetched_from_elsewhere(site):
    for path in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="(https?:[^"]+)"', path.read_text())
        assert loaded == [], path.relative_to(site)


@pytest.mark.slow
def test_python_example_of_attention_graphs(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    save(random_node_dataset(0, num_nodes=183), "data/processed/texas.npz")
    namespace: dict = {}
    exec(example, namespace)
    assert namespace["attention"].shape == (2, 2, 183, 183)
    printed = capsys.readouterr().out
    assert "Recovery(precision=" in printed
    assert "'bias_only': InterventionResult(accuracy=" in printed
    assert nx.read_graphml("texas.graphml").number_of_edges() == 500
