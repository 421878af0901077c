"""Off-page connectors over a set of sheets: which two are the two ends of one pipe.

A connector *points* at the sheet whose drawing number it carries; it may have a *mark* of its own (TP14, 37) which its
partner repeats. Two connectors are partners when each points at the other's sheet, when one points and both have the
same mark or the same line number, or when both have the same mark that is theirs alone. What else agrees (service,
direction) decides between several.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pid.drawing import Drawing, Symbol
from pid.graph.check_tags import plain_tag
from pid.graph.grammar import Grammar, load_grammar
from pid.graph.plant_reading import PlantReading, read_plant

POINTS, SAME_MARK, SAME_NUMBER, SAME_SERVICE, COMPLEMENTARY = 3.0, 3.0, 2.0, 1.0, 0.5
"""Weights of what two connectors have in common."""
ENOUGH = 5.0
"""Weight from which two connectors are partners: pointing at each other, or pointing and a common number."""
ALONE = 3.0
"""Enough where the mark occurs on these two connectors only."""
LONGEST_MARK = 6
"""Lettering in a connector of up to this length is a mark, when it has a figure."""


@dataclass(frozen=True)
class PlantConnector:
    """A connector of a sheet with what it says and what hangs on it."""

    sheet: int
    symbol: Symbol
    points_at: tuple[str, ...]
    """Drawing numbers that it carries, without blanks and hyphens."""
    marks: tuple[str, ...]
    service: str
    line_number: str
    size: str
    sense: int
    """1 where the flow comes from it into the sheet, -1 where it leaves, 0 where that is not known."""

    @property
    def key(self) -> tuple[int, str]:
        """What tells it from all others."""
        return self.sheet, self.symbol.id


@dataclass(frozen=True)
class ConnectorPair:
    """Two connectors that are the ends of one pipe, with the confidence of the match."""

    a: PlantConnector
    b: PlantConnector
    confidence: float


def drawing_number(drawing: Drawing) -> str:
    """The number of a drawing: its title block's field, else the file's name without ending."""
    if drawing.title_block is not None:
        fields = {f.name.lower().replace(" ", "_"): f.value for f in drawing.title_block.fields}
        for name in ("drawing_number", "drawing_no", "document_number", "dwg_no"):
            if fields.get(name):
                return fields[name]
    return drawing.source.name.rsplit(".", 1)[0]


def find_connectors(
    drawings: Sequence[Drawing], *, readings: Sequence[PlantReading] | None = None, grammar: Grammar | None = None
) -> tuple[PlantConnector, ...]:
    """All connectors of a set of sheets."""
    grammar = grammar or load_grammar()
    readings = readings or [read_plant(d, grammar=grammar) for d in drawings]
    return tuple(
        _describe(sheet, i, reading, grammar)
        for sheet, reading in enumerate(readings)
        for i, symbol in enumerate(reading.drawing.symbols)
        if symbol.group == "connector"
    )


def _describe(sheet: int, index: int, reading: PlantReading, grammar: Grammar) -> PlantConnector:
    symbol, piping = reading.drawing.symbols[index], reading.piping
    texts = [w.text.strip() for w in reading.drawing.words if w.owner == symbol.id]
    attributes = [v for k in ("service", "destination") if isinstance(v := symbol.attributes.get(k), str)]
    texts = list(dict.fromkeys([*([symbol.tag] if symbol.tag else []), *texts, *attributes]))
    pointers, marks, services = [], [], []
    for text in texts:
        if grammar.read(text, "sheet_number", repair=False):
            pointers.append(plain_tag(text))
        elif len(text) <= LONGEST_MARK and any(c.isdigit() for c in text):
            marks.append(text.upper())
        elif grammar.read(text, "destination", repair=False):
            continue  # FROM and TO name different places at the two ends by right
        elif len(text) > LONGEST_MARK and text.count(" ") == 0 and sum(c.isdigit() for c in text) > 2:
            pointers.append(plain_tag(text))
        elif len(text) > 2:
            services.append(text)
    ends = [e for e in piping.at_symbol.get(index, ()) if piping.is_process[e[0]]]
    ends += [
        (line, w)
        for line, found in piping.claimed.items()
        if index in found
        for w in (0, 1)
        if piping.is_free((line, w))
    ]
    numbers = [n for line, _ in ends if (n := piping.lines[line].line_number)]
    flows = {(f.sense > 0) == (which == 0) for line, which in ends if (f := reading.flows.get(line)) is not None}
    number = numbers[0] if numbers else ""
    return PlantConnector(
        sheet=sheet,
        symbol=symbol,
        points_at=tuple(dict.fromkeys(pointers)),
        marks=tuple(dict.fromkeys(marks)),
        service=" ".join(services[0].upper().split()) if services else "",
        line_number=number,
        size=grammar.line_parts(number).get("size", "") if number else "",
        sense=(1 if flows.pop() else -1) if len(flows) == 1 else 0,
    )


def pair_connectors(
    drawings: Sequence[Drawing], *, connectors: Sequence[PlantConnector] | None = None
) -> tuple[ConnectorPair, ...]:
    """Partners among the connectors of a set of sheets, best matches first, each connector in one pair at most."""
    connectors = connectors if connectors is not None else find_connectors(drawings)
    numbers = [plain_tag(drawing_number(d)) for d in drawings]
    marked: dict[str, int] = defaultdict(int)
    for c in connectors:
        for mark in c.marks:
            marked[mark] += 1
    offers = []
    for i, a in enumerate(connectors):
        for j in range(i + 1, len(connectors)):
            weight = _likeness(a, connectors[j], numbers, marked)
            if weight:
                offers.append((-weight, i, j))
    taken: set[int] = set()
    pairs = []
    for weight, i, j in sorted(offers):
        if not taken & {i, j}:
            taken |= {i, j}
            rivals = [-w for w, k, m in offers if {k, m} & {i, j} and {k, m} != {i, j}]
            lead = -weight - max(rivals, default=0.0)
            pairs.append(ConnectorPair(connectors[i], connectors[j], 0.95 if lead > 0 else 0.6))
    return tuple(pairs)


def _likeness(a: PlantConnector, b: PlantConnector, numbers: Sequence[str], marked: dict[str, int]) -> float:
    """Weight of what makes two connectors partners, 0 where that is not enough."""
    common = set(a.marks) & set(b.marks)
    pointing = (numbers[b.sheet] in a.points_at) + (numbers[a.sheet] in b.points_at)
    if a.sheet == b.sheet and not common:
        return 0.0
    if not pointing and not common:
        return 0.0
    same_number = bool(a.line_number) and a.line_number == b.line_number
    weight = POINTS * pointing + SAME_MARK * bool(common) + SAME_NUMBER * same_number
    alone = any(marked[mark] == 2 for mark in common)
    if weight < ENOUGH and not (alone and weight >= ALONE):
        return 0.0
    weight += SAME_SERVICE * (bool(a.service) and a.service == b.service)
    return weight + COMPLEMENTARY * (a.sense * b.sense < 0)
