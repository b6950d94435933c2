"""What keeps a learned mask small and decided."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnnjax.ops import segment_mean, segment_sum

__all__ = ["mask_costs"]


def mask_costs(
    edge_mask: Float[Array | np.ndarray, " edges"],
    graph_ids: Int[Array | np.ndarray, " edges"],
    num_graphs: int,
    *,
    size: float,
    entropy: float,
) -> Float[Array, " graphs"]:
    r"""For each graph `size` times the sum of its mask plus `entropy` times the mean entropy of its edges, in nats.

    .. math:: \lambda_s \sum_e m_e + \frac{\lambda_h}{|E|} \sum_e \big(-m_e \log m_e - (1 - m_e) \log(1 - m_e)\big)

    Args:
      edge_mask: in [0, 1].
      graph_ids: which graph each edge belongs to.
      num_graphs: how many there are.
      size, entropy: the weights.

    Source: Ying et al., NeurIPS 2019 (arXiv 1903.03894), section 4.2.

    >>> [round(float(cost), 3) for cost in mask_costs(np.array([0.5, 0.5]), np.array([0, 0]), 1, size=1.0, entropy=1.0)]
    [1.693]
    """
    # The logarithm's slope at 0 would be infinite.
    guard = 1e-6
    kept = jnp.clip(edge_mask, guard, 1 - guard)
    uncertainty = -kept * jnp.log(kept) - (1 - kept) * jnp.log1p(-kept)
    costs = entropy * segment_mean(uncertainty, graph_ids, num_graphs)
    return costs + size * segment_sum(jnp.asarray(edge_mask), graph_ids, num_graphs)
