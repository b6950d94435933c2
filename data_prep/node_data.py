"""Every graph with node labels by its name, whichever script prepares it."""

import os
from pathlib import Path

from data_prep import geom_gcn, heterophilous, planetoid

__all__ = ["NAMES", "prepare_node_data"]

NAMES = {
    **dict.fromkeys(planetoid.SIZES, planetoid),
    **dict.fromkeys(geom_gcn.SIZES, geom_gcn),
    **dict.fromkeys(heterophilous.GRAPHS, heterophilous),
}


def prepare_node_data(
    name: str, source: str | os.PathLike = "download", *, folder: str | os.PathLike = "data", force: bool = False
) -> Path:
    """Makes the processed file of a dataset unless it is there, and returns its path, for `gnnjax.data.load_nodes`.

    Args:
      name: one of `NAMES`.
      source, folder, force: as for `prepare` of the dataset's script.

    Raises:
      DataError: as that `prepare`.
      ValueError: there is no such dataset.
    """
    if name not in NAMES:
        raise ValueError(f"there is no dataset {name!r}; there are {', '.join(NAMES)}")
    return NAMES[name].prepare(name, source, folder=folder, force=force)
