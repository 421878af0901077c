"""Primitives that the network takes for one symbol become an instance.

Method: greedy additive edge contraction for correlation clustering (Keuper et al. 2015). An edge weighs the logarithm
of its odds of being within one symbol; the two clusters with the largest sum of weights between them are joined until
no sum is positive, so that one doubtful edge neither joins nor parts what many edges agree on.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from pid.geometry import Array
from pid.structure.primitives import Index
from pid.structure.relate import Graph

LEAST_SYMBOL = 0.35
"""A primitive is part of a symbol from this probability on."""
SURE = 0.995
"""Probabilities are taken for no surer than this."""


def group_primitives(graph: Graph, symbol: Array, same: Array, *, bias: float = 0.0) -> Index:
    """The instance (N,) of each primitive, numbered from 0; -1 for none.

    `symbol` (N,) are the probabilities of being part of a symbol, `same` (N, K) those of each edge that both ends are
    parts of one symbol; `bias` is taken from the logarithm of an edge's odds.
    """
    inside = symbol >= LEAST_SYMBOL
    edges = graph.known & inside[:, None] & inside[graph.neighbours]
    source, column = np.nonzero(edges)
    target = graph.neighbours[source, column]
    p = np.clip(same[source, column], 1 - SURE, SURE)
    joined = contract_edges(len(graph), source, target, np.log(p / (1 - p)) - bias)
    label = np.full(len(graph), -1, np.int64)
    if inside.any():
        label[inside] = np.unique(joined[inside], return_inverse=True)[1]
    return label


def contract_edges(count: int, source: Index, target: Index, weight: NDArray[np.float64]) -> Index:
    """A cluster's number (N,) for each of `count` nodes; edges given both ways count by their mean."""
    low, high = np.minimum(source, target), np.maximum(source, target)
    key, inverse = np.unique(low * count + high, return_inverse=True)
    mean = np.bincount(inverse, weight) / np.maximum(np.bincount(inverse), 1)
    around: dict[int, dict[int, float]] = {}
    heap: list[tuple[float, int, int]] = []
    for a, b, w in zip((key // count).tolist(), (key % count).tolist(), mean.tolist(), strict=True):
        around.setdefault(a, {})[b] = w
        around.setdefault(b, {})[a] = w
        if w > 0:
            heap.append((-w, a, b))
    heapq.heapify(heap)
    into = np.arange(count)
    while heap:
        w, a, b = heapq.heappop(heap)
        if around.get(a, {}).get(b) != -w:
            continue  # one of both was joined since
        if len(around[a]) < len(around[b]):
            a, b = b, a
        into[b] = a
        gone = around.pop(b)
        gone.pop(a)
        around[a].pop(b)
        for other, part in gone.items():
            around[other].pop(b)
            total = around[a].get(other, 0.0) + part
            around[a][other] = around[other][a] = total
            if total > 0:
                heapq.heappush(heap, (-total, a, other))
    while (into[into] != into).any():
        into = into[into]
    return into
