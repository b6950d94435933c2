"""Writing figures whole or not at all."""

import os
from pathlib import Path

from matplotlib.figure import Figure

from gnnjax.atomic import atomic_open

__all__ = ["save_figure"]


def save_figure(figure: Figure, path: str | os.PathLike, *, dpi: int = 150) -> None:
    """Writes a figure in the format that the file's name says; missing parent folders are made.

    Args:
      figure: what to write.
      path: a `.png`, `.svg` or `.pdf`, or another format that matplotlib knows; PNG without a suffix.
      dpi: dots per inch of formats made of dots.

    Raises:
      ValueError: matplotlib does not know the format.

    Examples:
      >>> import tempfile
      >>> from pathlib import Path
      >>> from matplotlib.figure import Figure
      >>> from gnnjax import plot
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     plot.save_figure(Figure(), Path(folder) / "figures" / "empty.svg")
      ...     [path.name for path in Path(folder).rglob("*.*")]
      ['empty.svg']
    """
    with atomic_open(path) as file:
        figure.savefig(file, format=Path(path).suffix.removeprefix(".") or "png", dpi=dpi)
