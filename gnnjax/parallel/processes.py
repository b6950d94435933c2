"""Several processes that compute together, each with devices of its own."""

import jax
from jax.experimental import multihost_utils

__all__ = ["is_first_process", "wait_for_processes"]


def is_first_process() -> bool:
    """Whether this process is the one that writes files; True where there is no other (`jax.distributed`).

    Examples:
      >>> from gnnjax import parallel
      >>> if parallel.is_first_process():
      ...     print("one process says this")
      one process says this
    """
    return jax.process_index() == 0


def wait_for_processes(name: str) -> None:
    """Returns when all processes have come to the place of this name; at once where there is no other.

    Examples:
      >>> from gnnjax import parallel
      >>> if parallel.is_first_process():
      ...     pass  # Write the file that all processes are to read.
      >>> parallel.wait_for_processes("file written")
    """
    multihost_utils.sync_global_devices(name)
