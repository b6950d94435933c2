"""Which devices, of how many processes, a command computes on: the flags of the experiments that can share batches."""

import jax
from absl import flags
from jax.sharding import Mesh

from experiments.workers import num_workers
from gnnjax.errors import RunError
from gnnjax.parallel import data_mesh

__all__ = ["device_mesh"]

_DEVICES = flags.DEFINE_string(
    "devices", "1", "How many devices share each batch, or all; the results are those of one, up to rounding."
)
_COORDINATOR = flags.DEFINE_string(
    "coordinator",
    None,
    "For several processes, each started with this command and all devices: HOST:PORT of the first, or auto on a "
    "cluster that tells JAX its processes (TPU pods, Slurm). They share the folders of data and runs.",
)
_NUM_PROCESSES = flags.DEFINE_integer("num_processes", None, "Number of processes (with --coordinator=HOST:PORT).")
_PROCESS_ID = flags.DEFINE_integer("process_id", None, "Number of this process, from 0 (with --coordinator=HOST:PORT).")


def device_mesh() -> Mesh | None:
    """Joins the other processes if there are some; returns the devices that share each batch, None for a single one.

    Raises:
      RunError: the flags do not fit each other or the machine, or the other processes cannot be reached.
    """
    devices, coordinator, numbers = _DEVICES.value, _COORDINATOR.value, (_NUM_PROCESSES.value, _PROCESS_ID.value)
    if num_workers() > 1 and (devices, coordinator) != ("1", None):
        raise RunError("--workers trains several seeds at a time, --devices one seed on several devices: take one")
    if devices != "all" and not (devices.isdecimal() and int(devices) > 0):
        raise RunError(f"--devices is {devices!r}, must be a number or all")
    if [number is not None for number in numbers] != [coordinator not in (None, "auto")] * 2:
        raise RunError("--num_processes and --process_id go with --coordinator=HOST:PORT, all three together")
    if coordinator is not None:
        address = None if coordinator == "auto" else coordinator
        try:
            jax.distributed.initialize(address, num_processes=numbers[0], process_id=numbers[1])
        except (RuntimeError, ValueError) as error:
            raise RunError(f"the processes did not find each other at {coordinator}: {error}") from error
    elif devices == "1":
        return None
    try:
        return data_mesh(None if coordinator is not None or devices == "all" else int(devices))
    except ValueError as error:
        raise RunError(f"--devices={devices}: {error}") from error
