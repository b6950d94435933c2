"""Molecules: atoms by their symbols, bonds by their attention."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gnnjax.plot import draw_molecule
from tests.plot.examples import dataset_of, line_styles, make_axes, make_figure

# Nitromethane: C, N, O, O, H, H, H.
ATOMS = ["C", "N", "O", "O", "H", "H", "H"]
BONDS = [(0, 1), (1, 2), (1, 3), (0, 4), (0, 5), (0, 6)]


def nitromethane(forward, back):
    axes = make_axes()
    dataset = dataset_of(BONDS + [bond[::-1] for bond in BONDS], names=ATOMS, kind="molecule")
    draw_molecule(axes, dataset, 0, np.array([*forward, *back]))
    return axes


def test_atoms_are_written_in_their_colours_where_they_are():
    axes = nitromethane(np.zeros(6), np.zeros(6))
    assert [text.get_text() for text in axes.texts] == ATOMS
    red, green, blue = to_rgb(axes.texts[2].get_color())
    assert red > 0.8 > green + blue
    red, green, blue = to_rgb(axes.texts[1].get_color())
    assert blue > 0.8 > red + green
    *_, gaps = axes.collections
    np.testing.assert_allclose([text.get_position() for text in axes.texts], gaps.get_offsets())


def test_bonds_follow_the_mean_attention_of_both_directions():
    axes = nitromethane([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 0.4, 0.6, 0.8, 1.0, 1.0])
    skeleton, bonds, _ = axes.collections
    assert len(skeleton.get_segments()) == len(bonds.get_segments()) == len(BONDS)
    widths, opacities = line_styles(bonds)
    mean = [0.0, 0.3, 0.5, 0.7, 0.9, 1.0]
    np.testing.assert_allclose(widths, 0.6 + 3.9 * np.array(mean), atol=1e-6)
    np.testing.assert_allclose(opacities, mean, atol=1e-6)


def test_bonds_have_no_arrows_even_where_they_are_given_once():
    axes = make_axes()
    draw_molecule(axes, dataset_of(BONDS, names=ATOMS, kind="molecule"), 0, np.linspace(0, 1, 6))
    assert not axes.patches
    assert len(axes.collections[1].get_segments()) == len(BONDS)


@pytest.mark.parametrize("pairs", [[], [(0, 0)]])
def test_a_single_atom(pairs):
    figure, axes = make_figure()
    draw_molecule(axes, dataset_of(pairs, names=["Na"], kind="molecule"), 0, np.full(len(pairs), 0.5))
    assert [text.get_text() for text in axes.texts] == ["Na"]
    figure.draw_without_rendering()


def test_sixty_atoms_do_not_overlap():
    """A chain with two hydrogens at each carbon."""
    carbons = 20
    pairs = [(i, i + 1) for i in range(carbons - 1)]
    pairs += [(i, carbons + 2 * i + j) for i in range(carbons) for j in range(2)]
    figure, axes = make_figure(3.3, 3.0)
    draw_molecule(axes, dataset_of(pairs, names=["C"] * 20 + ["H"] * 40, kind="molecule"), 0, np.full(len(pairs), 0.5))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    overlaps = sum(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    assert overlaps == 0
    assert all(figure.bbox.contains(*corner) for box in boxes for corner in box.corners())


def test_without_names_there_is_nothing_to_write():
    with pytest.raises(ValueError, match="example: the nodes have no names"):
        draw_molecule(make_axes(), dataset_of([(0, 1)]), 0, np.ones(1))
