"""The restricted unpickler: arrays come through, code does not run."""

import builtins
import collections
import os
import pickle

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_prep.restricted_pickle import load_arrays
from gnnjax.errors import DataError

ARRAYS = (np.arange(24.0).reshape(2, 3, 4), np.array([[0.1]], np.float32), np.array([1, 0], np.uint8))


class Calls:
    """Pickles as a call of `function`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture
def path(tmp_path):
    return tmp_path / "arrays.pkl"


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_reads_arrays_of_old_and_new_numpy(path, protocol, module):
    content = pickle.dumps(ARRAYS, protocol)
    if protocol < 4:
        content = content.replace(b"numpy._core.multiarray", module)
    path.write_bytes(content)
    for value, reference in zip(load_arrays(path), ARRAYS, strict=True):
        np.testing.assert_array_equal(value, reference, strict=True)


def test_reads_what_python_2_wrote(path):
    # Python 2 stored the type code, the byte order and the data as its byte strings (opcode U).
    path.write_bytes(
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02i2K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x04\xff\xff\x80\x00tb."
    )
    np.testing.assert_array_equal(load_arrays(path), np.array([-1, 128], np.int16), strict=True)


def test_reads_containers_and_numpy_scalars(path):
    path.write_bytes(pickle.dumps({"x": [np.arange(3), (np.float32(2.5), 1, "name", None)]}))
    value = load_arrays(path)
    np.testing.assert_array_equal(value["x"][0], [0, 1, 2])
    assert value["x"][1] == (2.5, 1, "name", None)


MATRIX = scipy.sparse.csr_matrix(np.float32([[0, 2, 0], [0, 0, 0], [1, 0, 3], [0, 0, 4]]))


@pytest.mark.parametrize("module", [b"scipy.sparse._csr", b"scipy.sparse.csr"])
@pytest.mark.parametrize("protocol", [2, 3])
def test_reads_sparse_matrices_of_old_and_new_scipy(path, module, protocol):
    path.write_bytes(pickle.dumps(MATRIX, protocol).replace(b"scipy.sparse._csr", module))
    value = load_arrays(path)
    assert type(value) is scipy.sparse.csr_array
    np.testing.assert_array_equal(value.toarray(), MATRIX.toarray(), strict=True)


@pytest.mark.parametrize("protocol", range(5))
def test_reads_dictionaries_of_lists(path, protocol):
    path.write_bytes(pickle.dumps(collections.defaultdict(list, {0: [1, 2], 1: [0]}), protocol))
    assert load_arrays(path) == {0: [1, 2], 1: [0]}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("indices", np.int32([0, 1, 2, 3]), "indices must be < 3"),
        ("indices", np.int32([1, 0, -1, 2]), "indices must be >= 0"),
        ("indptr", np.int32([0, 1, 1, 3, 10**6]), "Last value of index pointer"),
        ("indptr", np.int32([0, 1, 0, 3, 4]), "non-decreasing"),
        ("data", np.array([1, 2, 3, "x"], object), "an array of Python objects"),
        ("data", [1, 2, 3, 4], "holds a list in place of an array"),
        ("_shape", (-1, 3), "'shape' elements cannot be negative"),
        ("_shape", (4, "3.5"), "invalid literal for int"),
        ("_shape", None, "not iterable"),
    ],
)
def test_refuses_sparse_matrices_that_are_not_sound(path, field, value, message):
    matrix = MATRIX.copy()
    matrix.__dict__[field] = value
    path.write_bytes(pickle.dumps(matrix, 2))
    with pytest.raises(DataError, match=rf"arrays\.pkl: is not a readable pickle of arrays \(.*{message}"):
        load_arrays(path)


def test_refuses_a_sparse_matrix_within_another_object(path):
    path.write_bytes(pickle.dumps({"x": [MATRIX]}, 2))
    with pytest.raises(DataError, match="a sparse matrix within another object"):
        load_arrays(path)


def test_the_class_of_a_sparse_matrix_runs_and_changes_nothing(path):
    # Builds an object whose `__setstate__` the pickle itself chose, and a class that the pickle tries to change.
    chosen = b"c__builtin__\neval\n"
    for content in (
        b"\x80\x02cscipy.sparse.csr\ncsr_matrix\n)\x81}U\x0c__setstate__" + chosen + b"sbU\x011b.",
        b"\x80\x02cscipy.sparse.csr\ncsr_matrix\nN}U\x04datac__builtin__\nlist\ns\x86b.",
        b"\x80\x02c__builtin__\nlist\nN}U\x06appendK\x01s\x86b.",
        b"\x80\x02ccollections\ndefaultdict\n" + chosen + b"\x85R.",
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"arrays\.pkl: is not a readable pickle of arrays"):
            load_arrays(path)
    test_reads_sparse_matrices_of_old_and_new_scipy(path, b"scipy.sparse.csr", 2)
    assert callable(list().append)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (os.system, "posix.system" if os.name == "posix" else "nt.system"),
        (eval, "builtins.eval"),
        (exec, "builtins.exec"),
        (getattr, "builtins.getattr"),
        (collections.OrderedDict, "collections.OrderedDict"),
        (np.load, "numpy.load"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_refuses_and_names_every_other_global(path, function, name, protocol):
    path.write_bytes(pickle.dumps((ARRAYS[0], Calls(function, "1")), protocol).replace(b"__builtin__", b"builtins"))
    with pytest.raises(DataError, match=rf"arrays\.pkl: .* asks for '{name}', which is refused"):
        load_arrays(path)


def test_runs_nothing(path, tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(builtins, "eval", called.append)
    marker = tmp_path / "marker"
    for content in (
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cos\nsystem\n(S'touch " + os.fsencode(marker) + b"'\ntR.",
        b"(S'touch " + os.fsencode(marker) + b"'\nios\nsystem\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x05touch\x85R.",
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match="which is refused"):
            load_arrays(path)
    assert called == []
    assert not marker.exists()


@pytest.mark.parametrize(
    "value",
    [
        np.array([1, "a", None], object),
        [np.zeros(2), {"x": (np.array([[]], object),)}],
        np.zeros(2, [("a", "f4"), ("b", object)]),
    ],
    ids=["plain", "nested", "structured"],
)
def test_refuses_arrays_of_objects(path, value):
    path.write_bytes(pickle.dumps(value, 4))
    with pytest.raises(DataError, match=r"arrays\.pkl: .* an array of Python objects"):
        load_arrays(path)


def test_refuses_a_list_that_holds_itself(path):
    value = []
    value.append(value)
    path.write_bytes(pickle.dumps(value))
    with pytest.raises(DataError, match=r"arrays\.pkl: is not a readable pickle"):
        load_arrays(path)


def test_absent_file(path):
    with pytest.raises(DataError, match=r"arrays\.pkl: there is no such file"):
        load_arrays(path)


def test_truncated_at_any_length(path):
    content = pickle.dumps(ARRAYS, 3)
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=r"arrays\.pkl: is not a readable pickle of arrays"):
            load_arrays(path)


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arbitrary_bytes_raise_nothing_but_data_errors(path, content):
    path.write_bytes(b"\x80\x02" + content)
    try:
        load_arrays(path)
    except DataError as error:
        message = str(error)
    else:
        message = f"{path}: is a pickle of arrays"
    assert message.startswith(f"{path}: ")
