"""Ink thinned to a skeleton one pixel wide, and the skeleton as paths between junctions.

Masks are (H, W) uint8 of 0 and 1; x right, y down. Works on lists of ink pixels, for a sheet is mostly paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Index = NDArray[np.int64]
_RING = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))  # (dy, dx), clockwise from north


def _thinning_tables() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the 256 neighbourhoods may lose their centre in the two passes (Guo and Hall 1989, algorithm A1)."""
    tables = np.zeros((2, 256), bool)
    for code in range(256):
        n, ne, e, se, s, sw, w, nw = ((code >> k) & 1 for k in range(8))
        crossings = (
            (not n and (ne or e)) + (not e and (se or s)) + (not s and (sw or w)) + (not w and (nw or n))
        )  # fmt: skip
        count = min(
            (nw or n) + (ne or e) + (se or s) + (sw or w),
            (n or ne) + (e or se) + (s or sw) + (w or nw),
        )
        if crossings != 1 or not 2 <= count <= 3:
            continue
        tables[0, code] = not ((n or ne or not se) and e)
        tables[1, code] = not ((s or sw or not nw) and w)
    return tables[0], tables[1]


_THIN = _thinning_tables()


def thin(mask: Mask) -> Mask:
    """One-pixel-wide skeleton of a mask (H, W), values 0 and 1.

    Works on the list of ink pixels only, so a sparse sheet of 17 million pixels takes a fraction of a second.
    """
    padded = np.pad((mask > 0).astype(np.uint8), 1)
    flat, width = padded.reshape(-1), padded.shape[1]
    offsets = np.array([dy * width + dx for dy, dx in _RING])
    marks = np.empty(flat.size, np.int32)  # written before it is read, so that most of it is never touched
    active = np.flatnonzero(flat)
    while len(active):
        removed = []
        for table in _THIN:
            code = np.zeros(len(active), np.uint8)
            for k, offset in enumerate(offsets):
                code |= flat[active + offset] << k
            gone = active[table[code]]
            flat[gone] = 0
            active = active[flat[active] > 0]
            removed.append(gone)
        gone = np.concatenate(removed)
        near = np.concatenate([gone + offset for offset in offsets])
        active = _each_once(near[flat[near] > 0], marks)
    return np.asarray(padded[1:-1, 1:-1], np.uint8)


def _each_once(places: Index, marks: NDArray[np.int32]) -> Index:
    """The places (N,) without repetition, in no order; `marks` holds one number for every place there is."""
    turn = np.arange(len(places), dtype=np.int32)
    marks[places] = turn
    return np.asarray(places[marks[places] == turn], np.int64)


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The pixels of a skeleton: *path* pixels have two neighbours at most, *junction* pixels three and more.

    Touching junction pixels are one *cluster*.
    """

    x: Index  # (N,)
    y: Index  # (N,)
    near: NDArray[np.int64]  # (N, 8) index of the neighbour on each side, clockwise from north; -1 for none
    cluster: Index  # (N,) number of the junction cluster, -1 on paths

    @classmethod
    def of(cls, skeleton: Mask) -> Skeleton:
        """The pixels of a skeleton (H, W), in reading order."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        pitch = skeleton.shape[1] + 1
        y, x = np.divmod(np.flatnonzero(skeleton), skeleton.shape[1])
        flat = y * pitch + x + pitch
        near = np.full((len(flat), len(_RING)), -1, np.int64)
        for k, (dy, dx) in enumerate(_RING[:4]):
            wanted = flat + dy * pitch + dx
            at = np.minimum(np.searchsorted(flat, wanted), max(len(flat) - 1, 0))
            here = np.flatnonzero(flat[at] == wanted) if len(flat) else at
            near[here, k] = at[here]
            near[at[here], k + 4] = here  # the opposite side
        junction = (near >= 0).sum(axis=1) > 2
        members = np.flatnonzero(junction)
        rank = np.cumsum(junction) - 1
        links = near[members]
        rows, sides = np.nonzero((links >= 0) & junction[np.maximum(links, 0)])
        pairs = (rows, rank[links[rows, sides]])
        shape = (len(members), len(members))
        label = connected_components(coo_matrix((np.ones(len(rows), np.uint8), pairs), shape=shape), directed=False)[1]
        cluster = np.full(len(flat), -1, np.int64)
        cluster[members] = label
        return cls(x, y, near, cluster)

    def cluster_centres(self) -> NDArray[np.float64]:
        """Middles (K, 2) of the junction clusters."""
        member = self.cluster >= 0
        label = self.cluster[member]
        weight = np.maximum(np.bincount(label), 1)
        return (
            np.column_stack([np.bincount(label, self.x[member]), np.bincount(label, self.y[member])]) / weight[:, None]
        )

    def meets(self, pixel: int) -> list[int]:
        """The junction clusters that touch a pixel, each once."""
        found = (int(self.cluster[k]) for k in self.near[pixel].tolist() if k >= 0)
        return list(dict.fromkeys(c for c in found if c >= 0))

    def paths(self) -> Iterator[Index]:
        """The pixels of each path in order."""
        on_path = self.cluster < 0
        near = np.where((self.near >= 0) & on_path[np.maximum(self.near, 0)], self.near, -1)
        ahead = np.sort(near, axis=1)[:, -2:].tolist()
        left = bytearray(on_path.astype(np.uint8).tobytes())
        for seed in np.flatnonzero(on_path).tolist():
            if left[seed]:
                left[seed] = 0
                arms = [_arm(start, ahead, left) for start in ahead[seed]]
                yield np.array([*arms[0][::-1], seed, *arms[1]], np.int64)


def _arm(pixel: int, ahead: list[list[int]], left: bytearray) -> list[int]:
    """The pixels from one on that are still left, in order; they are taken."""
    arm = []
    while pixel >= 0 and left[pixel]:
        left[pixel] = 0
        arm.append(pixel)
        one, two = ahead[pixel]
        pixel = one if one >= 0 and left[one] else two
    return arm
