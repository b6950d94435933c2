"""Molecules from SMILES: OGB's features, and no molecule lost unsaid."""

import re
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data.from_smiles import Refusal, from_smiles
from gnnjax.errors import DataError

# Row 1 does not parse, row 3 has a carbon of five bonds.
SMILES = ("CCO", "C1CC", "C", "C(C)(C)(C)(C)C", "*C#N", "c1ccccc1")
VALID_ROWS = [0, 2, 4, 5]


def unlabelled(texts, **arguments):
    return from_smiles(texts, np.zeros(len(texts)), name="mine", **arguments)


class TestArguments:
    """Up to where rdkit is needed."""

    @pytest.mark.parametrize("labels", [np.zeros(2), np.zeros((3, 0)), np.zeros((3, 1, 1)), np.zeros(())])
    def test_labels_of_wrong_shape(self, labels):
        with pytest.raises(DataError, match=re.escape("mine: labels must be [3] or [3, tasks], are [")):
            from_smiles(["C", "C", "C"], labels, name="mine")

    def test_split_outside_the_rows(self):
        with pytest.raises(DataError, match=r"mine: split 'test' has a row outside 0 \.\. 1"):
            unlabelled(["C", "C"], splits={"test": np.array([2])})

    def test_split_that_is_no_list_of_rows(self):
        with pytest.raises(DataError, match=r"mine: split 'test' must be integer\[rows\], is float64\[1\]"):
            unlabelled(["C", "C"], splits={"test": np.array([0.0])})

    @pytest.mark.parametrize("labels", [["a"], [[0], [0, 1]], ["nine", "ten"], [{}, 1]])
    def test_labels_that_are_no_numbers(self, labels):
        with pytest.raises(DataError, match="mine: labels are not an array"):
            from_smiles(["C", "C"], labels, name="mine")

    def test_labels_that_do_not_fit_the_task(self):
        with pytest.raises(DataError, match=r'mine: row 1: labels are \[0\.5\], must be 0, 1 .*the task "regression"'):
            from_smiles(["C", "C"], [1, 0.5], name="mine")
        with pytest.raises(DataError, match=r"mine: row 1: labels are \[inf\], must be finite or NaN"):
            from_smiles(["C", "C"], [1, 1e300], name="mine", task="regression")
        with pytest.raises(ValueError, match="task is 'multiclass', must be binary, multilabel or regression"):
            from_smiles(["C"], [1], task="multiclass")

    def test_one_split_only(self):
        with pytest.raises(ValueError, match="either splits or scaffold_split"):
            unlabelled(["C"], splits={}, scaffold_split=True)

    def test_without_rdkit(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "rdkit.Chem", None)
        with pytest.raises(ImportError, match=re.escape("need rdkit (import of rdkit.Chem halted")) as error:
            unlabelled(["C"])
        assert str(error.value).endswith('pip install "gnnjax[chem]"')


@pytest.fixture
def rdkit():
    return pytest.importorskip("rdkit", reason="rdkit is not installed")


@pytest.mark.usefixtures("rdkit")
class TestFeatures:
    def test_atoms_and_bonds_by_hand(self):
        # A chiral carbon and a double bond with stereo, of which OGB's documentation states the features.
        dataset = unlabelled(["Cl[C@H](/C=C/C)Br"]).dataset
        assert dataset.nodes[1].tolist() == [5, 2, 4, 5, 1, 0, 2, 0, 0]
        np.testing.assert_array_equal(dataset.senders, [0, 1, 1, 2, 2, 3, 3, 4, 1, 5])
        np.testing.assert_array_equal(dataset.receivers, [1, 0, 2, 1, 3, 2, 4, 3, 5, 1])
        np.testing.assert_array_equal(dataset.edges[4:6], [[1, 2, 0]] * 2)
        assert dataset.vocabulary[dataset.node_names].tolist() == ["Cl", "C", "C", "C", "C", "Br"]

    def test_what_is_not_listed_is_other(self):
        dataset = unlabelled(["*", "[Fe+6]", "N->[Cu]"]).dataset
        assert dataset.nodes[0, 0] == 118
        assert dataset.vocabulary[dataset.node_names[0]] == "*"
        assert dataset.nodes[1, 3] == 11
        np.testing.assert_array_equal(dataset.edges, [[4, 0, 0]] * 2)

    def test_molecules_without_bonds(self):
        dataset = unlabelled(["C", "[Na+].[Cl-]"]).dataset
        np.testing.assert_array_equal(dataset.n_node, [1, 2])
        np.testing.assert_array_equal(dataset.n_edge, [0, 0])
        assert dataset.edges.shape == (0, 3)

    def test_real_values(self):
        data = from_smiles(["C", "CC"], [[0.5, np.nan], [-3, 2]], task="regression").dataset
        np.testing.assert_array_equal(data.labels, np.float32([[0.5, np.nan], [-3, 2]]), strict=True)
        assert (data.task, data.name) == ("regression", "molecules")

    def test_progress_goes_through_all_rows(self):
        seen = []
        unlabelled(["C", "CC"], scaffold_split=True, progress=lambda rows: seen.append(len(rows)) or rows)
        assert seen == [2, 2]

    def test_scaffolds_stay_together(self, tmp_path):
        # Eight of one scaffold, and two of scaffolds of their own.
        rings = [f"{'C' * length}c1ccccc1" for length in range(1, 9)]
        dataset = unlabelled([*rings, "C1CC1", "C1CCC1"], scaffold_split=True).dataset
        assert {name: part.tolist() for name, part in dataset.splits.items()} == {
            "train": list(range(8)),
            "valid": [9],
            "test": [8],
        }


@pytest.mark.usefixtures("rdkit")
class TestRefusals:
    def test_are_an_error_that_lists_them(self):
        message = (
            "mine: 2 molecules refused: row 1, 'C1CC': it does not parse as SMILES; row 3, 'C(C)(C)(C)(C)C': Explicit "
            "valence for atom # 0 C, 5, is greater than permitted. Correct them, or use skip_invalid"
        )
        with pytest.raises(DataError, match=re.escape(message)):
            unlabelled(SMILES)

    def test_of_which_only_ten_are_shown(self):
        with pytest.raises(DataError, match=r"12 molecules refused: row 0.*row 9, 'x': [^;]*; and 2 more\."):
            unlabelled(["x"] * 12)

    def test_empty_and_uncategorised_molecules(self):
        refused = unlabelled(["", "C"], skip_invalid=True).refused
        assert refused == [Refusal(0, "", "it has no atoms")]
        atropisomer = "Cc1cccc(Br)c1-c1c(C)cccc1F |wU:8.9|"
        refused = unlabelled([atropisomer, "C"], skip_invalid=True).refused
        assert [refusal.reason for refusal in refused] in (
            [],  # an rdkit older than 2023.9 does not know them
            ["OGB's bond feature 'stereo' has no category for STEREOATROPCCW"],
            ["OGB's bond feature 'stereo' has no category for STEREOATROPCW"],
        )

    def test_none_left(self):
        with pytest.raises(DataError, match="mine: there is no molecule left"):
            unlabelled(["C1CC"], skip_invalid=True)
        with pytest.raises(DataError, match=r"mine: there is no molecule$"):
            unlabelled([])

    def test_do_not_shift_labels_or_splits(self):
        labels = np.arange(6) % 2
        splits = {"train": np.array([5, 3, 0]), "test": np.array([1, 4])}
        molecules = from_smiles(SMILES, labels, name="mine", splits=splits, skip_invalid=True)
        np.testing.assert_array_equal(molecules.rows, VALID_ROWS)
        assert [refusal.row for refusal in molecules.refused] == [1, 3]
        np.testing.assert_array_equal(molecules.dataset.labels[:, 0], labels[VALID_ROWS])
        np.testing.assert_array_equal(molecules.dataset.n_node, [3, 1, 3, 6])
        assert {name: part.tolist() for name, part in molecules.dataset.splits.items()} == {
            "train": [3, 0],
            "test": [2],
        }

    def test_entries_that_are_no_text(self):
        refused = unlabelled([None, float("nan"), "\ud800", "C"], skip_invalid=True).refused
        assert [(refusal.row, refusal.reason) for refusal in refused] == [
            (0, "it is not text but NoneType"),
            (1, "it is not text but float"),
            (2, "it has half a character"),
        ]

    @given(st.lists(st.text(alphabet="CNOcn1()[]=#+-@HFl.\0 é", max_size=8), min_size=1, max_size=4))
    def test_whatever_the_text_every_row_is_there_or_refused(self, texts):
        molecules = unlabelled([*texts, "C"], skip_invalid=True)
        rows = sorted([*molecules.rows.tolist(), *(refusal.row for refusal in molecules.refused)])
        assert rows == list(range(len(texts) + 1))
        assert len(molecules.dataset) == len(molecules.rows)
