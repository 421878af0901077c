"""Labels of title blocks: which string names which field, whatever the language, and forgiving the OCR.

`data/lexicons/title_block.toml` lists the labels. A label is compared by its letters and digits alone, with those that
an OCR engine confuses (O and 0, I and 1) taken as one.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from pid.document.strings import String
from pid.drawing import Box, Word
from pid.errors import InputError
from pid.geometry import bounds
from pid.resources import data_path

TYPES = ("number", "text", "revision", "date", "person", "scale", "size", "sheet", "code")
FORGIVEN = ((11, 2), (6, 1))
"""Length of a label and how many of its letters may be misread."""
INITIAL = re.compile(r"[A-Z]\. ?[A-Z]")
"""A person's name begins so: C. Hecker is not CHECKED misread."""
LARGER = 1.08
"""Values are lettered this much larger than their labels at least, where a text might be either."""
WIDE_BLANK = 1.0
"""In heights of the lettering: more than this parts a label from its value, less may be a text that begins with it."""
SAME_SIZE = 1.25
"""Factor between the heights of lines of one text."""
LONGEST_LABEL = 5
"""Words of the longest label."""
_ALIKE = str.maketrans("015826Q", "OISBZGO")
_FOLDED = {"Æ": "AE", "Ø": "O", "Å": "A", "Ä": "A", "Ö": "O", "Ü": "U", "ß": "SS", "ẞ": "SS"}


@dataclass(frozen=True)
class FieldKind:
    """What a field of title blocks is called, what its value looks like, and how it is labelled."""

    name: str
    type: str
    required: bool = False
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lexicon:
    """All fields, and the headings of columns that are none; `known` is letters alone -> names, none for the labels of
    things that are no field; `parts` are the letters of headings over the parts of a number.
    """

    fields: Mapping[str, FieldKind]
    known: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, tuple[str, ...]]
    parts: frozenset[str] = frozenset()

    def is_part(self, text: str) -> bool:
        """Whether a text is a heading over a part of a drawing number."""
        return letters(text) in self.parts

    def names(self, text: str) -> tuple[tuple[str, ...], float]:
        """The fields that a text is a label of, and how well it fits (0..1), which is 0 for any other text."""
        return _look_up(self.known, text)

    def column(self, text: str) -> tuple[str, ...]:
        """The columns that a text is the heading of."""
        return _look_up(self.columns, text)[0]


@dataclass(frozen=True)
class Label:
    """A label on the sheet: the fields it may name, best first, how well it fits, and what follows in its string."""

    names: tuple[str, ...]
    fit: float
    box: Box
    string: String
    rest: tuple[Word, ...]


def letters(text: str) -> str:
    """Letters and digits of a text, without accents, those that OCR confuses as one."""
    folded = "".join(_FOLDED.get(c, c) for c in text.upper())
    plain = unicodedata.normalize("NFC", "".join(c for c in unicodedata.normalize("NFKD", folded) if c.isalnum()))
    return plain.translate(_ALIKE)


def same_letters(a: str, b: str) -> bool:
    """Whether two texts have the same letters and digits, misread ones forgiven as in labels."""
    x, y = letters(a), letters(b)
    allowed = next((n for length, n in FORGIVEN if min(len(x), len(y)) >= length), 0)
    return bool(x) and (x == y or (allowed > 0 and _distance(x, y, allowed) <= allowed))


def _look_up(known: Mapping[str, tuple[str, ...]], written: str) -> tuple[tuple[str, ...], float]:
    text = letters(written)
    if not text:
        return (), 0.0
    if text in known:
        return known[text], 1.0
    allowed = next((n for length, n in FORGIVEN if len(text) >= length), 0)
    if not allowed or INITIAL.match(written) or any(word.isdigit() for word in written.split()):
        return (), 0.0
    mine = _letter_set(text)
    likely = (label for label in known if (mine ^ _letter_set(label)).bit_count() <= 2 * allowed)
    near = [(d, label) for label in likely if (d := _distance(text, label, allowed)) <= allowed]
    if not near:
        return (), 0.0
    distance, label = min(near)
    return known[label], 1.0 - distance / len(text)


@cache
def _letter_set(text: str) -> int:
    """A bit for each letter that occurs: texts of small edit distance differ in few."""
    out = 0
    for c in text:
        out |= 1 << (ord(c) % 64)
    return out


def _distance(a: str, b: str, most: int) -> int:
    """Edit distance, or `most` + 1 where it is larger."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
        if min(row) > most:
            return most + 1
    return row[-1]


@cache
def load_lexicon(path: Path | None = None) -> Lexicon:
    """The lexicon shipped, or one of the user's."""
    path = path or data_path("lexicons", "title_block.toml")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} is no lexicon of labels: {error}.") from error
    fields: dict[str, FieldKind] = {}
    for entry in data.get("field", []):
        kind = FieldKind(
            str(entry["name"]), str(entry.get("type", "text")), bool(entry.get("required")), tuple(entry["labels"])
        )
        if kind.type not in TYPES:
            raise InputError(f"{path}: the field {kind.name} has the type {kind.type!r}, which is none of {TYPES}.")
        fields[kind.name] = kind
    others = {letters(text): () for text in data.get("others", ())}
    known = others | _inverted({name: kind.labels for name, kind in fields.items()})
    parts = frozenset(letters(text) for text in data.get("parts", ()))
    return Lexicon(fields, known, _inverted(data.get("columns", {})), parts)


def _inverted(labels: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for name, texts in labels.items():
        for text in texts:
            key = letters(text)
            if name not in out.get(key, ()):
                out[key] = (*out.get(key, ()), name)
    return out


def find_label(string: String, lexicon: Lexicon) -> Label | None:
    """The label that a string is or begins with; the longest where there are several."""
    words = _parted(string.words)
    used, fit = 0, 0.0
    names: tuple[str, ...] = ()
    for count in range(1, min(len(words), LONGEST_LABEL) + 1):
        found, how = lexicon.names(" ".join(w.text for w in words[:count]))
        if how:
            used, names, fit = count, found, how
    if not used:
        return None
    again = 0  # a label in a second language
    for count in range(1, min(len(words) - used, LONGEST_LABEL) + 1):
        found, _ = lexicon.names(" ".join(w.text for w in words[used : used + count]))
        if set(found) & set(names):
            again = count
    used += again
    rest = list(words[used:])
    while rest and not any(c.isalnum() for c in rest[0].text) and len(rest) > 1:
        rest.pop(0)
    if used == 1 and rest and not _set_apart(words[used - 1], rest[0]):
        return None  # "PLANT AREA 12": a text that begins with the word
    box = bounds([c for w in words[:used] for c in (w.box[:2], w.box[2:])])
    return Label(names, fit, box, string, tuple(rest))


def _set_apart(label: Word, value: Word) -> bool:
    """Whether a value follows its label after a colon, or a wide blank, or in another size."""
    height = min(label.box[3] - label.box[1], value.box[3] - value.box[1])
    taller = (value.box[3] - value.box[1]) / max(label.box[3] - label.box[1], 1e-6)
    return label.text.endswith((":", ".")) or value.box[0] - label.box[2] > WIDE_BLANK * height or taller > 1.3


def _parted(words: Sequence[Word]) -> list[Word]:
    """The words, those with a colon inside (``SCALE:NONE``) in two."""
    out: list[Word] = []
    for word in words:
        parts = [p for p in re.split(r"(?<=[^\W\d]:)(?=\S)", word.text) if p]
        edges = [0]
        for part in parts:
            edges.append(edges[-1] + len(part))
        x0, y0, x1, y1 = word.box
        for part, (start, end) in zip(parts, pairwise(edges), strict=True):
            low, high = (x0 + (x1 - x0) * e / edges[-1] for e in (start, end))
            out.append(word.model_copy(update={"text": part, "box": (low, y0, high, y1)}))
    return out


def drop_values(labels: Sequence[Label], strings: Sequence[String]) -> tuple[Label, ...]:
    """The labels without those that are values, or parts of them.

    "UNIT 23" under UNIT says which; RELEASED under STATUS, in larger letters, is no label of a signature; PROJECT as
    the last line of a text ends it.
    """
    own = {id(label.string) for label in labels}
    texts = [s for s in strings if id(s) not in own and s.cell >= 0]
    kept = (label for label in labels if not any(_is_under(label, other) for other in labels))
    return tuple(label for label in kept if label.rest or not _ends_text(label, texts))


def _ends_text(label: Label, texts: Sequence[String]) -> bool:
    """Whether a label is the last line of a text: lettering of its size above it, and nothing after it in its cell."""
    x0, y0, x1, y1 = label.box
    height = label.string.height
    inside = [s for s in texts if s.cell == label.string.cell]
    above = [s for s in inside if -height / 2 < y0 - s.box[3] < height and s.box[0] < x1 and s.box[2] > x0]
    after = [s for s in inside if s.box[1] + s.box[3] > y0 + y1 or (s.box[0] >= x1 and s.box[3] > y0)]
    return any(max(s.height, height) < SAME_SIZE * min(s.height, height) for s in above) and not after


def _is_under(label: Label, other: Label) -> bool:
    if other is label or other.rest or other.string.cell != label.string.cell or label.string.cell < 0:
        return False
    if label.box[2] < other.box[0]:
        return False
    if other.box[1] + other.box[3] >= label.box[1] + label.box[3] or label.box[1] < other.box[3] - other.string.height:
        return False
    same = bool(set(label.names) & set(other.names))
    larger = label.string.height > LARGER * other.string.height
    return (same and bool(label.rest)) or (not same and larger)
