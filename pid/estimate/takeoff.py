"""The take-off: what the sheets hold, counted, every item traceable to the symbols it came from.

Terms of art: a *part* is one counted thing; an *item* is one row of the bill of materials: parts of one kind, one size
and one piping class; *implied* parts are the flanges, gaskets and bolts that flanged ends bring along; a *code* is the
catalogue's BOM code; a *zone* is the grid reference by which people find a place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pid.catalog import Catalog, load_catalog
from pid.drawing import Drawing, Symbol
from pid.estimate.plant_facts import PlantFacts
from pid.estimate.rules import TakeoffRules, read_rules
from pid.estimate.sizes import dn
from pid.geometry import box_gap

ZONE_MM = 105.0
"""Zones are counted from the sheet's top left corner in quarter A2 steps where the scale is known (ISO 5457)."""
ZONES_ACROSS = 8
"""Zones a sheet width where the scale is not known."""
A1_WIDTH_MM = 841.0
"""Width of the paper where the scale is not known."""
UNNAMED = "UNKNOWN"
IMPLIED = "implied"
"""The group of implied parts."""
EQUIPMENT = ("vessel", "separator", "heat_exchanger", "pump", "compressor")
NAMED_ONCE = (*EQUIPMENT, "valve", "instrument")
"""Groups whose tag names one thing in the plant, drawn again on other sheets as a reference."""
_SPARES = re.compile(r"[A-Z](?:/[A-Z])+$")
_SIZE = re.compile(
    r"""^(?P<inch>\d+(?:[.\-/]\d+)*)\s*["”″]  # 10"-MS-1002
      | ^(?P<mm>\d{2,4})[-x]                    # 0200-PL-23L91374
      | \b(?:DN\s*)(?P<dn>\d{2,4})\b            # DN 80
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    """One counted thing: a symbol, or what a symbol's flanged ends bring along."""

    code: str
    kind: str
    group: str
    description: str
    size: str
    spec: str
    scope: str
    """Empty for what is to be supplied, else why not: by others, future, existing, demolition."""
    quantity: int
    tag: str
    line_number: str
    area: str
    """The plant area that the tag names, where it names one."""
    sheet: str
    zone: str
    score: float
    id: str
    """``sheet#symbol`` of the symbol that is counted or that brings it along."""


@dataclass(frozen=True)
class Item:
    """One row of the bill of materials. `score` is the lowest confidence among its symbols."""

    code: str
    kind: str
    group: str
    description: str
    size: str
    spec: str
    scope: str
    quantity: int
    tags: tuple[str, ...]
    line_numbers: tuple[str, ...]
    sheets: tuple[str, ...]
    zones: tuple[str, ...]
    score: float
    ids: tuple[str, ...]
    """``sheet#symbol`` for each counted symbol."""
    parts: tuple[Part, ...]


def take_off(
    plants: Iterable[PlantFacts], *, catalog: Catalog | None = None, rules: TakeoffRules | None = None
) -> tuple[Item, ...]:
    """Count what is on the sheets into items, ordered by scope, group, kind and size."""
    rules = rules or read_rules()
    order = {g.name: i for i, g in enumerate(rules.groups)}
    lots: dict[tuple[str, ...], list[Part]] = defaultdict(list)
    for part in count_parts(plants, catalog=catalog or load_catalog(), rules=rules):
        lots[part.scope, part.group, part.kind, part.size, part.spec].append(part)
    items = [_item(lot) for lot in lots.values()]
    return tuple(sorted(items, key=lambda i: (i.scope, order.get(i.group, len(order)), i.kind, dn(i.size), i.spec)))


def _item(lot: Sequence[Part]) -> Item:
    first = lot[0]
    return Item(
        code=next((part.code for part in lot if part.code != UNNAMED), first.code),
        kind=first.kind,
        group=first.group,
        description=first.description,
        size=first.size,
        spec=first.spec,
        scope=first.scope,
        quantity=sum(part.quantity for part in lot),
        tags=tuple(sorted({part.tag for part in lot if part.tag})),
        line_numbers=tuple(sorted({part.line_number for part in lot if part.line_number})),
        sheets=tuple(sorted({part.sheet for part in lot})),
        zones=tuple(sorted({part.zone for part in lot})),
        score=min(part.score for part in lot),
        ids=tuple(dict.fromkeys(part.id for part in lot)),
        parts=tuple(lot),
    )


def count_parts(plants: Iterable[PlantFacts], *, catalog: Catalog, rules: TakeoffRules) -> Iterator[Part]:
    """All parts of a set of sheets. What bears the same tag on several sheets is counted on the first."""
    seen: dict[tuple[str, str], str] = {}
    counted = {g.name for g in rules.groups}
    for plant in plants:
        sheet = sheet_name(plant.drawing)
        numbers = line_number_of_symbols(plant.drawing)
        times = _multipliers(plant.drawing, rules)
        for symbol in plant.drawing.symbols:
            if symbol.group in NAMED_ONCE and is_named(symbol):
                key = symbol.group, plain_tag(symbol.tag)
                if seen.setdefault(key, sheet) != sheet:
                    continue
            if _is_left_out(symbol, plant, rules):
                continue
            part = _part(symbol, plant, numbers.get(symbol.id, ""), times.get(symbol.id, 1), catalog, rules)
            if symbol.group in counted:
                yield part
            yield from _implied_parts(part, rules)


def is_named(symbol: Symbol) -> bool:
    """Whether a tag is the symbol's own: a size with a piping class stands at many and names none."""
    parts = symbol.attributes.get("tag_parts")
    return bool(symbol.tag) and not (isinstance(parts, dict) and "number" not in parts)


def plain_tag(tag: str | None) -> str:
    """A tag's letters and figures, by which two are compared."""
    return "".join(c for c in (tag or "").upper() if c.isalnum())


def _is_left_out(symbol: Symbol, plant: PlantFacts, rules: TakeoffRules) -> bool:
    """Whether a symbol is a part of another, or equipment that nothing names and that is not sure."""
    if symbol.group in rules.part_of and symbol.id in plant.operators:
        return True
    return symbol.group in EQUIPMENT and not symbol.tag and symbol.score < rules.least_unnamed_equipment


def _part(symbol: Symbol, plant: PlantFacts, number: str, times: int, catalog: Catalog, rules: TakeoffRules) -> Part:
    if symbol.group in EQUIPMENT:  # the pipes that meet a vessel say nothing of its size
        number, pipe = "", None
    else:
        pipe = next((p for p in plant.pipes if symbol.id in p.symbols or (number and p.number == number)), None)
    size = str(symbol.attributes.get("size") or "") or nominal_size(number) or (pipe.size if pipe else "")
    small = str(symbol.attributes.get("size_small") or "")
    code, description = _terms(symbol, catalog)
    remarks = [w.text for w in plant.drawing.words if w.owner == symbol.id]
    return Part(
        code=code,
        kind=symbol.kind,
        group=symbol.group,
        description=description,
        size=f"{size} x {small}" if symbol.group == "reducer" and small else size,
        spec=str(symbol.attributes.get("spec") or (pipe.spec if pipe else "")),
        scope=rules.scope_of(remarks),
        quantity=times * _units(symbol),
        tag=symbol.tag or "",
        line_number=number or (pipe.number if pipe else ""),
        area=_area(symbol),
        sheet=sheet_name(plant.drawing),
        zone=zone(plant.drawing, symbol),
        score=symbol.score,
        id=f"{sheet_name(plant.drawing)}#{symbol.id}",
    )


def _implied_parts(part: Part, rules: TakeoffRules) -> Iterator[Part]:
    """Flanges, gaskets and bolts of a part with flanged ends."""
    for name, quantity in rules.implied_by(part.group, part.kind, dn(part.size)):
        code, description = rules.implied_codes[name]
        yield replace(
            part, code=code, kind=name, group=IMPLIED, description=description, tag="",
            quantity=part.quantity * quantity,
        )  # fmt: skip


def _area(symbol: Symbol) -> str:
    parts = symbol.attributes.get("tag_parts")
    told = parts.get("area") if isinstance(parts, dict) else None
    return str(told or symbol.attributes.get("area") or "")


def _units(symbol: Symbol) -> int:
    """How many units a tag names: two for P-101A/B, one drawn for both."""
    match = _SPARES.search(symbol.tag or "") if symbol.group in EQUIPMENT else None
    return 1 + match[0].count("/") if match else 1


def _multipliers(drawing: Drawing, rules: TakeoffRules) -> dict[str, int]:
    """Symbol id -> how often the sheet says that it occurs ("typical of 4"), by the remark nearest to it."""
    reach = rules.multiplier_reach_mm * (drawing.sheet.px_per_mm or drawing.sheet.width / A1_WIDTH_MM)
    counted = [s for s in drawing.symbols if s.group in {g.name for g in rules.groups}]
    found: dict[str, int] = {}
    for word in drawing.words:
        match = rules.multiplier.search(word.text.upper())
        if match and counted:
            nearest = min(counted, key=lambda s: box_gap(s.box, word.box))
            if box_gap(nearest.box, word.box) <= reach:
                found[nearest.id] = int(match["count"])
    return found


def _terms(symbol: Symbol, catalog: Catalog) -> tuple[str, str]:
    """Code and description of a symbol: the catalogue's, else those that it carries because its kind was taught."""
    known = catalog.get(symbol.kind)
    if known:
        return known.bom_code or UNNAMED, known.title
    carried = symbol.attributes if symbol.attributes.get("taught") else {}
    unnamed = symbol.kind if carried else f"{symbol.group.replace('_', ' ').capitalize()}, kind not recognised"
    return str(carried.get("bom_code") or UNNAMED), str(carried.get("title") or unnamed)


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
    return f"DN {dn(match['mm'] or match['dn']):.0f}"


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
