"""The names of nodes, as text that can be drawn."""

import functools

import numpy as np
from matplotlib.font_manager import FontProperties, findfont, get_font

from gnnjax.data import GraphDataset

__all__ = ["node_names"]

_MISSING, _LONGEST = "\u25a1", 30


def node_names(dataset: GraphDataset, index: int) -> list[str]:
    """The names of the nodes of a graph, shortened to 30 characters.

    A character that none of matplotlib's fonts has becomes an empty square; to see it, add a font that has it, as in
    `matplotlib.rcParams["font.family"] = ["DejaVu Sans", "Noto Sans CJK JP"]`.

    Raises:
      ValueError: the dataset has no node names.
    """
    if dataset.node_names is None or dataset.vocabulary is None:
        raise ValueError(f"{dataset.name}: the nodes have no names (fields 'node_names' and 'vocabulary')")
    names = dataset.vocabulary[dataset.node_names[dataset.node_slice(index)]].tolist()
    known = _characters(tuple(FontProperties().get_family()))
    return ["".join(each if ord(each) in known else _MISSING for each in _shorten(name)) for name in names]


def _shorten(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "\u2026"


@functools.lru_cache
def _characters(families: tuple[str, ...]) -> frozenset[int]:
    """The code points that some font of these families has."""
    fonts = [get_font(findfont(FontProperties(family=[family]))) for family in families]
    return frozenset(np.concatenate([list(font.get_charmap()) for font in fonts]).tolist())
