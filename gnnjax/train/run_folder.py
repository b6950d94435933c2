"""The folder of a run: what was asked for is stored beside the results, and nobody's results are overwritten."""

import importlib.metadata
import json
import os
import platform
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

from gnnjax.atomic import atomic_open
from gnnjax.errors import RunError

__all__ = ["differences", "open_run_folder", "read_json", "versions", "write_json"]

_PACKAGES = ("gnnjax", "jax", "jaxlib", "flax", "optax", "jraph", "numpy", "orbax-checkpoint")


def open_run_folder(folder: str | os.PathLike, settings: Mapping[str, Any], *, overwrite: bool = False) -> Path:
    """Creates the folder of a run, or opens it again if it belongs to a run with the same settings.

    `run.json` in the folder records the settings, the versions of what computes, and the device.

    Args:
      folder: path of the folder.
      settings: all that decides the results, JSON-able.
      overwrite: delete an earlier run in this folder first.

    Raises:
      RunError: the folder holds something else than a run, or a run with other settings; says which.
    """
    folder = Path(folder)
    file = folder / "run.json"
    settings = json.loads(json.dumps(settings))
    if not file.exists():
        _refuse_foreign(folder)
    else:
        record = _read_record(file)
        if not overwrite:
            _compare(folder, record, settings)
            return folder
        shutil.rmtree(folder)
    write_json(file, {"settings": settings, "versions": versions()})
    return folder


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder} is a file; choose another --workdir")
    # A process killed while it wrote run.json leaves that file's beginning under a hidden name.
    if folder.is_dir() and any(not path.name.startswith(".run.json.") for path in folder.iterdir()):
        raise RunError(f"{folder} is not empty and holds no run (no run.json); choose another --workdir")


def _read_record(file: Path) -> dict:
    record = read_json(file)
    if not (isinstance(record, dict) and {"settings", "versions"} <= record.keys()):
        raise RunError(f"{file} is not the record of a run; choose another --workdir")
    return record


def _compare(folder: Path, record: dict, settings: Mapping[str, Any]) -> None:
    found = differences(record["settings"], settings)
    if found:
        raise RunError(
            f"{folder} holds a run with other settings:\n  "
            + "\n  ".join(found)
            + "\nChoose another --workdir, or pass --overwrite to delete that run"
        )
    changed = {name: version for name, version in versions().items() if record["versions"].get(name) != version}
    if changed:
        warnings.warn(
            f"{folder} was begun with other versions ({record['versions']}); continuing with {changed} may not give "
            "the bits of an uninterrupted run",
            stacklevel=4,
        )


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that compute, and the device."""
    found = {package: importlib.metadata.version(package) for package in _PACKAGES}
    return {"python": platform.python_version(), **found, "device": jax.devices()[0].device_kind}


def read_json(path: str | os.PathLike) -> Any:
    """Reads a JSON file.

    Raises:
      RunError: it is absent or not JSON.
    """
    try:
        return json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is not readable ({error}); delete its folder to begin again") from error


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Writes a JSON file: either all of it appears or nothing changes."""
    with atomic_open(path, "t") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def differences(stored: Any, asked: Any, name: str = "") -> list[str]:
    """A line for each value that differs between two nested JSON values."""
    if isinstance(stored, dict) and isinstance(asked, dict):
        lines = []
        for key in sorted(stored.keys() | asked.keys()):
            lines += differences(stored.get(key), asked.get(key), f"{name}.{key}" if name else key)
        return lines
    return [] if stored == asked else [f"{name}: {stored!r} there, {asked!r} asked for"]
