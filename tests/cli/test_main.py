"""The command `gnnjax`, as a user gives it: prepare, train, evaluate, explain, show, and what can be wrong."""

import csv
import json

import numpy as np
import pytest

from gnnjax.cli.main import main
from gnnjax.data import load, save
from gnnjax.explain import from_json, load_explanations
from gnnjax.train import load_model
from tests.random_graphs import random_dataset

pytestmark = pytest.mark.filterwarnings("ignore:in .* epochs r does not come to rest")
SMILES = ["CCO", "CCN", "c1ccccc1", "c1ccccc1O", "CC(=O)O", "CCCl", "C1CCCCC1", "CCCC", "c1ccncc1", "CO", "CN", "CCBr"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of molecules, aromatic or not, and a model trained on it."""
    folder = tmp_path_factory.mktemp("user")
    with (folder / "molecules.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["smiles", "aromatic"])
        writer.writerows([smiles, int("c1" in smiles)] for smiles in SMILES)
    pytest.importorskip("rdkit")
    with pytest.warns(UserWarning, match="does not come to rest"):
        main(f"train {folder}/molecules.csv --output {folder}/model --epochs 3 --hidden-size 8 --batch-size 6".split())
    return folder


def error_of(capsys, command):
    with pytest.raises(SystemExit) as stop:
        main(command.split())
    text = str(stop.value.code)
    assert text.startswith("error: ")
    assert "Traceback" not in capsys.readouterr().err
    return text


@pytest.mark.slow
class TestMain:
    def test_trains_and_stores_a_model(self, folder):
        model, description = load_model(folder / "model")
        assert description["arguments"]["out_features"] == 1
        assert model.learn_edge_attention
        metrics = json.loads((folder / "model" / "metrics.json").read_text())
        assert 0 <= metrics["test"]["accuracy"] <= 1

    def test_explains_molecules_without_labels_and_leaves_out_what_is_none(self, folder, capsys):
        (folder / "new.csv").write_text("smiles\nc1ccccc1N\nnonsense\nCCOC\n")
        main(f"explain {folder}/model {folder}/new.csv --output {folder}/found --graphml".split())
        output = capsys.readouterr().out
        assert "row 1 is left out" in output
        assert "2 graphs explained" in output
        lines = (folder / "found" / "explanations.jsonl").read_text().splitlines()
        explanations = [from_json(line) for line in lines]
        assert list(explanations[1].node_names) == ["C", "C", "O", "C"]
        assert all(((each.edge_mask > 0) & (each.edge_mask < 1)).all() for each in explanations)
        assert (folder / "found" / "explanations.html").stat().st_size > 1000
        assert (folder / "found" / "graph-1.graphml").exists()

    def test_evaluates(self, folder, capsys):
        scores = folder / "scores.json"
        main(f"evaluate {folder}/model {folder}/molecules.csv --part all --json {scores}".split())
        written = json.loads(scores.read_text())
        assert written["graphs"] == len(SMILES)
        assert "fidelity_plus" in written["explanations"]
        assert "accuracy" in capsys.readouterr().out

    def test_prepares_shows_and_explains_from_a_file(self, folder, capsys):
        main(f"prepare {folder}/molecules.csv --output {folder}/molecules.npz".split())
        dataset = load(folder / "molecules.npz")
        assert len(dataset) == len(SMILES)
        main(f"show {folder}/molecules.npz".split())
        output = capsys.readouterr().out
        assert f"{len(SMILES)} graphs" in output
        assert "9 categories" in output
        main(f"explain {folder}/model {folder}/molecules.npz --output {folder}/from_file --first 3".split())
        assert len(load_explanations(folder / "from_file" / "explanations.npz", dataset)) == 3
        main(f"show {folder}/model".split())
        assert '"backbone": "gin"' in capsys.readouterr().out

    def test_data_of_other_features_are_refused(self, folder, capsys):
        save(random_dataset(0), folder / "other.npz")
        text = error_of(capsys, f"explain {folder}/model {folder}/other.npz --output {folder}/never")
        assert "node features are 3 numbers, but the model reads categories" in text
        assert not (folder / "never").exists()

    def test_other_settings_in_the_same_folder_are_refused(self, folder, capsys):
        text = error_of(capsys, f"train {folder}/molecules.csv --output {folder}/model --epochs 4")
        assert "epochs" in text


class TestErrors:
    @pytest.mark.parametrize(
        ("command", "words"),
        [
            ("show {0}/absent.npz", "there is no such file"),
            ("show {0}", "holds no model"),
            ("explain {0} {0}/table.csv --output {0}/x", "holds no model"),
            ("prepare {0}/table.csv --output {0}/x.npz", "no column 'graph'"),
            ("prepare {0}/table.csv --output {0}/x.csv", "must be named .npz"),
            ("prepare {0}/thing.xyz --output {0}/x.npz", "say so with --format"),
            ("train {0}/table.csv --output {0}/x --epochs 0", "must be at least 1"),
            ("train {0}/table.csv --output {0}/x --final-r 2", "--final-r is 2.0"),
        ],
    )
    def test_one_line(self, tmp_path, capsys, command, words):
        (tmp_path / "table.csv").write_text("a,b\n1,2\n")
        assert words in error_of(capsys, command.format(tmp_path))
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize("command", ["", "train", "explain", "evaluate", "prepare", "show"])
    def test_help_has_examples(self, capsys, command):
        with pytest.raises(SystemExit):
            main([*command.split(), "--help"])
        assert "examples:" in capsys.readouterr().out


@pytest.mark.slow
def test_tables_of_edges(tmp_path, capsys):
    rng = np.random.default_rng(0)
    rows = ["graph,source,target,label"]
    for graph in range(20):
        rows += [f"g{graph},n{a},n{b},{graph % 2}" for a, b in rng.integers(0, 5, (6, 2))]
    (tmp_path / "edges.csv").write_text("\n".join(rows) + "\n")
    main(f"prepare {tmp_path}/edges.csv --undirected --output {tmp_path}/mine.npz".split())
    assert "20 graphs" in capsys.readouterr().out
    main(f"train {tmp_path}/mine.npz --output {tmp_path}/model --epochs 2 --hidden-size 4 --attention nodes".split())
    main(f"explain {tmp_path}/model {tmp_path}/mine.npz --output {tmp_path}/found --first 2".split())
    assert (tmp_path / "found" / "explanations.html").exists()
    (tmp_path / "new.csv").write_text("graph,source,target\nnew,a,b\nnew,b,c\n")
    capsys.readouterr()
    main(f"explain {tmp_path}/model {tmp_path}/new.csv --undirected --output {tmp_path}/of_new".split())
    assert "1 graphs explained" in capsys.readouterr().out
