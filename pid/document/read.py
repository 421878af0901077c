"""Lettering of a sheet as words, read by the OCR engine (`pid.document.ocr`).

Live text of a vector page is taken as it is. Elsewhere: long lines are lifted off, the sheet is brought to a scale at
which its lettering has the size that the detector finds best, boxes are detected tile by tile, merged, and every box is
read once, upright or lying as its shape tells.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pid.document.characters import is_mark, mend_function_letters
from pid.document.lettering import (
    crop_box,
    glyph_rows,
    ink_mask,
    lift_lines,
    lift_outline,
    measure_glyphs,
    paint_out,
    scaled,
    tiles_with_ink,
    turn_upright,
)
from pid.document.ocr import OcrEngine
from pid.document.stacks import add_blanks, lines_of, split_lines
from pid.document.words import (
    Correct,
    Reading,
    cut_at_regions,
    drop_doubles,
    merge_boxes,
    number_words,
    prefer_inside,
    split_reading,
    words_of_texts,
)
from pid.drawing import Box, Word
from pid.geometry import as_boxes, grown
from pid.sheet import Sheet

Gray = NDArray[np.uint8]
Array = NDArray[np.float64]
Progress = Callable[[float], None]

TILE_PX = 1900
OVERLAP_PX = 200
BEST_GLYPH_PX = 17.0
"""Height of a capital at which the detector finds most (measured on drawings of 11 to 30 px lettering)."""
CUT_PX = 4.0
"""A box this near to an inner edge of its tile goes on beyond it."""
SCALES = (0.4, 3.0)
KEPT_SCALES = (0.8, 1.25)
"""Within this band rescaling gains less than resampling blurs."""
LEAST_SCORE = 0.5
LEAST_BESIDE_LIVE = 0.9
"""On a page with live text little lettering is drawn, and most of what looks like it belongs to symbols."""
MANY_ROWS = 20
"""Fewer drawn rows than this, on a page with live text, are read as they are, without the detector."""
CAPITAL = 0.75
"""Height of a capital as a share of its text box."""
LEAST_ROW_SCORE = 0.85
"""Rows of glyphs that the detector did not see hold parts of symbols more often than lettering."""
LEAST_CUT = 2.5
"""A string is cut at the side of a bubble where more than this many glyph heights lie on either side."""
LEAST_GLYPH_SCORE = 0.97
"""...and single glyphs more often still."""
ROW_MARGIN = 0.25
"""White left around a row of glyphs, in glyph heights: the recogniser wants some."""
SURE_UPWARD = 0.85
"""Lying lettering read upward with at least this score is not tried downward."""
LYING = 1.4
"""A box this many times taller than wide is lettering turned by a quarter."""


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Drawn lettering, not read yet: the picture (H, W), the same without long lines, and boxes (N, 4) of strings."""

    gray: Gray
    lifted: Gray
    glyph_px: float
    boxes: Array


@dataclass(frozen=True, eq=False)
class Lettering:
    """What is known of a sheet's lettering before its symbols are: words, or where words are drawn."""

    known: tuple[Word, ...] = ()
    drawn: _Drawn | None = None


class WordReader:
    """Reads the lettering of sheets; loads the engine on first use and keeps it.

    Args:
        threads: threads of the engine; None takes `OMP_NUM_THREADS`, or else leaves it to the engine.
        correct: is asked about each drawn word and the scores of its characters (`pid.document.lexicon`).
    """

    def __init__(self, *, threads: int | None = None, correct: Correct | None = None) -> None:
        wanted = os.environ.get("OMP_NUM_THREADS", "")
        self._threads = threads if threads is not None else int(wanted) if wanted.isdigit() else -1
        self._correct = correct
        self._engine: OcrEngine | None = None

    @property
    def engine(self) -> OcrEngine:
        """The loaded engine."""
        if self._engine is None:
            self._engine = OcrEngine(self._threads)
        return self._engine

    def find_lettering(self, sheet: Sheet) -> Lettering:
        """What can be told of a sheet's lettering before its symbols are known."""
        live = words_of_texts(sheet.vectors.texts) if sheet.vectors else []
        gray = paint_out(sheet.gray, [w.box for w in live])
        if live:
            return Lettering(tuple(live + self._read_beside(gray, live)))
        return Lettering(drawn=self._find_drawn(gray))

    def read_words(
        self,
        sheet: Sheet,
        *,
        regions: Sequence[Box] = (),
        found: Lettering | None = None,
        progress: Progress | None = None,
    ) -> tuple[Word, ...]:
        """All words of the sheet, boxes in its pixels.

        Args:
            sheet: the page.
            regions: boxes of symbols with lettering inside (bubbles), read again one by one.
            found: what `find_lettering` told of the sheet, where it was asked before.
            progress: is told the share done, 0..1.
        """
        tell = progress or (lambda share: None)
        found = self.find_lettering(sheet) if found is None else found
        read = [] if found.drawn is None else self._read_drawn(found.drawn, as_boxes(regions), tell)
        tell(1.0)
        return number_words([*found.known, *read])

    def _read_beside(self, gray: Gray, live: Sequence[Word]) -> list[Word]:
        """The drawn words of a page with live text, which is painted out: rows of glyphs, or all if there are many."""
        glyph = CAPITAL * float(np.median([min(w.box[2] - w.box[0], w.box[3] - w.box[1]) for w in live]))
        lifted = lift_lines(gray, glyph_px=glyph)
        rows = glyph_rows(ink_mask(lifted), glyph_px=glyph)
        rows = rows[(rows[:, 2] - rows[:, 0]) > 1.5 * (rows[:, 3] - rows[:, 1])]
        if len(rows) > max(MANY_ROWS, len(live) / 4):
            words = self._read_drawn(self._find_drawn(gray), as_boxes([]), lambda share: None)
        else:
            readings = self._read_boxes((lifted,), grown(rows, ROW_MARGIN * glyph), progress=lambda share: None)
            words = drop_doubles(
                [w for r in readings if r.score >= LEAST_BESIDE_LIVE for w in split_reading(r, self._correct)]
            )
        return [w for w in words if w.score >= LEAST_BESIDE_LIVE and len(w.text) > 1]

    def _find_drawn(self, gray: Gray) -> _Drawn:
        glyph = measure_glyphs(ink_mask(gray))
        lifted = lift_lines(gray, glyph_px=glyph)
        scale = _working_scale(glyph)
        return _Drawn(gray, lifted, glyph, self._find_boxes(scaled(lifted, scale)) / scale)

    def _read_drawn(self, drawn: _Drawn, regions: Array, progress: Progress) -> list[Word]:
        gray, lifted, glyph = drawn.gray, drawn.lifted, drawn.glyph_px
        boxes = cut_at_regions(drawn.boxes, regions, least=LEAST_CUT * glyph)
        boxes = split_lines(lifted, boxes, glyph_px=glyph)
        found = self._read_boxes((lifted, gray), boxes, progress=lambda s: progress(0.65 * s))
        found = self._read_stacks((lifted, gray), found, glyph, lambda s: progress(0.65 + 0.05 * s))
        sure = [r for r in found if r.score >= LEAST_SCORE]
        ink = ink_mask(lifted)
        rows = grown(glyph_rows(ink, glyph_px=glyph, without=as_boxes([r.box for r in sure])), ROW_MARGIN * glyph)
        missed = self._read_boxes((lifted,), rows, progress=lambda s: progress(0.7 + 0.15 * s), upright=True)
        sure += [r for r in missed if r.score >= (LEAST_ROW_SCORE if len(r.text) > 1 else LEAST_GLYPH_SCORE)]
        words = [w for r in sure for w in split_reading(r, self._correct)]
        words = self._read_inside(lifted, regions, glyph, words, lambda s: progress(0.85 + 0.15 * s))
        return mend_function_letters(drop_doubles([w for w in words if not is_mark(w)]), regions)

    def _read_stacks(
        self, images: Sequence[Gray], found: list[Reading], glyph: float, progress: Progress
    ) -> list[Reading]:
        """The readings, those of lying boxes that make little sense read again as upright lines above each other."""
        out: list[Reading] = []
        stacks: list[tuple[Reading, int]] = []
        boxes = [as_boxes([])]
        for reading in found:
            lines = as_boxes([])
            if round(reading.angle / 90) % 2 and reading.score < SURE_UPWARD:
                lines = lines_of(images[0], np.array(reading.box), glyph_px=glyph)
            if len(lines):
                stacks.append((reading, len(lines)))
                boxes.append(lines)
            else:
                out.append(reading)
        lines = np.concatenate(boxes)
        again = {r.box: r for r in self._read_boxes(images, lines, progress=progress, upright=True)}
        at = 0
        for reading, count in stacks:
            parts = [again[box] for box in map(_as_box, lines[at : at + count]) if box in again]
            at += count
            surer = [r for r in parts if r.score > max(reading.score, SURE_UPWARD) and r.text.strip("1Il|- ")]
            out += surer or [reading]
        return out

    def _read_inside(
        self, lifted: Gray, regions: Array, glyph: float, words: list[Word], progress: Progress
    ) -> list[Word]:
        """The words, bettered by reading the rows inside each region without its outline."""
        paper = np.full_like(lifted, 255)
        rows = [as_boxes([])]
        for region in regions:
            crop = crop_box(lifted, region)
            clean = lift_outline(crop, glyph_px=glyph)
            x0, y0 = max(int(region[0]), 0), max(int(region[1]), 0)
            paper[y0 : y0 + clean.shape[0], x0 : x0 + clean.shape[1]] = clean
            rows.append(glyph_rows(ink_mask(clean), glyph_px=glyph) + np.array([x0, y0, x0, y0]))
        boxes = grown(np.concatenate(rows), ROW_MARGIN * glyph)
        again = self._read_boxes((paper,), boxes, progress=progress, upright=True)
        return prefer_inside(
            words, [w for r in again if r.score >= LEAST_ROW_SCORE for w in split_reading(r, self._correct)]
        )

    def _find_boxes(self, gray: Gray) -> Array:
        """Boxes (N, 4) of lettering in the image, merged across tiles."""
        tiles = tiles_with_ink(ink_mask(gray), size=TILE_PX, overlap=OVERLAP_PX)
        found, cut = [as_boxes([])], [np.zeros(0, bool)]
        for t in tiles:
            boxes = self.engine.detect(gray[t.y0 : t.y1, t.x0 : t.x1])
            edges = np.array([t.x0 > 0, t.y0 > 0, t.x1 < gray.shape[1], t.y1 < gray.shape[0]])
            near = np.c_[boxes[:, :2], np.array([t.x1 - t.x0, t.y1 - t.y0]) - boxes[:, 2:]] <= CUT_PX
            found.append(boxes + np.array([t.x0, t.y0, t.x0, t.y0]))
            cut.append((near & edges).any(axis=1))
        return merge_boxes(np.concatenate(found), cut=np.concatenate(cut))

    def _read_boxes(
        self, images: Sequence[Gray], boxes: Array, *, progress: Progress, upright: bool = False
    ) -> list[Reading]:
        """The surest reading of each box: of the images where they differ, and of both directions if it is lying.

        Lifting a line that crosses a letter takes a stroke of it along, so both states are read. Lettering is seldom
        read from top to bottom, so that direction is tried only where the other one reads badly. Boxes known to be
        `upright` are none of them lying, however narrow.
        """
        lying = (boxes[:, 3] - boxes[:, 1]) > (np.inf if upright else LYING) * (boxes[:, 2] - boxes[:, 0])
        first = [(i, 0, int(turned)) for i, turned in enumerate(lying)]
        best: dict[int, Reading] = {}
        self._read_jobs(images, boxes, first, best, lambda s: progress(0.7 * s))
        again = [(i, 0, 3) for i in np.flatnonzero(lying).tolist() if best[i].score < SURE_UPWARD]
        for state in range(1, len(images)):
            crops = [(_core(crop_box(images[0], b)), _core(crop_box(images[state], b))) for b in boxes]
            again += [(i, state, int(lying[i])) for i, (a, b) in enumerate(crops) if not np.array_equal(a, b)]
        self._read_jobs(images, boxes, again, best, lambda s: progress(0.7 + 0.3 * s))
        return [best[i] for i in sorted(best) if best[i].text.strip()]

    def _read_jobs(
        self,
        images: Sequence[Gray],
        boxes: Array,
        jobs: Sequence[tuple[int, int, int]],
        best: dict[int, Reading],
        progress: Progress,
    ) -> None:
        """Read jobs (box, image, quarter turns of the reading direction) and put into `best` what is surer.

        An image other than the first must give as many characters: more are lines taken for letters.
        """
        crops = [turn_upright(crop_box(images[state], boxes[i]), quarter) for i, state, quarter in jobs]
        for (i, state, quarter), crop, (text, places, scores) in zip(
            jobs, crops, self.engine.recognise(crops, progress), strict=True
        ):
            reading = add_blanks(Reading(text, _as_box(boxes[i]), 90.0 * quarter, places, scores), crop)
            if i not in best or (reading.score > best[i].score and (state == 0 or reading.as_long_as(best[i]))):
                best[i] = reading


def _working_scale(glyph: float) -> float:
    scale = float(np.clip(BEST_GLYPH_PX / glyph, *SCALES))
    return 1.0 if KEPT_SCALES[0] <= scale <= KEPT_SCALES[1] else scale


def _as_box(row: Array) -> Box:
    x0, y0, x1, y1 = (float(v) for v in row)
    return x0, y0, x1, y1


def _core(crop: Gray) -> Gray:
    """The crop without a fifth on either long side: a line there is an underline or a frame, and crosses no letter."""
    h, w = crop.shape
    return crop[h // 5 : h - h // 5] if w >= h else crop[:, w // 5 : w - w // 5]
