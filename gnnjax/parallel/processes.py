"""Several processes that compute together, each with devices of its own."""

import jax
from jax.experimental import multihost_utils

__all__ = ["is_first_process", "wait_for_processes"]


def is_first_process() -> bool:
    """Whether this process is the one that writes files; True where there is no other (`jax.distributed`)."""
    return jax.process_index() == 0


def wait_for_processes(name: str) -> None:
    """Returns when all processes have come to the place of this name; at once where there is no other."""
    multihost_utils.sync_global_devices(name)
