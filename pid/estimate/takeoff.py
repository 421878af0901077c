"""The take-off: what the sheets hold, counted, every item traceable to the symbols it came from.

Terms of art: an *item* is one row of the bill of materials: symbols of one kind, one size and one line specification;
its *code* is the catalogue's BOM code; *zone* is the grid reference by which people find a place on a sheet.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pid.catalog import Catalog, load_catalog
from pid.drawing import Drawing, Symbol
from pid.errors import InputError
from pid.resources import data_path

ZONE_MM = 105.0
"""Zones are counted from the sheet's top left corner in quarter A2 steps where the scale is known (ISO 5457)."""
ZONES_ACROSS = 8
"""Zones a sheet width where the scale is not known."""
UNNAMED = "UNKNOWN"
_SIZE = re.compile(
    r"""^(?P<inch>\d+(?:[.\-/]\d+)*)\s*["”″]  # 10"-MS-1002
      | ^(?P<mm>\d{2,4})[-x]                    # 0200-PL-23L91374
      | \b(?:DN\s*)(?P<dn>\d{2,4})\b            # DN 80
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class CountedGroup:
    """A symbol group that the bill of materials lists."""

    name: str
    title: str
    discipline: str


@dataclass(frozen=True)
class Item:
    """One row of the bill of materials. `score` is the lowest confidence among its symbols."""

    code: str
    kind: str
    group: str
    description: str
    size: str
    quantity: int
    tags: tuple[str, ...]
    line_numbers: tuple[str, ...]
    sheets: tuple[str, ...]
    zones: tuple[str, ...]
    score: float
    ids: tuple[str, ...]
    """``sheet#symbol`` for each counted symbol."""


def read_counted_groups(path: Path | None = None) -> tuple[CountedGroup, ...]:
    """The groups that count, in listing order. Raises `InputError` for a rule file that cannot be used."""
    path = path or data_path("rules", "takeoff.toml")
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8"))
        return tuple(CountedGroup(g["name"], g["title"], g["discipline"]) for g in rules["group"])
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a take-off rule file: {error!r}.") from error


def take_off(
    drawings: Sequence[Drawing],
    *,
    catalog: Catalog | None = None,
    groups: Sequence[CountedGroup] | None = None,
) -> tuple[Item, ...]:
    """Count the symbols of `drawings` into items, ordered by group, kind and size."""
    catalog = catalog or load_catalog()
    order = {g.name: i for i, g in enumerate(groups or read_counted_groups())}
    lots: dict[tuple[str, str, str], list[tuple[Drawing, Symbol, str]]] = defaultdict(list)
    for drawing in drawings:
        line_numbers = line_number_of_symbols(drawing)
        for symbol in drawing.symbols:
            if symbol.group in order:
                number = line_numbers.get(symbol.id, "")
                size = str(symbol.attributes.get("size") or "") or nominal_size(number)
                lots[symbol.group, symbol.kind, size].append((drawing, symbol, number))
    items = [_item(kind, group, size, lot, catalog) for (group, kind, size), lot in lots.items()]
    return tuple(sorted(items, key=lambda item: (order[item.group], item.kind, item.size)))


def _item(kind: str, group: str, size: str, lot: Iterable[tuple[Drawing, Symbol, str]], catalog: Catalog) -> Item:
    lot = list(lot)
    code, description = _terms(kind, group, [s for _, s, _ in lot], catalog)
    return Item(
        code=code,
        kind=kind,
        group=group,
        description=description,
        size=size,
        quantity=len(lot),
        tags=tuple(sorted({s.tag for _, s, _ in lot if s.tag})),
        line_numbers=tuple(sorted({number for _, _, number in lot if number})),
        sheets=tuple(sorted({sheet_name(d) for d, _, _ in lot})),
        zones=tuple(sorted({zone(d, s) for d, s, _ in lot})),
        score=min(s.score for _, s, _ in lot),
        ids=tuple(f"{sheet_name(d)}#{s.id}" for d, s, _ in lot),
    )


def _terms(kind: str, group: str, symbols: Sequence[Symbol], catalog: Catalog) -> tuple[str, str]:
    """Code and description of a kind: the catalogue's, else those that its symbols carry because it was taught."""
    known = catalog.get(kind)
    if known:
        return known.bom_code, known.title
    carried = [s.attributes for s in symbols if s.attributes.get("taught")]
    code = next((str(a["bom_code"]) for a in carried if a.get("bom_code")), UNNAMED)
    unnamed = kind if carried else f"{group.replace('_', ' ').capitalize()}, kind not recognised"
    return code, next((str(a["title"]) for a in carried if a.get("title")), unnamed)


def line_number_of_symbols(drawing: Drawing) -> dict[str, str]:
    """Symbol id -> the line number of the lines that its connections run along, where one is known."""
    number_of = {line.id: line.line_number for line in drawing.lines if line.line_number}
    found: dict[str, str] = {}
    for c in drawing.connections:
        for name in c.lines:
            if name in number_of:
                found.setdefault(c.a, number_of[name])
                found.setdefault(c.b, number_of[name])
    return found


def nominal_size(line_number: str) -> str:
    """The nominal size that a line number states, e.g. ``10"`` or ``DN 200``; empty where it states none."""
    match = _SIZE.search(line_number)
    if not match:
        return ""
    if match["inch"]:
        return f'{match["inch"]}"'
    return f"DN {int(match['mm'] or match['dn'])}"


def sheet_name(drawing: Drawing) -> str:
    """What a row calls the sheet: the file's name, and the page where it is not the first."""
    return drawing.source.name + (f" p.{drawing.source.page}" if drawing.source.page > 1 else "")


def zone(drawing: Drawing, symbol: Symbol) -> str:
    """Grid reference such as ``C4`` of the symbol's centre: rows are letters downward, columns numbers rightward."""
    scale = drawing.sheet.px_per_mm
    step = ZONE_MM * scale if scale else drawing.sheet.width / ZONES_ACROSS
    x, y = (symbol.box[0] + symbol.box[2]) / 2, (symbol.box[1] + symbol.box[3]) / 2
    row = max(int(y // step), 0)
    return f"{chr(ord('A') + row % 26)}{max(int(x // step), 0) + 1}"


def count_by_group(items: Iterable[Item]) -> Mapping[str, int]:
    """Quantity of each group, in the items' order."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item.group] = counts.get(item.group, 0) + item.quantity
    return counts
