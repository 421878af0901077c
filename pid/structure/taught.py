"""Find what a library teaches on a sheet: the library's examples made ready once, for any number of sheets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pid.drawing import Symbol, Word
from pid.errors import InputError
from pid.geometry import Array, as_boxes, box_iou
from pid.structure.library import read_library, with_library_terms
from pid.structure.match import find_taught
from pid.structure.template import Template, make_templates

SAME_IOU = 0.4
"""A taught symbol takes the place of another whose box it overlaps so much."""


class TaughtFinder:
    """Finds the symbols of a library. Raises `InputError` for a library that cannot be read or is empty.

    Args:
        library: folder that `pid teach` has written.
        kinds: the kinds to be found; all that the library has where none are named.
    """

    def __init__(self, library: Path, *, kinds: Collection[str] = ()) -> None:
        examples = read_library(library)
        self.examples = tuple(e for e in examples if e.kind in kinds) if kinds else examples
        if not self.examples:
            raise InputError(f"{library} teaches no symbol called {' or '.join(sorted(kinds))}.")

    @cached_property
    def _templates(self) -> tuple[Template, ...]:
        return make_templates(self.examples)

    def find(
        self,
        gray: NDArray[np.uint8],
        *,
        words: Sequence[Word] = (),
        others: Sequence[Symbol] = (),
        hidden: Array | None = None,
    ) -> tuple[Symbol, ...]:
        """The taught symbols on a sheet (H, W), with the ids t1, t2, ... and the library's terms as attributes.

        Args:
            gray: The sheet.
            words: Its lettering.
            others: Symbols that were seen otherwise: their boxes are looked at, too.
            hidden: Boxes (M, 4) where there are none: tables and the title block.
        """
        boxes = as_boxes([s.box for s in others])
        found = find_taught(gray, self._templates, words=words, proposals=boxes, hidden=hidden)
        return with_library_terms(found, self.examples)


def merge_taught(others: Sequence[Symbol], taught: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """Both, without those of the others in whose place a taught symbol was found."""
    if not taught or not others:
        return (*others, *taught)
    covered = box_iou([s.box for s in others], [t.box for t in taught]).max(axis=1) >= SAME_IOU
    return (*(s for s, gone in zip(others, covered, strict=True) if not gone), *taught)
