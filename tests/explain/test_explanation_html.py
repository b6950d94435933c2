"""The page of many explanations: what is in it, and what a browser shows of it."""

import base64
import dataclasses
import hashlib
import html
import json
import re

import numpy as np
import pytest

from gnnjax.data.from_arrays import from_arrays
from gnnjax.errors import DataError
from gnnjax.explain import Explanations, write_explanation_html
from tests.explain.chromium import find_chromium, launch
from tests.explain.test_html import Elements
from tests.random_graphs import random_dataset

EVIL = '</script><script>hacked = 1</script><img src=x onerror="hacked = 1"><b>&amp;{{data}}<!--\u2028\''


def two_graphs(**changes):
    """A triangle with a tail, of which the tail is true, and a path that goes one way."""
    dataset = from_arrays(
        [np.ones((4, 1)), np.ones((3, 1))],
        [([0, 1, 1, 2, 2, 0, 2, 3], [1, 0, 2, 1, 0, 2, 3, 2]), ([0, 1], [1, 2])],
        [1, 0],
        name="two",
        edge_labels=[[0] * 6 + [1, 1], [0, 1]],
        node_names=[["C", "N", "Cl", "a word"], ["a", "b", "c"]],
    )
    values = np.array([0.5, 0.3, 0.2, 0.2, 0.7, 0.9, 0.4, 0.4, -0.5, 1.5], np.float32)
    fields = {"node_mask": np.linspace(0, 1, 7), "logits": np.array([[2.0], [0.5]]), "method": "gsat"} | changes
    return Explanations(dataset, np.array([0, 1]), values, **fields)


def read(path):
    return json.loads(Elements(path.read_text("utf-8")).scripts[0])


class TestPage:
    def test_holds_the_undirected_edges_with_their_values(self, tmp_path):
        write_explanation_html(tmp_path / "page.html", two_graphs(), ["no", "yes"])
        first, second = read(tmp_path / "page.html")["graphs"]
        assert (first["from"], first["to"]) == ([0, 1, 2, 2], [1, 2, 0, 3])
        assert first["values"] == pytest.approx([0.4, 0.2, 0.8, 0.4])
        assert (first["truth"], first["directed"], first["nodeNames"]) == (
            [0, 0, 0, 1],
            False,
            ["C", "N", "Cl", "a word"],
        )
        assert (first["predicted"], first["target"], first["right"]) == ("yes (0.88)", "yes", True)
        assert (second["predicted"], second["target"], second["right"]) == ("yes (0.62)", "no", False)
        assert (second["values"], second["directed"], second["name"]) == ([-0.5, 1.5], True, "two, graph 1")

    @pytest.mark.parametrize(
        ("task", "logits", "predicted", "target"),
        [
            ("multiclass", [0.0, np.log(8), 0.0], "b (0.80)", "c"),
            ("multilabel", [0.0, 800.0, -800.0], "a: 0.50, b: 1.00, c: 0.00", "a: 1, b: unknown, c: 0"),
            ("regression", [0.25, -3.0, 1e6], "a: 0.25, b: -3, c: 1e+06", "a: 1, b: unknown, c: 0"),
        ],
    )
    def test_predictions_of_every_task(self, tmp_path, task, logits, predicted, target):
        dataset = random_dataset(0, 4, task=task, out_features=3)
        dataset.labels[2] = 2 if task == "multiclass" else [1, np.nan, 0]
        found = Explanations(dataset, np.array([2]), np.zeros(0), logits=np.array([logits]))
        write_explanation_html(tmp_path / "page.html", found, "abc")
        (graph,) = read(tmp_path / "page.html")["graphs"]
        assert (graph["predicted"], graph["target"]) == (predicted, target)
        assert graph["right"] == (False if task == "multiclass" else None)

    def test_nodes_lie_where_the_image_has_them(self, tmp_path):
        dataset = random_dataset(0, 4)
        places = np.arange(2 * dataset.n_node.sum(), dtype=np.float32).reshape(-1, 2)
        found = Explanations(dataclasses.replace(dataset, node_positions=places), np.array([3]), np.zeros(0))
        write_explanation_html(tmp_path / "page.html", found)
        (graph,) = read(tmp_path / "page.html")["graphs"]
        assert (graph["y"], graph["x"]) == ([places[-1, 0]], [places[-1, 1]])

    def test_needs_nothing_from_elsewhere(self, tmp_path):
        write_explanation_html(tmp_path / "page.html", two_graphs())
        text = (tmp_path / "page.html").read_text("utf-8")
        assert not re.search(r"https?:|//[a-z]+\.|innerHTML|outerHTML|insertAdjacent|document\.write", text)
        elements = Elements(text)
        assert {attributes["href"] for _, attributes in elements.found if "href" in attributes} == {"data:,"}
        assert not [tag for tag, attributes in elements.found if "src" in attributes or tag in ("img", "iframe")]
        (policy,) = (attributes["content"] for _, attributes in elements.found if "http-equiv" in attributes)
        digest = base64.b64encode(hashlib.sha256(elements.scripts[1].encode()).digest()).decode()
        assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}';")

    def test_text_of_users_stays_text(self, tmp_path):
        evil, plain = tmp_path / "evil.html", tmp_path / "plain.html"
        write_explanation_html(plain, two_graphs())
        write_explanation_html(evil, two_graphs(method=EVIL), [EVIL, "yes"], title=EVIL, description=EVIL)
        text = evil.read_text("utf-8")
        assert [tag for tag, _ in Elements(text).found] == [tag for tag, _ in Elements(plain.read_text("utf-8")).found]
        assert text.count(html.escape(EVIL)) == 3
        assert (read(evil)["graphs"][1]["target"], read(evil)["graphs"][0]["method"]) == (EVIL, EVIL)

    def test_bad_arguments(self, tmp_path):
        found = two_graphs()
        with pytest.raises(DataError, match="classes has 1 names, must have 2"):
            write_explanation_html(tmp_path / "page.html", found, ["one"])
        with pytest.raises(ValueError, match="top_k is -1"):
            write_explanation_html(tmp_path / "page.html", found, top_k=-1)
        with pytest.raises(DataError, match="no explanations"):
            write_explanation_html(tmp_path / "page.html", Explanations(found.dataset, np.zeros(0, int), np.zeros(0)))
        assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with launch(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.mark.skipif(
    find_chromium() is None, reason="needs Chromium: none of chromium, chromium-browser, google-chrome is on the PATH"
)
class TestInChromium:
    @pytest.fixture
    def visit(self, browser, tmp_path):
        """Opens a page, and checks in the end that it ran without complaint and asked for no other file."""
        pages = []

        def open_page(explanations, fragment="", **arguments):
            path = tmp_path / f"page{len(pages)}.html"
            write_explanation_html(path, explanations, **arguments)
            pages.append((path, browser.open(path, fragment)))
            return pages[-1][1]

        yield open_page
        for path, page in pages:
            assert page.problems() == []
            addresses = {address.partition("#")[0] for address in page.requests() if not address.startswith("data:")}
            assert addresses == {path.as_uri()}
            page.close()

    def selected(self, page):
        return [int(edge) for edge in page.attributes("#edges tr", "data-edge")]

    def facts(self, page):
        return dict(zip(page.texts("#facts dt"), page.texts("#facts dd"), strict=True))

    @pytest.mark.parametrize("selection", [{"top_k": 0}, {"top_k": 3}, {"top_k": 99}, {"threshold": 0.5}])
    def test_selects_as_python_does(self, visit, selection):
        rng = np.random.default_rng(0)
        dataset = random_dataset(0, 4)
        # With ties.
        values = np.round(rng.uniform(size=dataset.n_edge.sum()), 1).astype(np.float32)
        found = Explanations(dataset, np.arange(4), values)
        page = visit(found)
        (rule,) = selection.items()
        name = {"top_k": "top", "threshold": "from"}[rule[0]]
        for place, each in enumerate(found):
            page.run(f"location.hash = 'graph={place}&{name}={rule[1]}'")
            page.wait(f"state.graph === {place} && byId('place').textContent === '{place + 1} of 4'")
            expected = set(each.undirected_edges.number[each.select(**selection)].tolist())
            assert set(self.selected(page)) == expected
            assert self.facts(page)["Selected"] == str(len(expected))

    def test_slider_buttons_and_keys(self, visit):
        page = visit(two_graphs(), top_k=2)
        assert self.selected(page) == [2, 0]
        assert page.texts("#edges td") == ["Cl (2) \u2013 C (0)", "0.8", "no", "C (0) \u2013 N (1)", "0.4", "no"]
        move = "((name, event, value) => { byId(name).value = value; byId(name).dispatchEvent(new Event(event)); })"
        page.run(f"{move}('slider', 'input', 3)")
        assert self.selected(page) == [2, 0, 3]
        assert (self.facts(page)["Precision"], self.facts(page)["Recall"]) == ("0.3333", "1")
        page.run(f"{move}('rule', 'change', 'from')")
        page.run(f"{move}('amount', 'change', '0.79')")
        assert self.selected(page) == [2]
        assert page.run("location.hash") == "#graph=0&from=0.79"
        # From -0.5 to 1.5 over both graphs.
        page.run(f"{move}('slider', 'input', 450)")
        assert page.run("state.from") == pytest.approx(0.4)
        page.run("byId('next').click()")
        assert page.texts("#name") == ["two, graph 1"]
        assert self.facts(page)["Predicted"] == "1 (0.62), wrong"
        page.press("ArrowRight", 39)
        assert page.texts("#place") == ["1 of 2"]
        page.press("ArrowLeft", 37)
        page.run("document.querySelector('#graphs button').click()")
        assert page.attributes("#graphs button", "aria-current") == ["true", "false"]
        page.run("history.back()")
        page.wait("state.graph === 1")

    @pytest.mark.parametrize(
        "fragment", ["graph=2", "graph=-1", "graph=x", "top=-1", "top=1.5", "from=x", "from=", "%%%"]
    )
    def test_nonsense_in_the_address_is_ignored(self, visit, fragment):
        page = visit(two_graphs(), fragment)
        assert page.run("[state.graph, state.rule, state.top]") == [0, "top", 6]

    def test_pointing_names_nodes_and_edges(self, visit):
        page = visit(two_graphs())
        place = "((node) => { const box = canvas.getBoundingClientRect(); const graph = current();" + (
            " return [box.left + toX(graph, node), box.top + toY(graph, node)]; })"
        )
        one, other = page.run(f"{place}(2)"), page.run(f"{place}(3)")
        page.mouse("Moved", *one)
        page.wait("!byId('tip').hidden")
        assert page.texts("#tip") == ["Cl (2): 0.3333"]
        page.mouse("Moved", *np.mean([one, other], axis=0))
        page.wait("byId('tip').textContent.includes('true')")
        assert page.texts("#tip") == ["Cl (2) \u2013 a word (3): 0.4, true"]
        page.mouse("Moved", *np.add(one, [0, 3000]))
        # The selected edge is drawn between its ends, in the colour of the accent.
        assert page.run(
            "(() => { draw(); const [x0, y0, x1, y1] = ends(current(), 2); const ratio = devicePixelRatio;"
            " return Array.from(context.getImageData(ratio * (x0 + x1) / 2, ratio * (y0 + y1) / 2, 1, 1).data); })()"
        ) == [0x0B, 0x5F, 0xA5, 255]

    def test_text_of_users_is_never_run(self, visit):
        found = two_graphs(method=EVIL)
        names = np.array([EVIL] * len(found.dataset.vocabulary))
        found = dataclasses.replace(found, dataset=dataclasses.replace(found.dataset, vocabulary=names, name=EVIL))
        page = visit(found, classes=[EVIL, EVIL], title=EVIL, description=EVIL)
        assert page.run("typeof hacked") == "undefined"
        assert page.run("document.querySelectorAll('img, b').length") == 0
        assert page.run("byId('facts').textContent").count(EVIL) == 3
        assert page.run("byId('name').textContent") == f"{EVIL}, graph 0"

    def test_the_list_shows_the_graph_and_the_panel_stays(self, visit):
        dataset = random_dataset(0, 60)
        page = visit(Explanations(dataset, np.arange(60), np.zeros(dataset.n_edge.sum())), "graph=50")
        assert page.run("document.querySelector('aside').scrollTop") == 0
        list_box, button = (
            page.run(
                f"(({{ top, bottom }}) => [top, bottom])(document.querySelector('{selector}').getBoundingClientRect())"
            )
            for selector in ("#graphs", "#graphs button[aria-current=true]")
        )
        assert list_box[0] <= button[0] < button[1] <= list_box[1]

    def test_every_corner_case_is_drawn(self, visit):
        dataset = random_dataset(0)
        page = visit(Explanations(dataset, np.arange(8), np.zeros(dataset.n_edge.sum())))
        for _ in range(8):
            page.run("step(1)")
            assert page.run("Number.isFinite(view.scale)")
        edgeless = Explanations(dataset, np.flatnonzero(dataset.n_edge == 0), np.zeros(0))
        assert visit(edgeless, "from=0.5").texts("#edges td") == []
