"""The file format: what is saved is what is loaded, and a damaged file never passes for a sound one."""

import dataclasses
import json
import os
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gnnjax.data import SCHEMA_VERSION, GraphDataset, load, save
from gnnjax.data.format import read_archive
from gnnjax.errors import DataError
from tests.random_graphs import random_dataset

DATASET = random_dataset(0, 4, edge_features=2)
NUM_NODES, NUM_EDGES = len(DATASET.nodes), len(DATASET.senders)
# Every optional field at once, whether or not they make sense together.
PICTURES = dataclasses.replace(
    DATASET,
    nodes=np.arange(3 * NUM_NODES, dtype=np.int32).reshape(-1, 3) % 4,
    node_categories=(4, 5, 6),
    edges=np.arange(2 * NUM_EDGES, dtype=np.int32).reshape(-1, 2) % 3,
    edge_categories=(3, 7),
    kind="image",
    node_names=np.arange(NUM_NODES) % 3,
    vocabulary=np.array(["C", "Br", "größe"]),
    node_positions=np.arange(2 * NUM_NODES, dtype=np.float32).reshape(-1, 2),
    images=np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6),
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "data.npz"
    save(DATASET, path)
    return path


def assert_equal_datasets(actual: GraphDataset, expected: GraphDataset) -> None:
    for field in dataclasses.fields(GraphDataset):
        value, reference = getattr(actual, field.name), getattr(expected, field.name)
        if isinstance(reference, np.ndarray):
            np.testing.assert_array_equal(value, reference, strict=True)
        elif isinstance(reference, dict):
            assert list(value) == sorted(reference)
            for name, indices in reference.items():
                np.testing.assert_array_equal(value[name], indices, strict=True)
        else:
            assert value == reference


def assert_refused_or_unharmed(path) -> None:
    try:
        dataset = load(path)
    except DataError as error:
        message = str(error)
    else:
        assert_equal_datasets(dataset, DATASET)
        message = f"{path}: is unharmed"
    assert message.startswith(f"{path}: ")


def rewrite(path, **fields) -> None:
    """Writes the file again with other arrays under `fields`, without those that are None."""
    arrays = read_archive(path) | fields
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def rewrite_schema(path, **entries) -> None:
    schema = json.loads(str(read_archive(path)["schema"])) | entries
    rewrite(path, schema=np.array(json.dumps(schema)))


class TestRoundTrip:
    @pytest.mark.parametrize(
        "dataset",
        [
            DATASET,
            random_dataset(1),
            random_dataset(2, task="multiclass", out_features=3),
            random_dataset(3, task="multilabel", out_features=3),
            dataclasses.replace(DATASET, edge_labels=None, splits=None),
            PICTURES,
        ],
        ids=["edge features", "plain", "multiclass", "multilabel", "without optional fields", "all optional fields"],
    )
    def test_loads_what_was_saved(self, dataset, tmp_path):
        save(dataset, tmp_path / "new" / "folder" / "data.npz")
        assert_equal_datasets(load(tmp_path / "new" / "folder" / "data.npz"), dataset)

    def test_the_fingerprint_stays(self, tmp_path):
        save(PICTURES, tmp_path / "data.npz")
        assert load(tmp_path / "data.npz").fingerprint() == PICTURES.fingerprint()

    def test_equal_data_give_equal_bytes(self, path, tmp_path):
        again = dataclasses.replace(DATASET, splits=dict(reversed(DATASET.splits.items())))
        save(again, tmp_path / "again.npz")
        assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()

    def test_numpy_alone_can_read_it(self, path):
        with np.load(path, allow_pickle=False) as archive:
            np.testing.assert_array_equal(archive["nodes"], DATASET.nodes)
            assert json.loads(str(archive["schema"]))["version"] == SCHEMA_VERSION

    def test_file_mode_follows_the_umask(self, path):
        umask = os.umask(0)
        os.umask(umask)
        assert path.stat().st_mode & 0o777 == 0o666 & ~umask


class TestSaveIsAtomic:
    @pytest.mark.parametrize("old_file", [True, False])
    def test_a_write_that_fails_midway_changes_nothing(self, tmp_path, monkeypatch, old_file):
        path = tmp_path / "data.npz"
        if old_file:
            save(DATASET, path)
        before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

        def disk_full(file, **arrays):
            file.write(b"half an archive")
            raise OSError("No space left on device")

        monkeypatch.setattr(np, "savez_compressed", disk_full)
        with pytest.raises(OSError, match="No space left"):
            save(random_dataset(1), path)
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before

    def test_an_interrupt_before_the_move_changes_nothing(self, path, monkeypatch):
        before = path.read_bytes()

        def interrupt(*args):
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(random_dataset(1), path)
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == ["data.npz"]


class TestDamage:
    def test_truncated_at_many_lengths(self, path):
        content = path.read_bytes()
        for length in range(0, len(content), 3):
            path.write_bytes(content[:length])
            with pytest.raises(DataError, match=r"not a readable \.npz archive") as error:
                load(path)
            assert str(path) in str(error.value)

    def test_any_one_bit_flipped_in_each_byte(self, path):
        content = path.read_bytes()
        for position in range(len(content)):
            damaged = bytearray(content)
            damaged[position] ^= 1 << position % 8
            path.write_bytes(damaged)
            assert_refused_or_unharmed(path)

    @given(st.data())
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_several_bytes_overwritten_or_lost(self, path, data):
        save(DATASET, path)
        damaged = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(damaged) - 1))
            stop = start + data.draw(st.integers(0, 20))
            damaged[start:stop] = data.draw(st.binary(max_size=20))
        path.write_bytes(damaged)
        assert_refused_or_unharmed(path)

    def test_a_shorter_array_under_a_stale_checksum(self, path):
        # numpy.load stops reading where the array's header says, and so never gets to compare the checksum.
        np.savez(path, **read_archive(path))
        content = bytearray(path.read_bytes())
        position = content.index(b"(2,)", content.index(b"split_test.npy"))
        content[position : position + 4] = b"(1,)"
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"Bad CRC-32 for file 'split_test.npy'"):
            load(path)

    @pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01\x00", b"PK\x05\x06" + 18 * b"\0"])
    def test_another_kind_of_file(self, path, content):
        path.write_bytes(content)
        with pytest.raises(DataError, match=re.escape(str(path))):
            load(path)

    def test_python_objects_are_not_unpickled(self, path):
        rewrite(path, nodes=np.array([object()]))
        with pytest.raises(DataError, match="Object arrays cannot be loaded"):
            load(path)


class TestContent:
    def test_absent_file(self, tmp_path):
        with pytest.raises(DataError, match=r"absent\.npz: there is no such file; a script in data_prep/"):
            load(tmp_path / "absent.npz")
        with pytest.raises(DataError, match=r"absent\.npz: there is no such file"):
            read_archive(tmp_path / "absent.npz")

    @pytest.mark.parametrize("field", ["n_node", "n_edge", "nodes", "senders", "receivers", "labels", "split_test"])
    def test_missing_field(self, path, field):
        rewrite(path, **{field: None})
        with pytest.raises(DataError, match=rf"data\.npz: field '{field}' is missing; prepare the file again"):
            load(path)

    @pytest.mark.parametrize(
        "schema", [None, np.array("no json"), np.array("[1]"), np.array("{}"), np.zeros(3), np.array("1")]
    )
    def test_unreadable_schema(self, path, schema):
        rewrite(path, schema=schema)
        with pytest.raises(DataError, match=r"data\.npz: field 'schema' is missing or unreadable"):
            load(path)

    @pytest.mark.parametrize("version", [SCHEMA_VERSION - 1, SCHEMA_VERSION + 1, None])
    def test_other_schema_version(self, path, version):
        rewrite_schema(path, version=version)
        expected = rf"data\.npz: has schema version {version}, .* reads version {SCHEMA_VERSION}; prepare it again"
        with pytest.raises(DataError, match=expected):
            load(path)

    @pytest.mark.parametrize(
        ("field", "value", "kind"),
        [
            ("name", 3, "str"),
            ("task", None, "str"),
            ("num_classes", "2", "int"),
            ("splits", "train", "list"),
            ("kind", None, "str"),
        ],
    )
    def test_schema_entry_of_the_wrong_type(self, path, field, value, kind):
        rewrite_schema(path, **{field: value})
        with pytest.raises(DataError, match=rf"data\.npz: field 'schema\.{field}' is missing or not a {kind}"):
            load(path)

    @pytest.mark.parametrize("field", ["node_categories", "edge_categories"])
    @pytest.mark.parametrize("value", [3, [3.5, 2], ["3"], {"0": 3}])
    def test_categories_that_are_not_a_list_of_integers(self, path, field, value):
        rewrite_schema(path, **{field: value})
        with pytest.raises(DataError, match=rf"data\.npz: field 'schema\.{field}' is not a list of integers"):
            load(path)

    def test_categories_of_another_table(self, path):
        rewrite_schema(path, node_categories=[4, 4, 4])
        with pytest.raises(DataError, match=r"data\.npz: random: field 'nodes': must be int32\["):
            load(path)

    def test_invalid_field_names_file_graph_and_field(self, path):
        nodes = DATASET.nodes.copy()
        nodes[DATASET.node_offsets[2]] = np.nan
        rewrite(path, nodes=nodes)
        expected = r"data\.npz: random: graph 2, field 'nodes': has a value that is not finite"
        with pytest.raises(DataError, match=expected):
            load(path)
