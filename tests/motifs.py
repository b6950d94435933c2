"""The generated BA-2Motifs, and the edges of its graphs."""

import functools

from gnnjax.data import generate_ba2motifs


@functools.cache
def generated():
    return generate_ba2motifs()


def undirected_edges(dataset, index) -> set[tuple[int, int]]:
    graph = dataset[index]
    return {(min(pair), max(pair)) for pair in zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True)}


def motif_edges(dataset, index) -> set[tuple[int, int]]:
    return {(a - 20, b - 20) for a, b in undirected_edges(dataset, index) if a >= 20}
