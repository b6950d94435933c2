"""How unevenly a quantity is spread."""

import numpy as np
from jaxtyping import Float, Integer

__all__ = ["gini"]


def gini(values: Float[np.ndarray, " items"] | Integer[np.ndarray, " items"]) -> float:
    """Gini coefficient in [0, 1): 0 if all have the same, `1 - 1 / items` if one has it all; NaN if nobody has any.

    Raises:
      ValueError: a value is negative or NaN, or `values` has more than one dimension.

    >>> import numpy as np
    >>> from gnnjax import explain
    >>> explain.gini(np.array([2, 2, 2, 2])), explain.gini(np.array([0, 0, 0, 8]))
    (0.0, 0.75)
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or not np.all(values >= 0):
        raise ValueError(f"the Gini coefficient is of a list of numbers from 0 up, not of {values.shape} with others")
    total = values.sum()
    if total == 0:
        return float("nan")
    rank = np.arange(1, len(values) + 1)
    return float((2 * rank - len(values) - 1) @ np.sort(values) / (len(values) * total))
