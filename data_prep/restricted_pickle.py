"""Reads arrays out of published pickles without running what else a pickle may contain."""

import _codecs
import os
import pickle

import numpy as np
from numpy._core.multiarray import _reconstruct, scalar

from gnnjax.errors import DataError

__all__ = ["load_arrays"]


def load_arrays(path: str | os.PathLike):
    """Unpickles numpy arrays and plain containers of them, written by Python 2 or 3.

    Args:
      path: a pickle that names nothing but what numpy needs to rebuild arrays.

    Returns:
      What was pickled: an array, or tuples, lists and dicts that hold arrays, numbers and texts.

    Raises:
      DataError: the file is absent or damaged, holds an array of Python objects, or names any other function
        or class; nothing of that kind is imported or called.
    """
    try:
        with open(path, "rb") as file:
            # latin1 maps each byte of a Python 2 string, which is how that version stored array data, to
            # itself.
            value = _ArrayUnpickler(file, encoding="latin1").load()
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
}


def _refuse_objects(value) -> None:
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        raise pickle.UnpicklingError(f"it holds an array of Python objects, of shape {list(value.shape)}")
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, tuple | list):
        for item in value:
            _refuse_objects(item)
