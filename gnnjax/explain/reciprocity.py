"""Whether attention is returned."""

import numpy as np
from scipy import sparse

from gnnjax.explain.checks import AttentionGraph, attention_matrix, off_diagonal

__all__ = ["reciprocity"]


def reciprocity(attention_graph: AttentionGraph) -> float:
    """Share in [0, 1] of the attention between different nodes that is returned: `sum min(a_ij, a_ji) / sum a_ij`.

    NaN where there is no such attention.

    Raises:
      ValueError: the attention graph is not a square matrix of finite numbers from 0 up.

    Source: Squartini et al., Scientific Reports 2013 (arXiv 1208.4208).

    Examples:
      >>> import numpy as np
      >>> from gnnjax import explain
      >>> explain.reciprocity(np.array([[0.25, 0.75], [0.25, 0.75]]))  # 2 * 0.25 of 0.75 + 0.25
      0.5
    """
    attention = off_diagonal(attention_matrix(attention_graph))
    if isinstance(attention, sparse.csr_array):
        returned = attention.minimum(attention.T.tocsr())
    else:
        returned = np.minimum(attention, attention.T)
    total = attention.sum(dtype=np.float64)
    return float(returned.sum(dtype=np.float64) / total) if total else float("nan")
