"""Equipment data blocks: columns along a sheet's edge, each headed by an equipment tag, with captions at the left.

A block repeats the tags of the equipment drawn above it and says what only it knows: description, capacity, design
pressure and temperature, material. A tag in its heading row is equipment even where no symbol was found for it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pid.drawing import Drawing, Word

SAME_ROW = 0.6
"""Words stand in one row where their middles differ by no more than this share of their height."""
LONGEST_GAP = 3.0
"""A block ends where the next row is further down than this many heights of its heading."""
WIDEST = 3.0
"""A column is no wider than this many widths of its heading to each side, nor than half-way to the next heading."""
CAPTION_REACH = 12.0
"""Captions stand no further left of the first column than this many widths of its heading."""
_SHAPE = re.compile(r"[A-Z]+|\d+")


@dataclass(frozen=True)
class DataColumn:
    """What a block says of one tag, by caption, and the ids of the words behind it."""

    data: Mapping[str, str]
    words: tuple[str, ...]


def find_equipment_data(drawing: Drawing, tags: set[str]) -> dict[str, DataColumn]:
    """Tag -> its column, for the known `tags` and those of the same make beside them in a heading row."""
    free = [w for w in drawing.words if w.owner is None and round(w.angle / 90) % 4 == 0]
    columns: dict[str, DataColumn] = {}
    for head in [w for w in free if w.text.strip() in tags]:
        if head.text.strip() in columns:
            continue
        row = [w for w in free if _in_row(w, head) and _shape(w.text) in {_shape(t) for t in tags}]
        row.sort(key=lambda w: w.box[0])
        columns |= _read_block(row, free, tags)
    return columns


def _shape(text: str) -> str:
    """The make of a tag: its letters' and figures' counts ("PA001" is ``A2 03``), so that alike tags are known."""
    return " ".join(f"{'A' if part.isalpha() else '0'}{len(part)}" for part in _SHAPE.findall(text.strip()))


def _read_block(heads: Sequence[Word], free: Sequence[Word], tags: set[str]) -> dict[str, DataColumn]:
    """The columns under a row of headings, to where the next one begins.

    There are none where no caption is found: tags in a row are no block.
    """
    first = heads[0]
    width, height = first.box[2] - first.box[0], first.box[3] - first.box[1]
    own = {w.id for w in heads}
    below = sorted((w for w in free if _middle(w)[1] > first.box[3] and w.id not in own), key=lambda w: _middle(w)[1])
    captions: dict[int, list[Word]] = defaultdict(list)
    values: dict[int, dict[int, list[Word]]] = defaultdict(lambda: defaultdict(list))
    row, last = 0, _middle(first)[1]
    for word in below:
        x, y = _middle(word)
        column = _column(heads, x)
        is_caption = first.box[0] - CAPTION_REACH * width <= x < first.box[0] - width / 2
        if column is None and not is_caption:
            continue
        if y - last > LONGEST_GAP * height or word.text.strip() in tags:
            break
        if y - last > SAME_ROW * (word.box[3] - word.box[1]):
            row, last = row + 1, y
        if column is None:
            captions[row].append(word)
        else:
            values[column][row].append(word)
    found = {}
    for k, head in enumerate(heads):
        data = {_joined(captions[r]): _joined(words) for r, words in values[k].items() if captions[r]}
        if data:
            ids = (head.id, *(w.id for words in values[k].values() for w in words))
            found[head.text.strip()] = DataColumn(data, ids)
    return found


def _column(heads: Sequence[Word], x: float) -> int | None:
    """Which heading a middle stands under."""
    best = min(range(len(heads)), key=lambda k: abs(_middle(heads[k])[0] - x))
    middle, width = _middle(heads[best])[0], heads[best].box[2] - heads[best].box[0]
    others = [abs(_middle(h)[0] - middle) / 2 for k, h in enumerate(heads) if k != best]
    return best if abs(x - middle) <= min([WIDEST * width / 2, *others]) else None


def _in_row(word: Word, head: Word) -> bool:
    return abs(_middle(word)[1] - _middle(head)[1]) <= SAME_ROW * (head.box[3] - head.box[1])


def _middle(word: Word) -> tuple[float, float]:
    return (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2


def _joined(words: Sequence[Word]) -> str:
    return " ".join(w.text.strip() for w in sorted(words, key=lambda w: w.box[0]))
