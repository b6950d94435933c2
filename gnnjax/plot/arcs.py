"""Where words and the arcs over them go."""

from typing import NamedTuple

import numpy as np

__all__ = ["Piece", "arc_feet", "arc_levels", "arc_pieces", "wrap_words"]


class Piece(NamedTuple):
    """The part of an arc that lies over one row of words; an open end runs on to another row.

    Attributes:
      arc: which arc it belongs to.
      row: of words, counted from the top.
      left, right: where it ends.
      left_open, right_open: whether it runs on there.
    """

    arc: int
    row: int
    left: float
    right: float
    left_open: bool
    right_open: bool


def wrap_words(widths: np.ndarray, available: float, gap: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Sets words in rows, `gap` apart and half a gap from both margins.

    Args:
      widths: `[words]`.
      available: how wide a row may be; a word that is wider has a row of its own.
      gap: room between words.

    Returns:
      `[words]` rows, `[words]` centres, and how wide the rows are: `available` or, if need be, more.
    """
    rows, centers = np.zeros(len(widths), int), np.zeros(len(widths))
    row, left = 0, gap / 2
    for word, width in enumerate(widths):
        if left > gap / 2 and left + width + gap / 2 > available:
            row, left = row + 1, gap / 2
        rows[word], centers[word] = row, left + width / 2
        left += width + gap
    return rows, centers, max(available, float((centers + widths / 2).max()) + gap / 2)


def arc_feet(ends: np.ndarray, centers: np.ndarray, gap: float) -> np.ndarray:
    """Where each arc stands on its words: side by side, the longest in the middle, so that nested arcs do not cross.

    Args:
      ends: `[arcs, 2]` words.
      centers: `[words]`.
      gap: between the feet of different arcs.

    Returns:
      `[arcs, 2]`, as `ends`.
    """
    order: list[list] = [[] for _ in centers]
    for arc, (first, second) in enumerate(ends.tolist()):
        span = abs(second - first)
        if span == 0:
            order[first] += [(1, 0, arc, 0), (1, 1, arc, 1)]
            continue
        for side, word, other in ((0, first, second), (1, second, first)):
            order[word].append((0, span, -arc, side) if other < word else (2, -span, arc, side))
    feet = np.zeros(ends.shape)
    for center, arcs in zip(centers, order, strict=True):
        for place, (_, _, arc, side) in enumerate(sorted(arcs)):
            feet[abs(arc), side] = center + (place - (len(arcs) - 1) / 2) * gap
    return feet


def arc_pieces(ends: np.ndarray, feet: np.ndarray, rows: np.ndarray, width: float) -> list[Piece]:
    """Cuts arcs into the parts over each row: those between rows leave at the right margin and come back at the left.

    Args:
      ends, feet: `[arcs, 2]`, words and where the arc stands on them.
      rows: `[words]`, the row of each word.
      width: of the rows.
    """
    pieces = []
    for arc, (words, places) in enumerate(zip(ends, feet, strict=True)):
        (first, left), (last, right) = sorted(zip(rows[words].tolist(), places.tolist(), strict=True))
        for row in range(first, last + 1):
            starts, stops = row == first, row == last
            pieces.append(Piece(arc, row, left if starts else 0.0, right if stops else width, not starts, not stops))
    return pieces


def arc_levels(pieces: list[Piece]) -> np.ndarray:
    """`[pieces]`, at least 1: over each row, pieces that overlap get different levels, the shorter the lower one."""
    levels = np.zeros(len(pieces), int)
    rows = np.array([piece.row for piece in pieces], int)
    left = np.array([piece.left for piece in pieces])
    right = np.array([piece.right for piece in pieces])
    for piece in np.argsort(right - left, kind="stable"):
        overlapping = (rows == rows[piece]) & (left < right[piece]) & (right > left[piece])
        levels[piece] = 1 + levels[overlapping].max()
    return levels
