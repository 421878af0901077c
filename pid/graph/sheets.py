"""A plant over several sheets: one graph, and what does not fit where the sheets meet.

Nodes of the plant graph are ``sheet#id``: the sheet's name and the id of the symbol or joint on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pid.drawing import Drawing, Finding
from pid.graph.build import build_graph
from pid.graph.check import as_findings, load_rules
from pid.graph.check_rules import CheckRules, Problem
from pid.graph.check_tags import full_tag, plain_tag, tag_reading
from pid.graph.grammar import load_grammar
from pid.graph.pair_connectors import (
    ConnectorPair,
    PlantConnector,
    drawing_number,
    find_connectors,
    pair_connectors,
)

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, eq=False)
class Plant:
    """The graph of all sheets, the connectors that were paired, and the findings where sheets meet."""

    graph: nx.MultiDiGraph
    pairs: tuple[ConnectorPair, ...]
    findings: tuple[Finding, ...]


def build_plant(drawings: Sequence[Drawing], *, rules: CheckRules | None = None) -> Plant:
    """One graph over a set of sheets.

    Paired connectors are joined by an edge with ``edge`` = ``sheet``, ``confidence``, and ``flow`` forward (from its
    first node to its second) or unknown. Nodes carry ``sheet``.
    """
    import networkx as nx

    names = sheet_names(drawings)
    connectors = find_connectors(drawings)
    pairs = pair_connectors(drawings, connectors=connectors)
    graph = nx.MultiDiGraph(name="plant")
    for name, drawing in zip(names, drawings, strict=True):
        own = build_graph(drawing)
        graph.add_nodes_from((f"{name}#{node}", {**data, "sheet": name}) for node, data in own.nodes(data=True))
        graph.add_edges_from(
            (f"{name}#{a}", f"{name}#{b}", f"{name}#{k}", d) for a, b, k, d in own.edges(keys=True, data=True)
        )
    for pair in pairs:
        source, target = (pair.b, pair.a) if pair.a.sense > 0 or pair.b.sense < 0 else (pair.a, pair.b)
        known = source.sense <= 0 <= target.sense and source.sense != target.sense
        graph.add_edge(
            _node(names, source), _node(names, target), edge="sheet", kind="process", confidence=pair.confidence,
            flow="forward" if known else "unknown",
        )  # fmt: skip
    return Plant(graph, pairs, _check(drawings, names, connectors, pairs, rules or load_rules()))


def check_sheets(drawings: Sequence[Drawing], *, rules: CheckRules | None = None) -> tuple[Finding, ...]:
    """What does not fit where the sheets meet; the subjects are ``sheet#id``."""
    connectors = find_connectors(drawings)
    pairs = pair_connectors(drawings, connectors=connectors)
    return _check(drawings, sheet_names(drawings), connectors, pairs, rules or load_rules())


def sheet_names(drawings: Sequence[Drawing]) -> list[str]:
    """A name for each sheet: the file's, with the page behind it where files have several, told apart if need be."""
    names: list[str] = []
    for drawing in drawings:
        name = drawing.source.name + (f" p.{drawing.source.page}" if drawing.source.page > 1 else "")
        same = sum(n == name or n.startswith(f"{name} (") for n in names)
        names.append(f"{name} ({same + 1})" if same else name)
    return names


def _check(
    drawings: Sequence[Drawing],
    names: Sequence[str],
    connectors: Sequence[PlantConnector],
    pairs: Sequence[ConnectorPair],
    rules: CheckRules,
) -> tuple[Finding, ...]:
    problems = [
        *(p for pair in pairs for p in _mismatches(pair, drawings, names)),
        *_orphans(drawings, names, connectors, pairs),
        *_duplicates(drawings, names),
    ]
    return as_findings(problems, rules)


def _node(names: Sequence[str], connector: PlantConnector) -> str:
    return f"{names[connector.sheet]}#{connector.symbol.id}"


def _mismatches(pair: ConnectorPair, drawings: Sequence[Drawing], names: Sequence[str]) -> Iterator[Problem]:
    """What two partners say differently. A differing size says itself also that the line numbers differ."""
    a, b = pair.a, pair.b
    subjects = (_node(names, a), _node(names, b))
    who = f"The connector {_called(a)} on {names[a.sheet]} and its partner {_called(b)} on {names[b.sheet]}"
    numbers = [plain_tag(drawing_number(d)) for d in drawings]
    for one, other in ((a, b), (b, a)):
        if one.points_at and numbers[other.sheet] not in one.points_at and one.sheet != other.sheet:
            yield Problem(
                "connector-points-elsewhere", subjects,
                f"The connector {_called(one)} on {names[one.sheet]} points at {' and '.join(one.points_at)}, but its "
                f"partner is on {names[other.sheet]} ({drawing_number(drawings[other.sheet])}).",
            )  # fmt: skip
    if a.service and b.service and a.service != b.service:
        yield Problem(
            "connector-service-differs", subjects, f"{who} name different services: {a.service} and {b.service}."
        )
    if a.size and b.size and a.size != b.size:
        yield Problem("connector-size-differs", subjects, f"{who} have different sizes: {a.size} and {b.size}.")
    elif a.line_number and b.line_number and a.line_number != b.line_number:
        yield Problem(
            "connector-line-number-differs", subjects,
            f"{who} are on lines of different numbers: {a.line_number} and {b.line_number}.",
        )  # fmt: skip
    if a.sense * b.sense > 0:
        way = "lead into" if a.sense > 0 else "lead out of"
        yield Problem("connector-direction-differs", subjects, f"{who} both {way} their sheets.")


def _called(connector: PlantConnector) -> str:
    return connector.symbol.tag or connector.symbol.id


def _orphans(
    drawings: Sequence[Drawing],
    names: Sequence[str],
    connectors: Sequence[PlantConnector],
    pairs: Sequence[ConnectorPair],
) -> Iterator[Problem]:
    """Connectors without a partner; those that point at a sheet that is not there are told apart."""
    paired = {c.key for pair in pairs for c in (pair.a, pair.b)}
    numbers = {plain_tag(drawing_number(d)): name for d, name in zip(drawings, names, strict=True)}
    for c in connectors:
        if c.key in paired or not (c.points_at or c.marks):
            continue
        there = [numbers[p] for p in c.points_at if p in numbers]
        subjects = (_node(names, c),)
        if there:
            yield Problem(
                "connector-without-partner", subjects,
                f"The connector {_called(c)} on {names[c.sheet]} points at {there[0]}, which has no connector back.",
            )  # fmt: skip
        elif c.points_at:
            yield Problem(
                "connector-sheet-missing", subjects,
                f"The connector {_called(c)} on {names[c.sheet]} points at {c.points_at[0]}, which is not among the "
                "sheets.",
            )  # fmt: skip
        else:
            yield Problem(
                "connector-without-partner", subjects,
                f"No other sheet has a connector {c.marks[0]} like the one on {names[c.sheet]}.",
            )  # fmt: skip


def _duplicates(drawings: Sequence[Drawing], names: Sequence[str]) -> Iterator[Problem]:
    """Valve tags that stand on several sheets. Equipment and instruments may be drawn again as a reference."""
    grammar = load_grammar()
    holders: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for name, drawing in zip(names, drawings, strict=True):
        for symbol in drawing.symbols:
            if symbol.group == "valve" and symbol.tag and tag_reading(grammar, symbol) is not None:
                holders[full_tag(symbol)].append((name, symbol.id, symbol.tag))
    for found in holders.values():
        sheets = list(dict.fromkeys(name for name, _, _ in found))
        if len(sheets) > 1:
            yield Problem(
                "duplicate-tag-across-sheets", tuple(f"{name}#{i}" for name, i, _ in found),
                f"The valve tag {found[0][2]} stands on {' and '.join(sheets)}.",
            )  # fmt: skip
