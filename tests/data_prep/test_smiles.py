"""Tables of SMILES: the files that are made of them, and what is said of tables that cannot be read."""

import csv
import gzip
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from data_prep import ogbg_mol, smiles
from gnnjax.data import load
from gnnjax.errors import DataError

ROOT = Path(__file__).parents[2]

# Row 1 does not parse, row 3 has a carbon of five bonds.
SMILES = ("CCO", "C1CC", "C", "C(C)(C)(C)(C)C", "*C#N", "c1ccccc1")
VALID_ROWS = [0, 2, 4, 5]


def write_table(path, smiles=SMILES, **columns):
    """A CSV with one row per SMILES and a column `active` unless others are given."""
    columns = columns or {"active": [row % 2 for row in range(len(smiles))]}
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["smiles", *columns])
        writer.writerows(zip(smiles, *columns.values(), strict=True))
    return path


class TestTable:
    """Up to where rdkit is needed."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "there is no column 'smiles'; there are none"),
            ("SMILES,active\nC,1\n", "there is no column 'smiles'; there are SMILES, active"),
            ("smiles,toxic\nC,1\n", "there is no column 'active'; there are smiles, toxic"),
            ("smiles,active\nC,1\nC\n", "row 1 does not have 2 entries, as the header has"),
            ("smiles,active\nC,1,2\n", "row 0 does not have 2 entries, as the header has"),
            ("smiles,active\nC,1\nC,yes\n", "row 1, column 'active': 'yes' must be 0, 1 or empty"),
            ("smiles,active\nC,1\nC,2\n", "row 1: labels are [2.], must be 0, 1 or NaN"),
        ],
    )
    def test_names_the_file_and_the_row(self, tmp_path, text, message):
        path = tmp_path / "mine.csv"
        path.write_text(text)
        with pytest.raises(DataError, match=f"^{re.escape(str(path))}: .*{re.escape(message)}"):
            smiles.prepare(path, label_columns=["active"], folder=tmp_path)
        assert list(tmp_path.iterdir()) == [path]

    def test_unreadable_tables(self, tmp_path):
        with pytest.raises(DataError, match=r"none\.csv: there is no such file"):
            smiles.prepare(tmp_path / "none.csv", label_columns=["active"], folder=tmp_path)
        (tmp_path / "mine.csv").write_bytes(b"smiles,active\n\xff\xfe,1\n")
        with pytest.raises(DataError, match=r"mine\.csv: is not a readable CSV table"):
            smiles.prepare(tmp_path / "mine.csv", label_columns=["active"], folder=tmp_path)
        path = write_table(tmp_path / "mine.csv.gz")
        path.write_bytes(path.read_bytes()[:-10])
        with pytest.raises(DataError, match=r"mine\.csv\.gz: is not a readable CSV table"):
            smiles.prepare(path, label_columns=["active"], folder=tmp_path)

    def test_one_split_only(self, tmp_path):
        with pytest.raises(ValueError, match="either split_column or scaffold_split"):
            smiles.prepare(tmp_path / "a.csv", label_columns=["active"], split_column="part", scaffold_split=True)

    def test_without_rdkit(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "rdkit.Chem", None)
        path = write_table(tmp_path / "mine.csv")
        with pytest.raises(SystemExit) as error:
            smiles.main([str(path), "--label-columns", "active", "--folder", str(tmp_path)])
        assert "need rdkit" in error.value.code
        assert 'pip install "gnnjax[chem]"' in error.value.code

    def test_help_as_a_script(self, monkeypatch, capsys):
        script = str(ROOT / "data_prep" / "smiles.py")
        monkeypatch.setattr(sys, "argv", [script, "--help"])
        with pytest.raises(SystemExit, match="0"):
            runpy.run_path(script, run_name="__main__")
        assert "--skip-invalid" in capsys.readouterr().out


@pytest.fixture
def rdkit():
    return pytest.importorskip("rdkit", reason="rdkit is not installed")


@pytest.mark.usefixtures("rdkit")
class TestPrepare:
    def test_skip_invalid_writes_what_was_kept_out(self, tmp_path, capsys):
        parts = ["train", "train", "", "test", "test", "valid"]
        table = write_table(tmp_path / "mine.csv", a=["1", "0", "1", "0", "", "nan"], b=[0] * 6, part=parts)
        arguments = [str(table), "--label-columns", "a", "b", "--split-column", "part", "--folder", str(tmp_path)]
        with pytest.raises(SystemExit) as error:
            smiles.main(arguments)
        assert error.value.code.startswith(f"error: {table}: mine: 2 molecules refused")
        assert not (tmp_path / "processed").exists()

        smiles.main([*arguments, "--skip-invalid"])
        path, refused = (tmp_path / "processed" / name for name in ("mine.npz", "mine-refused.csv"))
        assert capsys.readouterr().out.splitlines() == [
            f"{refused}: 2 molecules were refused and are not in the dataset",
            f"{path}: written",
            "4 graphs, 13 nodes, 20 directed edges; split test 1, train 1, valid 1",
        ]
        with open(refused, newline="") as file:
            assert [(row["row"], row["smiles"]) for row in csv.DictReader(file)] == [("1", SMILES[1]), ("3", SMILES[3])]
        dataset = load(path)
        np.testing.assert_array_equal(dataset.labels, np.float32([[1, 0], [1, 0], [np.nan, 0], [np.nan, 0]]))
        assert dataset.task == "multilabel"

    def test_list_of_an_earlier_table_is_removed(self, tmp_path):
        table = write_table(tmp_path / "mine.csv")
        arguments = {"label_columns": ["active"], "folder": tmp_path, "skip_invalid": True}
        processed = smiles.prepare(table, **arguments).parent
        write_table(table, [SMILES[row] for row in VALID_ROWS])
        smiles.prepare(table, **arguments, force=True)
        assert [path.name for path in processed.iterdir()] == ["mine.npz"]

    def test_same_name_for_other_data(self, tmp_path, capsys):
        table = write_table(tmp_path / "mine.csv", ["C", "CC"], a=[0, 1], b=[1, 1])
        path = smiles.prepare(table, label_columns=["a"], folder=tmp_path)
        smiles.prepare(table, label_columns=["a"], folder=tmp_path)
        assert capsys.readouterr().out.splitlines()[-1] == f"{path}: already there"
        with pytest.raises(DataError, match=r"mine\.npz: was made from other data .*labels in a, .*another name"):
            smiles.prepare(table, label_columns=["b"], folder=tmp_path)
        write_table(table, ["C", "CCC"], a=[0, 1], b=[1, 1])
        with pytest.raises(DataError, match=r"mine\.npz: was made from other data"):
            smiles.prepare(table, label_columns=["a"], folder=tmp_path)
        smiles.prepare(table, label_columns=["a"], folder=tmp_path, force=True)
        np.testing.assert_array_equal(load(path).n_node, [1, 3])
        assert smiles.prepare(table, label_columns=["b"], folder=tmp_path, name="other").name == "other.npz"

    @pytest.mark.parametrize(("dataset", "label"), [("bace", "Class"), ("bbbp", "p_np")])
    def test_same_as_the_official_files(self, dataset, label, tmp_path, raw_data):
        raw = raw_data / f"ogbg_mol{dataset}"
        path = smiles.prepare(
            raw / "mapping" / "mol.csv.gz", label_columns=[label], scaffold_split=True, folder=tmp_path
        )
        # Of atoms, bonds, features, labels and the split by scaffold.
        assert load(path).fingerprint() == ogbg_mol.read(raw, dataset).fingerprint()

    def test_same_as_the_official_files_of_real_values(self, tmp_path, raw_data):
        raw = raw_data / "ogbg_molesol"
        table = raw / "mapping" / "mol.csv.gz"
        label = "measured log solubility in mols per litre"
        path = smiles.prepare(
            table, label_columns=[label], task="regression", scaffold_split=True, name="esol", folder=tmp_path
        )
        assert load(path).fingerprint() == ogbg_mol.read(raw, "esol").fingerprint()

    def test_real_values(self, tmp_path, capsys):
        table = write_table(tmp_path / "mine.csv", ["C", "CC", "CCC"], logp=["1.5", "", "-2"])
        with pytest.raises(DataError, match=r"row 0: labels are \[1\.5\], must be 0, 1 .*the task \"regression\""):
            smiles.prepare(table, label_columns=["logp"], folder=tmp_path)
        smiles.main([str(table), "--label-columns", "logp", "--task", "regression", "--folder", str(tmp_path)])
        data = load(tmp_path / "processed" / "mine.npz")
        np.testing.assert_array_equal(data.labels, np.float32([[1.5], [np.nan], [-2]]), strict=True)
        assert data.task == "regression"
        assert data.source.endswith(", regression")
        write_table(table, ["C"], logp=["high"])
        with pytest.raises(DataError, match="row 0, column 'logp': 'high' must be a number or empty"):
            smiles.prepare(table, label_columns=["logp"], task="regression", folder=tmp_path, name="other")
