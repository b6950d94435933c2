"""The area under the ROC curve, from ranks."""

import numpy as np
from jaxtyping import Bool, Float

__all__ = ["binary_roc_auc"]


def binary_roc_auc(positive: Bool[np.ndarray, " entries"], scores: Float[np.ndarray, " entries"]) -> float:
    """Probability that a positive entry scores higher than a negative one, ties counted half; NaN without both.

    That is the area under the ROC curve (Hanley and McNeil, Radiology 1982). An epoch computes it over all edges of a
    part: from ranks it takes less than half the time that scikit-learn takes for its checks and the curve itself.

    Examples:
      >>> import numpy as np
      >>> from gnnjax.roc_auc import binary_roc_auc
      >>> binary_roc_auc(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.6, 0.1]))
      0.75
    """
    # Here and not above, because it takes long to import.
    from scipy.stats import rankdata  # noqa: PLC0415

    num_positive = int(positive.sum())
    num_negative = len(positive) - num_positive
    if num_positive == 0 or num_negative == 0:
        return float("nan")
    rank_sum = rankdata(scores)[positive].sum()
    return float((rank_sum - num_positive * (num_positive + 1) / 2) / (num_positive * num_negative))
