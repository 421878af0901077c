"""Teach symbols by one example each: from a legend, or from a box on a drawing, into a library.

Brings the reader of words and the cutting of symbols together, which know nothing of each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.catalog import Kind, load_catalog
from pid.document.load import load_page
from pid.drawing import Box, Point, Word
from pid.errors import InputError
from pid.sheet import Sheet
from pid.structure.cut_example import Cutout
from pid.structure.cut_symbol import cut_symbol
from pid.structure.draw_examples import draw_examples
from pid.structure.guess_group import Guess, guess_group
from pid.structure.legend import Legend, cut_legend
from pid.structure.letter_pieces import letters_only, with_lettering
from pid.structure.library import TERMS, Example, Port, add_examples, read_library, remove_kind, with_terms, write_whole
from pid.structure.wishes import Wish, apply_wishes

if TYPE_CHECKING:
    from pid.document.read import WordReader

CONTACT_SHEET = "library.png"
_ALIKE = str.maketrans({"a": "o", "0": "o", "c": "o", "e": "o", "i": "l", "1": "l", "5": "s", "8": "b", "2": "z"})
READ_AROUND = 1.0
"""Words are read in the box grown by this share of its sides."""
READ_PX = 600
"""Smaller pictures are enlarged for reading, by a whole factor, until their longer side has so many pixels."""
MOST_ENLARGED = 4
MOST_PORTS = 3
"""A symbol without lettering that has more ports is worth a look."""
DARK_SHARE = 0.85
"""An example with more ink than this is doubtful: a photograph, or a box round something filled."""


@dataclass(frozen=True)
class Lesson:
    """What was taught and what became of it (`pid.structure.library.add_examples`), and what to look at."""

    taught: tuple[tuple[Example, str], ...]
    remarks: tuple[str, ...]


def teach_legend(
    path: Path, library: Path, *, page: int = 1, wishes: Mapping[str, Wish] | None = None,
    replace_kinds: bool = False, reader: WordReader | None = None,
) -> Lesson:  # fmt: skip
    """Teach every named symbol of a legend. Raises `InputError` for a legend that cannot be used."""
    sheet = load_page(path, page)
    examples, remarks = examples_of_legend(sheet, reader=reader, source=_source(path, page))
    if not examples:
        raise InputError(f"{path} names no symbol: no name stands beside one.")
    if not replace_kinds:
        examples = _with_terms_of(library, examples)
    examples, unused = apply_wishes(examples, wishes or {})
    remarks += tuple(f"No symbol is called {name!r}." for name in unused)
    return _store(library, examples, remarks, replace_kinds)


def teach_symbol(
    name: str, path: Path, box: Box, library: Path, *, page: int = 1, wish: Wish | None = None,
    ports: Sequence[Point] = (), replace_kinds: bool = False, reader: WordReader | None = None,
) -> Lesson:  # fmt: skip
    """Teach the symbol in a box of a drawing; `box` and `ports` are sheet pixels.

    Raises `InputError` for a drawing or box that cannot be used.
    """
    return teach_on_sheet(
        name, load_page(path, page), box, library, source=_source(path, page), wish=wish, ports=ports,
        replace_kinds=replace_kinds, reader=reader,
    )  # fmt: skip


def teach_on_sheet(
    name: str, sheet: Sheet, box: Box, library: Path, *, source: str, wish: Wish | None = None,
    ports: Sequence[Point] = (), replace_kinds: bool = False, reader: WordReader | None = None,
) -> Lesson:  # fmt: skip
    """Teach the symbol in a box of a sheet; `source` is what the example is said to be cut from.

    Raises `InputError` for a box or name that cannot be used.
    """
    kind = "".join(name.split())
    if not kind:
        raise InputError("A symbol needs a name.")
    cutout = _read_around(sheet, box, reader or _reader())
    if ports:
        cutout = replace(cutout, ports=tuple(_port(point, cutout) for point in ports))
    example, remarks = _example(name, cutout, source=source, given_ports=bool(ports))
    known = (example,) if replace_kinds else _with_terms_of(library, [example])
    examples, _ = apply_wishes(known, {example.kind: wish or Wish()})
    return _store(library, examples, remarks, replace_kinds)


def examples_of_legend(
    sheet: Sheet, *, reader: WordReader | None = None, source: str = ""
) -> tuple[tuple[Example, ...], tuple[str, ...]]:
    """The examples on a legend's sheet, and remarks on what was not used."""
    reader = reader or _reader()
    words = reader.read_words(sheet)
    legend = cut_legend(sheet.gray, words)
    cutouts = read_inside(sheet, [e.cutout for e in legend.entries], words, reader)
    examples: list[Example] = []
    remarks: list[str] = []
    for entry, cutout in zip(legend.entries, cutouts, strict=True):
        example, said = _example(entry.name.text, cutout, source=source, given_ports=False)
        examples.append(example)
        remarks += said
    return tuple(examples), (*_legend_remarks(legend), *remarks)


def read_inside(
    sheet: Sheet, cutouts: Sequence[Cutout], words: Sequence[Word], reader: WordReader
) -> tuple[Cutout, ...]:
    """The cut-outs of a sheet with the lettering inside them, read without their outlines."""
    letters = letters_only((sheet.gray.shape[0], sheet.gray.shape[1]), cutouts)
    if letters is None:
        return tuple(cutouts)
    alone = reader.read_words(replace(sheet, image=letters, vectors=None))
    return tuple(with_lettering(c, alone, before=words) for c in cutouts)


def forget(library: Path, kind: str) -> int:
    """Remove a kind from a library and say how many examples it had."""
    count = remove_kind(library, kind)
    draw_library(library)
    return count


def draw_library(library: Path) -> Path:
    """Draw a library's contact sheet anew and say where it is; without examples there is none."""
    path = library / CONTACT_SHEET
    if not any(library.glob("*.json")):
        path.unlink(missing_ok=True)
        return path
    done, data = cv2.imencode(".png", draw_examples(read_library(library)))
    if not done:
        raise InputError(f"{path} cannot be drawn.")
    write_whole(path, data.tobytes())
    return path


def _store(library: Path, examples: Sequence[Example], remarks: Sequence[str], replace_kinds: bool) -> Lesson:
    told = add_examples(library, examples, replace_kinds=replace_kinds)
    draw_library(library)
    return Lesson(tuple(zip(_with_terms_of(library, examples), told, strict=True)), tuple(remarks))


def _with_terms_of(library: Path, examples: Sequence[Example]) -> tuple[Example, ...]:
    """The examples with the group, code and title that their kinds have in the library."""
    if not any(library.glob("*.json")):
        return tuple(examples)
    known = {e.kind: e for e in read_library(library)}
    return tuple(with_terms(e, *[known[e.kind]] * len(TERMS)) if e.kind in known else e for e in examples)


def _example(name: str, cutout: Cutout, *, source: str, given_ports: bool) -> tuple[Example, tuple[str, ...]]:
    """The example of a cut-out, its group guessed, and remarks. A catalogue kind keeps its group, code and title."""
    kind, title = "".join(name.split()), re.sub(r"-\s+", "-", " ".join(name.split()))
    guess = guess_group(
        cutout.picture, cutout.box, lettering=cutout.lettering, text_boxes=cutout.text_boxes, ports=cutout.ports
    )
    known = catalog_kind(name)
    remarks = list(_doubts(title, cutout))
    if known is not None:
        kind, title = known.name, known.title
        remarks.append(f"{title} is a kind of the catalogue ({known.name}): what is found is counted as such.")
    ports, guessed = _ports(cutout, guess, given_ports)
    if known is None:
        guessed = (*TERMS, *guessed)
    example = Example(
        kind=kind,
        group=known.group if known else guess.group,
        picture=cutout.picture,
        box=cutout.box,
        ports=ports,
        lettering=cutout.lettering,
        text_boxes=cutout.text_boxes,
        bom_code=known.bom_code if known else code_of(kind),
        title=title,
        source=source,
        place=cutout.place,
        taught=datetime.now(UTC).isoformat(timespec="seconds"),
        guessed=guessed,
    )
    return example, tuple(remarks)


def catalog_kind(name: str) -> Kind | None:
    """The catalogue kind that a name means, as its name or title, misread letters forgiven where one kind fits."""
    catalog = load_catalog()
    written = _plain(name)
    exact = [k for k in catalog.values() if written in (_plain(k.name), _plain(k.title))]
    alike = exact or [
        k for k in catalog.values() if _alike(written) in (_alike(_plain(k.name)), _alike(_plain(k.title)))
    ]
    return alike[0] if len(alike) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _alike(name: str) -> str:
    """The name with letters that readers take for each other made one."""
    return name.translate(_ALIKE)


def code_of(kind: str) -> str:
    """The BOM code of a kind where nobody gives one: its name in capitals and digits."""
    return "".join(c for c in kind.upper() if c.isascii() and c.isalnum())[:12] or "TAUGHT"


def _ports(cutout: Cutout, guess: Guess, given: bool) -> tuple[tuple[Port, ...], tuple[str, ...]]:
    """Ports as given, else as the stubs say, else as the catalogue's nearest symbol has them."""
    if given or cutout.ports or not guess.ports:
        return cutout.ports, ()
    return guess.ports, ("ports",)


def _doubts(title: str, cutout: Cutout) -> tuple[str, ...]:
    out = []
    ink = float((cutout.picture < 128).mean())
    if ink > DARK_SHARE:
        out.append(f"{title}: {ink:.0%} of its box is ink; is it a symbol?")
    if len(cutout.ports) > MOST_PORTS and not cutout.lettering:
        out.append(
            f"{title}: {len(cutout.ports)} lines leave its box; if some are no pipes, say --ports or a tighter box."
        )
    return tuple(out)


def _legend_remarks(legend: Legend) -> tuple[str, ...]:
    out = [f"No symbol stands beside {name.text!r}: not taught." for name in legend.empty]
    if legend.unnamed:
        boxes = "; ".join(",".join(f"{v:.0f}" for v in box) for box in legend.unnamed[:5])
        out.append(f"{len(legend.unnamed)} piece(s) of ink have no name beside them: {boxes}.")
    names = [e.name.kind for e in legend.entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    out += [f"{name} stands on the legend {names.count(name)} times: examples of one kind." for name in twice]
    return tuple(out)


def _read_around(sheet: Sheet, box: Box, reader: WordReader) -> Cutout:
    """Cut a box out of a sheet with the words near it, read from an enlarged part of the sheet."""
    cut_symbol(sheet.gray, box)  # what is wrong with the box is said before anything slow is done
    part, left, upper, factor = _part_around(sheet, box)
    words = [_moved(w, left, upper, factor) for w in reader.read_words(part)]
    cutout = cut_symbol(sheet.gray, box, words)
    local = replace(cutout, place=_to_part(cutout.place, left, upper))
    small = _gray_sheet(
        sheet, sheet.gray[upper : upper + part.gray.shape[0] // factor, left : left + part.gray.shape[1] // factor]
    )
    near = [w.model_copy(update={"box": _to_part(w.box, left, upper)}) for w in words]
    (read,) = read_inside(small, [local], near, reader)
    return replace(read, place=cutout.place)


def _part_around(sheet: Sheet, box: Box) -> tuple[Sheet, int, int, int]:
    """The surroundings of a box as a sheet of their own, enlarged; its left and upper side and the factor."""
    x0, y0, x1, y1 = box
    dx, dy = READ_AROUND * (x1 - x0), READ_AROUND * (y1 - y0)
    left, upper = max(int(x0 - dx), 0), max(int(y0 - dy), 0)
    gray = sheet.gray[upper : int(y1 + dy) + 1, left : int(x1 + dx) + 1]
    factor = int(np.clip(READ_PX // max(*gray.shape, 1), 1, MOST_ENLARGED))
    large = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC) if factor > 1 else gray
    return _gray_sheet(sheet, np.asarray(large, np.uint8)), left, upper, factor


def _gray_sheet(sheet: Sheet, gray: NDArray[np.uint8]) -> Sheet:
    info = sheet.info.model_copy(update={"width": gray.shape[1], "height": gray.shape[0]})
    return Sheet(image=gray, source=sheet.source, info=info)


def _moved(word: Word, left: int, upper: int, factor: int) -> Word:
    x0, y0, x1, y1 = (v / factor for v in word.box)
    return word.model_copy(update={"box": (x0 + left, y0 + upper, x1 + left, y1 + upper)})


def _to_part(box: Box, left: int, upper: int) -> Box:
    return box[0] - left, box[1] - upper, box[2] - left, box[3] - upper


def _port(point: Point, cutout: Cutout) -> Port:
    """A port given in sheet pixels, leaving through the side of the box that it is nearest to."""
    x, y = point[0] - cutout.place[0] + cutout.box[0], point[1] - cutout.place[1] + cutout.box[1]
    x0, y0, x1, y1 = cutout.box
    away = {180.0: abs(x - x0), 0.0: abs(x - x1), 90.0: abs(y - y0), 270.0: abs(y - y1)}
    return x, y, min(away, key=lambda d: away[d])


def _source(path: Path, page: int) -> str:
    return path.name if page == 1 else f"{path.name} page {page}"


def _reader() -> WordReader:
    from pid.document.read import WordReader

    return WordReader()
