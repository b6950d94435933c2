"""Reads arrays out of published pickles without running what else a pickle may contain."""

import _codecs
import collections
import os
import pickle
import types

import numpy as np
import scipy.sparse
from numpy._core.multiarray import _reconstruct, scalar

from gnnjax.errors import DataError

__all__ = ["load_arrays"]


def load_arrays(path: str | os.PathLike):
    """Unpickles numpy arrays and plain containers of them, or one sparse matrix, written by Python 2 or 3.

    Args:
      path: a pickle that names nothing but what numpy needs to rebuild arrays, `defaultdict(list)`, and the class
        `scipy.sparse.csr_matrix`, of which only the stored arrays are used.

    Returns:
      What was pickled: an array, or tuples, lists and dicts that hold arrays, numbers and texts; or a
      `scipy.sparse.csr_array`.

    Raises:
      DataError: the file is absent or damaged, holds an array of Python objects, or names any other function
        or class; nothing of that kind is imported or called.
    """
    try:
        with open(path, "rb") as file:
            # latin1 maps each byte of a Python 2 string, which is how that version stored array data, to
            # itself.
            value = _ArrayUnpickler(file, encoding="latin1").load()
        if isinstance(value, types.SimpleNamespace):
            value = _sparse_matrix(value)
        _refuse_objects(value)
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    # Damaged bytes make pickle and numpy raise almost any type of error, MemoryError included.
    except Exception as error:
        raise DataError(f"{path}: is not a readable pickle of arrays ({error})") from error
    return value


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for '{module}.{name}', which is refused") from None


# numpy 2 renamed numpy.core; the old name is kept here because importing it warns.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): scalar,
    ("numpy._core.multiarray", "scalar"): scalar,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _codecs.encode,
    ("collections", "defaultdict"): collections.defaultdict,
    ("__builtin__", "list"): list,
    ("builtins", "list"): list,
    # Only a place for the fields, from which a sound matrix is made afterwards.
    ("scipy.sparse.csr", "csr_matrix"): types.SimpleNamespace,
    ("scipy.sparse._csr", "csr_matrix"): types.SimpleNamespace,
}


def _sparse_matrix(fields: types.SimpleNamespace) -> scipy.sparse.csr_array:
    arrays = fields.data, fields.indices, fields.indptr
    for array in arrays:
        if type(array) is not np.ndarray:
            raise pickle.UnpicklingError(f"its matrix holds a {type(array).__name__} in place of an array")
        _refuse_objects(array)
    matrix = scipy.sparse.csr_array(arrays, shape=tuple(map(int, fields._shape)))
    # Without this, an index out of range would be found only by reading memory that is not the array's.
    matrix.check_format(full_check=True)
    return matrix


def _refuse_objects(value) -> None:
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        raise pickle.UnpicklingError(f"it holds an array of Python objects, of shape {list(value.shape)}")
    if isinstance(value, types.SimpleNamespace):
        raise pickle.UnpicklingError("it holds a sparse matrix within another object")
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, tuple | list):
        for item in value:
            _refuse_objects(item)
