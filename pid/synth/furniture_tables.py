"""Tables and text columns of a sheet: equipment data, line lists, bills of material, notes and references."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pid.drawing import Box, Table
from pid.synth.furniture_pen import Pen, draw_table
from pid.synth.furniture_words import NOTES, NOTES_KO, REFERENCES, Wording

MATERIALS = ("1.4306", "1.4571", "1.4404", "SS316L", "CS", "A516-70", "GGG-40", "DUPLEX", "A106-B", "C.S. + 3 CA", "PP")
SERVICES = ("PG", "CWS", "CWR", "LS", "HC", "IA", "N2", "BFW", "FG", "DW", "PL", "VF", "CD", "LO")
CLASSES = ("75HB13", "A1A", "AD20", "B3K", "10HF01", "AC21", "D2G", "150RF", "F11S")
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "P": ("CENTRIFUGAL PUMP", ("capacity", "head", "speed", "power", "p", "t", "material")),
    "T": ("STORAGE TANK", ("volume", "diameter", "height", "p", "t", "material")),
    "E": ("HEAT EXCHANGER", ("duty", "area", "pp", "tt", "material2")),
    "V": ("SEPARATOR", ("diameter", "height", "p", "t", "operating", "material")),
    "R": ("REACTOR", ("volume", "diameter", "power", "pp", "tt", "material")),
    "K": ("COMPRESSOR", ("capacity", "pp", "power", "speed", "material")),
    "C": ("COLUMN", ("diameter", "height", "trays", "p", "t", "material")),
    "F": ("FILTER", ("capacity", "mesh", "p", "t", "material")),
}
_LABELS = {
    "capacity": "Design Capacity", "head": "Differential Head", "speed": "Design Speed", "power": "Rated Power",
    "p": "Design Pressure", "t": "Design Temperature", "pp": "Design Press. Chamber 1 / 2",
    "tt": "Design Temp. Chamber 1 / 2", "material": "Material", "material2": "Material Tubes / Shell",
    "volume": "Nominal Capacity", "diameter": "Inside Diameter", "height": "Height T/T", "duty": "Design Duty",
    "area": "Heat Transfer Area", "operating": "Operating Press. / Temp.", "trays": "Number of Trays",
    "mesh": "Filter Rating",
}  # fmt: skip


def _datum(name: str, rng: np.random.Generator) -> tuple[str, ...]:
    """One or two values of a datum of equipment."""

    def material() -> str:
        return str(MATERIALS[int(rng.integers(len(MATERIALS)))])

    def bar() -> str:
        return f"{rng.choice([0.5, 1, 3.5, 6, 10, 16, 25, 35, 60])} barg"

    def celsius() -> str:
        return f"{int(rng.choice([-45, 20, 60, 80, 100, 120, 150, 200, 260]))} °C"

    values: dict[str, Callable[[], tuple[str, ...]]] = {
        "capacity": lambda: (f"{int(rng.integers(5, 900))} m³/h",),
        "head": lambda: (f"{int(rng.integers(8, 160))} m",),
        "speed": lambda: (f"{int(rng.choice([600, 980, 1450, 2950]))} rpm",),
        "power": lambda: (f"{rng.choice([1.5, 5.5, 11, 22, 45, 84, 160])} kW",),
        "p": lambda: (bar(),),
        "t": lambda: (celsius(),),
        "pp": lambda: (bar(), bar()),
        "tt": lambda: (celsius(), celsius()),
        "material": lambda: (material(),),
        "material2": lambda: (material(), material()),
        "volume": lambda: (f"{rng.uniform(1, 300):.1f} m³",),
        "diameter": lambda: (f"{int(rng.integers(6, 44)) * 100} mm",),
        "height": lambda: (f"{int(rng.integers(12, 190)) * 100} mm",),
        "duty": lambda: (f"{int(rng.integers(40, 9000))} kW",),
        "area": lambda: (f"{rng.uniform(4, 400):.1f} m²",),
        "operating": lambda: (bar(), celsius()),
        "trays": lambda: (str(int(rng.integers(8, 60))),),
        "mesh": lambda: (f"{int(rng.choice([5, 10, 25, 50, 100]))} micron",),
    }
    return values[name]()


def equipment_sheet_rows(words: Wording) -> list[list[str | None]]:
    """A data block of one item: label, value, value; None joins."""
    rng = words.rng
    letter = str(rng.choice(list(KINDS)))
    description, data = KINDS[letter]
    rows: list[list[str | None]] = [
        ["Ident", f"{letter}{rng.integers(1000, 9999)}", None], ["Description", description, None]
    ]  # fmt: skip
    for name in data:
        values = _datum(name, rng)
        rows.append([_LABELS[name], values[0], values[1] if len(values) > 1 else None])
    return rows


def draw_equipment_sheets(pen: Pen, box: Box, *, words: Wording, scale: float) -> list[Table]:
    """Data blocks side by side, standing on the bottom of `box` from its left."""
    x, y1 = box[0], box[3]
    width, row = 82 * scale, 4.2 * scale
    gap = 0.0 if words.rng.random() < 0.6 else 3 * scale
    tables: list[Table] = []
    for _ in range(int(words.rng.integers(2, 6))):
        rows = equipment_sheet_rows(words)
        heights = [row * 1.5, *[row] * (len(rows) - 1)]
        if x + width > box[2] or sum(heights) > y1 - box[1]:
            break
        table = draw_table(
            pen, x, y1 - sum(heights), widths=[width * 0.54, width * 0.23, width * 0.23], heights=heights, rows=rows,
            text_mm=1.9 * scale, aligns=("left",), header_rows=0,
        )  # fmt: skip
        tables.append(table)
        x += width + gap
    return tables


def draw_equipment_matrix(pen: Pen, box: Box, *, words: Wording, scale: float) -> list[Table]:
    """One table with a row per datum and a column per item, standing on the bottom of `box`."""
    rng = words.rng
    names = ("volume", "p", "t", "material", "power")
    count = int(rng.integers(2, 7))
    first, width, row = 60 * scale, 38 * scale, 4.6 * scale
    count = min(count, int((box[2] - box[0] - first) / width))
    if count < 1:
        return []
    letters = [str(rng.choice(list(KINDS))) for _ in range(count)]
    rows: list[list[str | None]] = [["TAG NO.", *[f"{k}-{rng.integers(100, 999)}" for k in letters]]]
    rows.append(["SERVICE / DESCRIPTION", *[KINDS[k][0] for k in letters]])
    rows += [[_LABELS[name].upper(), *[_datum(name, rng)[0] for _ in letters]] for name in names]
    rows += [["DRAWING NO.", *[words.number() if rng.random() < 0.4 else "" for _ in letters]]]
    heights = [row * 1.5, *[row] * (len(rows) - 1)]
    table = draw_table(
        pen, box[0], box[3] - sum(heights), widths=[first, *[width] * count], heights=heights, rows=rows,
        text_mm=2.0 * scale, aligns=("left",), header_rows=0,
    )  # fmt: skip
    return [table]


def line_rows(words: Wording, count: int) -> list[list[str | None]]:
    """A line list of `count` lines under a heading."""
    rng = words.rng
    rows: list[list[str | None]] = [["LINE NO.", "SIZE", "CLASS", "FLUID", "P (barg)", "T (°C)"]]
    for _ in range(count):
        size = int(rng.choice([15, 25, 40, 50, 80, 100, 150, 200, 250, 300]))
        fluid, spec = str(rng.choice(SERVICES)), str(rng.choice(CLASSES))
        number = f"{size}-{fluid}-{rng.integers(1000, 99999)}-{spec}"
        rows.append([number, str(size), spec, fluid, f"{rng.uniform(0, 40):.1f}", str(int(rng.integers(-40, 250)))])
    return rows


LINE_WIDTHS = (44.0, 12.0, 18.0, 14.0, 16.0, 14.0)


def draw_list(
    pen: Pen, box: Box, *, rows: Sequence[Sequence[str | None]], widths: Sequence[float], scale: float, head: str = ""
) -> Table | None:  # fmt: skip
    """A headed list hanging from the top right corner of `box`, with as many rows as fit; None if none does.

    `rows` starts with the heading, `widths` are wishes in millimetres, scaled to the box where they are too wide.
    """
    row = 4.4 * scale
    room = box[2] - box[0]
    wish = np.array(widths, np.float64) * scale
    if wish.sum() > room:
        wish *= room / wish.sum()
    title: list[list[str | None]] = [[head, *[None] * (len(widths) - 1)]] if head else []
    fitting = int((box[3] - box[1]) / row)
    table = [*title, *(list(r) for r in rows)][:fitting]
    if len(table) < 2 + len(title):
        return None
    return draw_table(
        pen, box[2] - float(wish.sum()), box[1], widths=list(wish), heights=[row] * len(table), rows=table,
        text_mm=1.9 * scale, aligns=("left",) if widths[0] > 20 else (), header_rows=1 + len(title),
    )  # fmt: skip


def column_widths(pen: Pen, rows: Sequence[Sequence[str | None]], *, text_mm: float) -> list[float]:
    """Widths that hold every text of a table's columns, mm."""
    columns = max(len(r) for r in rows)
    return [
        max([6.0, *[pen.width_of(r[c] or "", height=text_mm) + 2.4 for r in rows if c < len(r) and r[c]]])
        for c in range(columns)
    ]


def draw_notes(
    pen: Pen, box: Box, *, sentences: Sequence[str], text_mm: float, heading: str, numbering: str = "{n}.",
    joined: bool = False,
) -> Box | None:  # fmt: skip
    """Numbered sentences from the top left of `box`, wrapped; the box they take, None where nothing fits.

    With `joined` a number and the first line of its sentence are one string of lettering, else the number stands alone.
    A sentence that would end below the box is left out with all that follow it.
    """
    x0, y, x1, y1 = box
    pitch = text_mm * 1.75
    first = len(pen.words)
    if y + pitch * 3 > y1:
        return None
    head = pen.letter(heading, (x0, y, x1, y + pitch * 1.2), height=text_mm * 1.25, align="left", pad=0.0)
    if head and heading.endswith(":"):
        pen.rule([[head.box[0], y + pitch * 1.25], [head.box[2], y + pitch * 1.25]], layer="TEXT")
    y += pitch * 1.5
    indent = pen.width_of(numbering.format(n=88), height=text_mm) + text_mm if numbering else 0.0
    for n, sentence in enumerate(sentences, start=1):
        lines = _wrapped(pen, sentence, x1 - x0 - indent, text_mm)
        if y + pitch * len(lines) > y1:
            break
        number = numbering.format(n=n).strip()
        if numbering and joined:
            line = f"{number} {lines.pop(0)}"
            pen.letter(line, (x0, y, x1, y + pitch), height=text_mm, align="left", pad=0.0)
            y += pitch
        elif numbering:
            pen.letter(number, (x0, y, x0 + indent, y + pitch), height=text_mm, align="left", pad=0.0)
        for line in lines:
            pen.letter(line, (x0 + indent, y, x1, y + pitch), height=text_mm, align="left", pad=0.0)
            y += pitch
    drawn = pen.words[first:]
    if not drawn:
        return None
    return x0, box[1], max(w.box[2] for w in drawn), y


def _wrapped(pen: Pen, text: str, width: float, text_mm: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        trial = f"{lines[-1]} {word}" if lines else word
        if lines and pen.width_of(trial, height=text_mm) <= width:
            lines[-1] = trial
        else:
            lines.append(word)
    return lines


def note_sentences(words: Wording) -> list[str]:
    """Different notes in a random order."""
    pool = NOTES_KO if words.korean and words.rng.random() < 0.7 else NOTES
    count = int(words.rng.integers(3, min(16, len(pool))))
    return [words.pick((str(text),)) for text in words.rng.permutation(list(pool))[:count]]


def reference_rows(words: Wording) -> list[list[str | None]]:
    """Titles and numbers of other drawings."""
    count = int(words.rng.integers(3, 12))
    return [[str(text), words.number()] for text in words.rng.permutation(list(REFERENCES))[:count]]
