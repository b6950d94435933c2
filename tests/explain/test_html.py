"""The page on which a reader explores an attention graph: what is in it."""

import base64
import configparser
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.errors import DataError
from gnnjax.explain.html import write_html
from tests.explain.pages import LAYERS, example, random_layers

ROOT = Path(__file__).parents[2]


class Elements(HTMLParser):
    """All elements as (tag, attributes), and the text of each script."""

    def __init__(self, text):
        super().__init__()
        self.found, self.scripts = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.found and self.found[-1][0] == "script":
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        self.found.append((f"/{tag}", {}))


def read(path):
    """The data of a page, arrays decoded."""
    content = json.loads(Elements(path.read_text("utf-8")).scripts[0])

    def decode(value):
        if isinstance(value, dict) and set(value) == {"type", "data"}:
            kind, bits = re.fullmatch(r"([A-Z][a-z]+?)(\d+)Array", value["type"]).groups()
            letter = {"Float": "f", "Uint": "u", "Int": "i"}[kind]
            return np.frombuffer(base64.b64decode(value["data"]), f"<{letter}{int(bits) // 8}")
        if isinstance(value, dict):
            return {name: decode(each) for name, each in value.items()}
        return [decode(each) for each in value] if isinstance(value, list) else value

    return decode(content)


def rows_of(graph):
    """`{key: weight}` of each row."""
    bounds = zip(graph["starts"][:-1], graph["starts"][1:], strict=True)
    return [dict(zip(graph["keys"][a:b].tolist(), graph["weights"][a:b].tolist(), strict=True)) for a, b in bounds]


def test_a_small_graph_is_stored_whole(tmp_path):
    path = tmp_path / "page.html"
    write_html(path, **example())
    data = read(path)
    assert data["kept"] == 4
    assert [graph["name"] for graph in data["graphs"]] == ["All layers", "Layer 1", "Layer 2"]
    for graph, matrix in zip(data["graphs"], [LAYERS[1] @ LAYERS[0], *LAYERS], strict=True):
        assert rows_of(graph) == [
            {key: np.float32(weight) for key, weight in enumerate(row) if weight} for row in matrix
        ]
        np.testing.assert_allclose(graph["received"], matrix.sum(axis=0), rtol=1e-6)
        np.testing.assert_allclose(graph["own"], np.diag(matrix), rtol=1e-6)
        np.testing.assert_array_equal(graph["paid"], 1)
        np.testing.assert_array_equal(graph["left"], 0)
    np.testing.assert_array_equal(data["labels"], [0, 1, 1, 0])
    np.testing.assert_array_equal(data["partOf"], [0, 1, 1, -1])
    assert (data["parts"], data["classNames"]) == (["train", "test"], ["cats", "dogs"])
    # Edges 0 -> 1, 0 -> 2, 2 -> 3, 3 -> 0.
    np.testing.assert_array_equal(data["edgeStarts"], [0, 2, 2, 3, 4])
    np.testing.assert_array_equal(data["edgeEnds"], [1, 2, 3, 0])


@given(nodes=st.integers(1, 9), max_bytes=st.integers(0, 4000), density=st.floats(0, 1), seed=st.integers(0, 99))
def test_the_strongest_of_each_row_are_kept_largest_first(tmp_path_factory, nodes, max_bytes, density, seed):
    """Weights come in steps, so that there are ties."""
    rng = np.random.default_rng(seed)
    matrix = np.round(rng.random((nodes, nodes)) * (rng.random((nodes, nodes)) < density), 1)
    path = tmp_path_factory.mktemp("pages") / "page.html"
    arguments = example(nodes, layers=[matrix], aggregated=matrix, positions=rng.random((nodes, 2)))
    write_html(path, **arguments, max_bytes=max_bytes)
    data = read(path)
    assert 1 <= data["kept"] <= nodes
    for graph in data["graphs"]:
        for row, stored, left in zip(matrix, rows_of(graph), graph["left"], strict=True):
            expected = np.sort(row[row > 0])[::-1][: data["kept"]]
            np.testing.assert_allclose(list(stored.values()), expected)
            np.testing.assert_allclose([row[key] for key in stored], expected)
            assert left == pytest.approx(row.sum() - expected.sum(), abs=1e-6)
        np.testing.assert_allclose(graph["received"], matrix.sum(axis=0), rtol=1e-6)


def test_sparse_attention_gives_the_same_page(tmp_path):
    layers = [np.where(layer > 0.4, layer, 0) for layer in random_layers(60)]
    arguments = example(nodes=60, layers=layers, aggregated=layers[1] @ layers[0])
    sparse = arguments | {
        "layers": [scipy.sparse.csr_array(layer) for layer in layers],
        "aggregated": scipy.sparse.coo_matrix(arguments["aggregated"]),
    }
    for name, given_arguments in (("dense", arguments), ("sparse", sparse), ("again", arguments)):
        write_html(tmp_path / name, **given_arguments)
    assert (tmp_path / "dense").read_bytes() == (tmp_path / "sparse").read_bytes() == (tmp_path / "again").read_bytes()


def test_the_page_stays_as_small_as_asked(tmp_path):
    layers = random_layers(300)
    arguments = example(nodes=300, layers=layers, aggregated=layers[1] @ layers[0])
    for max_bytes in (200_000, 1_000_000):
        write_html(tmp_path / "page.html", **arguments, max_bytes=max_bytes)
        size = (tmp_path / "page.html").stat().st_size
        # The program itself comes on top.
        assert 0.9 * max_bytes < size < 1.02 * max_bytes + 50_000
    data = read(tmp_path / "page.html")
    assert 100 < data["kept"] < 300
    assert (data["graphs"][1]["left"] > 0).all()


def test_heads_one_by_one(tmp_path):
    heads = np.stack([np.stack([layer, np.eye(4)]) for layer in LAYERS])
    write_html(tmp_path / "page.html", **example(heads=heads))
    graphs = read(tmp_path / "page.html")["graphs"]
    assert [graph["name"] for graph in graphs[3:]] == [
        f"Layer {layer}, head {head}" for layer in (1, 2) for head in (1, 2)
    ]
    np.testing.assert_allclose(graphs[3]["own"], np.diag(LAYERS[0]), rtol=1e-6)
    np.testing.assert_array_equal(graphs[6]["own"], 1)


def test_given_positions_are_kept_with_y_upwards(tmp_path):
    positions = np.array([[0, 0], [1, 0], [1, 2], [0, 2]], np.float32)
    write_html(tmp_path / "page.html", **example(positions=positions))
    data = read(tmp_path / "page.html")
    np.testing.assert_array_equal(data["x"], [0, 1, 1, 0])
    np.testing.assert_array_equal(data["y"], [0, 0, -2, -2])


def test_the_page_needs_nothing_from_elsewhere(tmp_path):
    write_html(tmp_path / "page.html", **example())
    text = (tmp_path / "page.html").read_text("utf-8")
    assert not re.search(r"https?:|//[a-z]+\.", text)
    elements = Elements(text)
    assert {attributes["href"] for tag, attributes in elements.found if "href" in attributes} == {"data:,"}
    assert not [tag for tag, attributes in elements.found if "src" in attributes or tag in ("img", "iframe", "object")]
    # Only the page's own program may run.
    (policy,) = (attributes["content"] for _, attributes in elements.found if "http-equiv" in attributes)
    digest = base64.b64encode(hashlib.sha256(elements.scripts[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}';")
    assert len(elements.scripts) == 2


EVIL = "</script><script>hacked()</script><img src=x onerror=hacked()>&amp;\"'<!--{{data}}\\u003c\u2028"


def test_text_of_users_stays_text(tmp_path):
    path = tmp_path / "page.html"
    names = {"class_names": [EVIL, "dogs"], "node_names": [EVIL, "b", "c", "d"], "splits": {EVIL: np.ones(4, bool)}}
    write_html(path, **example(title=EVIL, description=EVIL, **names))
    text = path.read_text("utf-8")
    plain = tmp_path / "plain.html"
    write_html(plain, **example())
    tags = [tag for tag, _ in Elements(text).found]
    assert tags == [tag for tag, _ in Elements(plain.read_text("utf-8")).found]
    assert text.count(html.escape(EVIL)) == 3
    data = read(path)
    assert data["classNames"][0] == data["nodeNames"][0] == data["parts"][0] == EVIL


def test_every_file_beside_the_modules_is_packaged():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    patterns = re.split(r"[,\s]+", config["options.package_data"]["gnnjax"].strip())
    packaged = {path for pattern in patterns for path in (ROOT / "gnnjax").glob(pattern)}
    assert {ROOT / "gnnjax/explain/attention_graph.html", ROOT / "gnnjax/explain/attention_graph.js"} <= packaged


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": []}, "layers is empty"),
        ({"layers": [np.eye(4), np.eye(3)]}, r"layers\[1\] has 3 nodes, aggregated has 4"),
        ({"layers": [np.eye(4), np.ones((4, 3))]}, r"layers\[1\]: .*\(4, 3\)"),
        ({"layers": [np.eye(4), -np.eye(4)]}, r"layers\[1\]: .* never negative"),
        ({"aggregated": np.full((4, 4), np.nan)}, "aggregated: .* NaN"),
        ({"heads": [[np.eye(4)]]}, "heads has 1 layers, layers has 2"),
        ({"heads": [[np.eye(4)], [np.eye(5)]]}, r"heads\[1\]\[0\] has 5 nodes"),
        ({"senders": np.array([0, 4]), "receivers": np.array([1, 2])}, r"senders holds node 4, outside 0 \.\. 3"),
        ({"senders": np.array([0, 1]), "receivers": np.array([1, -1])}, r"receivers holds node -1"),
        ({"senders": np.array([0, 1]), "receivers": np.array([1])}, r"receivers must be one node id per edge"),
        ({"labels": np.array([0, 1, 1])}, r"labels must be a class .* of 4 nodes, is int64\[3\]"),
        ({"labels": np.array([0, 1, 1, -1])}, "labels must be a class from 0 up"),
        ({"predictions": np.array([0.0, 1, 1, 0])}, "predictions must be a class .* float64"),
        ({"class_names": ["cats"]}, "class_names has 1 names for 2 classes"),
        ({"node_names": ["a"]}, "node_names has 1 names for 4 nodes"),
        ({"splits": {"test": np.ones(3, bool)}}, r"splits\['test'\] must be bool\[4\]"),
        ({"splits": {"test": np.ones(4, int)}}, r"splits\['test'\] must be bool\[4\], is int64"),
        ({"splits": {"train": np.ones(4, bool), "test": np.array([False, True, False, False])}}, "splits: node 1 "),
        ({"positions": np.zeros((3, 2))}, r"positions has shape \[3, 2\]"),
        ({"positions": np.full((4, 2), np.inf)}, "positions .* finite"),
    ],
)
def test_arguments_that_do_not_fit(tmp_path, arguments, message):
    with pytest.raises(DataError, match=message):
        write_html(tmp_path / "page.html", **example() | arguments)
    assert not list(tmp_path.iterdir())
