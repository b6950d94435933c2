"""The machine under a benchmark: its cores, what is installed, and how fast it multiplies and copies."""

import importlib.metadata
import importlib.util
import os
import platform
import statistics
import time

import jax
import jax.numpy as jnp

__all__ = ["HAVE_PYG", "available_cores", "environment", "limit_threads", "limits"]

HAVE_PYG = all(importlib.util.find_spec(name) for name in ("torch", "torch_geometric"))
if HAVE_PYG:
    import torch

# Allocator settings in the environment change times and memory of both sides.
ALLOCATOR = ("GLIBC_TUNABLES", "LD_PRELOAD", "MALLOC_TOP_PAD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_")


def available_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_threads(threads: int) -> None:
    """Gives both sides `threads` threads; must come before JAX starts its backend.

    XLA sizes its thread pool by the cores that the process may use, so these are cut down to `threads`.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    if HAVE_PYG:
        torch.set_num_threads(threads)


def environment(threads: int) -> dict[str, str | int]:
    """What a time depends on beside the code."""
    packages = ["jax", "jaxlib", "flax", "numpy", "scipy", *(["torch", "torch_geometric"] if HAVE_PYG else [])]
    return {
        "python": platform.python_version(),
        **{package: importlib.metadata.version(package) for package in packages},
        "device": str(jax.devices()[0]),
        "cores of the machine": os.cpu_count() or 1,
        "threads": threads,
        **{name: os.environ[name] for name in ALLOCATOR if name in os.environ},
    }


def limits(repetitions: int = 5) -> dict[str, float]:
    """Floating-point operations a second of a product of matrices, and bytes a second of a copy, both in JAX."""
    size, length = 2048, 2**26
    matrix, vector = jnp.ones((size, size)), jnp.ones(length)
    product, copy = jax.jit(jnp.matmul), jax.jit(jnp.negative)
    matmul = _median_seconds(lambda: product(matrix, matrix), repetitions)
    # Every element is read once and written once.
    copied = _median_seconds(lambda: copy(vector), repetitions)
    return {"matmul_gflops": 2 * size**3 / matmul / 1e9, "copy_gb_per_s": 2 * vector.nbytes / copied / 1e9}


def _median_seconds(call, repetitions: int) -> float:
    jax.block_until_ready(call())
    times = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - begin)
    return statistics.median(times)
