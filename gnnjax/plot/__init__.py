"""Figures: attention on graphs, its distribution and reach, training curves. Needs the extra `gnnjax[experiments]`."""

from gnnjax.plot.agreement import agreement_plot
from gnnjax.plot.curves import training_curves
from gnnjax.plot.deletion_curves import deletion_plot
from gnnjax.plot.explained import explained_graphs
from gnnjax.plot.explanation import explanation_figure
from gnnjax.plot.graph import draw_attention
from gnnjax.plot.heat_maps import heat_maps
from gnnjax.plot.histogram import attention_histogram
from gnnjax.plot.hops import hop_plot
from gnnjax.plot.molecule import draw_molecule
from gnnjax.plot.save import save_figure
from gnnjax.plot.sentence import draw_sentence
from gnnjax.plot.superpixels import draw_superpixels

__all__ = [
    "agreement_plot",
    "attention_histogram",
    "deletion_plot",
    "draw_attention",
    "draw_molecule",
    "draw_sentence",
    "draw_superpixels",
    "explained_graphs",
    "explanation_figure",
    "heat_maps",
    "hop_plot",
    "save_figure",
    "training_curves",
]
