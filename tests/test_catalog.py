"""The symbol catalogue: shipped files are sound, new files are picked up, broken files are refused."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pid.catalog import Kind, load_catalog
from pid.drawing import GROUPS
from pid.errors import InputError
from pid.geometry import distance_to_segments
from pid.symbol_svg import FLATTENING_ERROR_MM, Port, Variant

PORT_OFF_INK_MM = 0.6  # a port on a bar stands where the pipe's centre line meets it, give or take a pen width
RUN_THROUGH = ("flow_arrow",)  # the pipe runs through an arrow head
KINDS = tuple(load_catalog().values())


def view_box(path: Path) -> tuple[float, float, float, float]:
    found = re.search(r'viewBox="([^"]+)"', path.read_text(encoding="utf-8"))
    assert found, path
    x, y, width, height = (float(v) for v in found.group(1).split())
    return x, y, x + width, y + height


def drawn_segments(variant: Variant) -> np.ndarray:
    parts = []
    for shape in variant.shapes:
        ends = np.roll(shape.points, -1, axis=0) if shape.closed else shape.points[1:]
        parts.append(np.c_[shape.points[: len(ends)], ends])
    return np.concatenate(parts)


def drawing_problems(kind: Kind, variant: Variant) -> Iterator[str]:
    x0, y0, x1, y1 = view_box(kind.path)
    low, high = np.array([x0, y0]) - 1e-6, np.array([x1, y1]) + 1e-6
    points = np.concatenate([shape.points for shape in variant.shapes])
    if not ((points >= low) & (points <= high)).all():
        yield "is drawn beyond the view box"
    if not all(len(shape.points) >= 2 and 0 < shape.width <= 1.5 for shape in variant.shapes):
        yield "has a shape without extent or with an odd pen"
    if not all(shape.stroked or shape.fill != "none" for shape in variant.shapes):
        yield "has an invisible shape"
    for text in variant.texts:
        if not (text.text or text.slot):
            yield "has lettering without letters"
        if not 0.7 <= text.height <= 6:
            yield f"letters {text.height:.1f} mm high"
        if not ((low <= (text.x, text.y)) & ((text.x, text.y) <= high)).all():
            yield "letters beyond the view box"


def port_problems(kind: Kind, variant: Variant) -> Iterator[str]:
    x0, y0, x1, y1 = variant.box
    edges = [[x0, y0, x1, y0], [x1, y0, x1, y1], [x1, y1, x0, y1], [x0, y1, x0, y0]]
    lines = np.concatenate([drawn_segments(variant), edges])
    for port in variant.ports:
        off = distance_to_segments([[port.x, port.y]], lines).min()
        if off > PORT_OFF_INK_MM:
            yield f"has the port {port.id} {off:.2f} mm off the drawing"
        if kind.group not in RUN_THROUGH and port.role != "actuator" and leads_inward(port, variant):
            yield f"has the port {port.id} lead inward"


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("problems_of", [drawing_problems, port_problems])
def test_shipped_symbols_are_sound(group: str, problems_of: Callable[[Kind, Variant], Iterator[str]]) -> None:
    kinds = load_catalog().by_group(group)
    assert kinds
    problems = [f"{k.name} {v.name} {p}" for k in kinds for v in k.variants for p in problems_of(k, v)]
    assert not problems, "\n".join(problems)


def leads_inward(port: Port, variant: Variant) -> bool:
    """Whether the port stands on the edge of the box that its own direction points away from."""
    turn = math.radians(port.direction)
    step = np.array([math.cos(turn), -math.sin(turn)])
    axis = int(np.abs(step).argmax())
    low, high = variant.box[axis], variant.box[axis + 2]
    position = (port.x, port.y)[axis]
    behind = position - low if step[axis] > 0 else high - position
    return high - low > 4 * PORT_OFF_INK_MM and behind <= PORT_OFF_INK_MM


def test_kinds_are_named_and_coded() -> None:
    codes = [kind.bom_code for kind in KINDS if kind.bom_code]
    assert len(set(codes)) == len(codes)
    for kind in KINDS:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", kind.name), kind.name
        assert kind.group in GROUPS
        assert kind.title
        assert kind.path.parent.name == kind.group
        assert len({v.name for v in kind.variants}) == len(kind.variants)
        assert all(v.weight > 0 for v in kind.variants)
        assert not any(c in kind.title for c in "_<>")


def test_catalogue_is_wide_enough() -> None:
    catalog = load_catalog()
    assert len(catalog) >= 110
    least = {"valve": 35, "actuator": 14, "instrument": 30, "fitting": 30, "reducer": 2, "connector": 5, "nozzle": 3}
    assert {group: len(catalog.by_group(group)) >= n for group, n in least.items()} == dict.fromkeys(least, True)
    assert len(catalog["gate_valve"].variants) >= 4
    assert {v.state for v in catalog["gate_valve"].variants} >= {"", "normally_closed"}


def test_a_bubble_has_slots_for_letters_and_number_and_eight_ports() -> None:
    bubble = load_catalog()["instrument_discrete_field"].variants[0]
    assert {text.slot for text in bubble.texts} == {"letters", "number"}
    assert len(bubble.ports) == 8
    letters, number = sorted(bubble.texts, key=lambda text: text.y)
    assert letters.slot == "letters"
    assert number.y - letters.y > letters.height


def test_a_stem_is_drawn_but_not_boxed() -> None:
    actuator = load_catalog()["diaphragm_actuator"].variants[0]
    assert any(shape.outside for shape in actuator.shapes)
    (stem,) = (port for port in actuator.ports if port.role == "actuator")
    assert stem.y > actuator.box[3] + 1  # the stem ends below the box of the dome


def test_scanning_needs_no_geometry_library() -> None:
    program = (
        "import sys; from pid.catalog import load_catalog; c = load_catalog(); "
        "assert 'svgelements' not in sys.modules; len(c['gate_valve'].variants); assert 'svgelements' in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def svg(
    body: str = '<g id="a"><path d="M0 0 L4 0"/></g>',
    *,
    meta: str = '<pid:symbol kind="odd_valve" group="valve" bom="VOD"/>',
) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:pid="urn:pid:symbol" viewBox="-9 -9 18 18" fill="none" '
        f'stroke="black" stroke-width="0.35"><title>Odd valve</title>{meta}{body}</svg>'
    )


def write(folder: Path, text: str, *, group: str = "valve", name: str = "odd_valve") -> Path:
    path = folder / group / f"{name}.svg"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_new_file_is_a_new_kind(tmp_path: Path) -> None:
    body = """
      <pid:port id="a" x="-3" y="0" direction="180" role="process"/>
      <g id="plain" pid:weight="3"><g transform="translate(1 2) scale(2)">
        <circle r="1.5" fill="white"/><line x1="0" y1="0" x2="0" y2="4" pid:outside="true" stroke-dasharray="1,.5"/>
        <text x="0" y="0" font-size="2" pid:slot="letters">XV</text></g></g>
      <g id="drawn_elsewhere" pid:state="normally_closed" style="fill:#000000;stroke-width:0.5">
        <pid:port id="b" x="3" y="0" direction="360" role="any"/><rect x="-3" y="-2" width="6" height="4"/>
        <polygon points="0,0 1,0 1,1" stroke="none"/><polyline points="0 0 2 2 4 0"/><ellipse rx="2" ry="1"/></g>
    """
    write(tmp_path, svg(body))
    catalog = load_catalog(tmp_path)
    assert list(catalog) == ["odd_valve"]
    kind = catalog["odd_valve"]
    assert (kind.group, kind.bom_code, kind.title) == ("valve", "VOD", "Odd valve")
    plain, other = kind.variants
    assert plain.box == pytest.approx((-2, -1, 4, 5), abs=FLATTENING_ERROR_MM)
    assert (plain.weight, other.state) == (3, "normally_closed")
    circle, line = plain.shapes
    assert (circle.fill, circle.closed, circle.width) == ("paper", True, pytest.approx(0.7))
    assert line.outside
    assert line.dash == pytest.approx((2, 1))
    (text,) = plain.texts
    assert (text.x, text.y, text.height, text.slot) == (1, 2, pytest.approx(2 * 2 * 0.7), "letters")
    assert [port.id for port in plain.ports] == ["a"]
    assert [(port.id, port.direction) for port in other.ports] == [("b", 0)]
    assert [shape.fill for shape in other.shapes] == ["ink"] * 4
    assert not other.shapes[1].stroked
    assert [shape.closed for shape in other.shapes] == [True, True, False, True]


def test_curves_are_flattened_to_within_the_permitted_error(tmp_path: Path) -> None:
    body = '<g id="a"><circle r="8"/></g><g id="b"><path d="M-8 0 A8 8 0 0 1 8 0"/></g>'
    write(tmp_path, svg(body))
    for variant in load_catalog(tmp_path)["odd_valve"].variants:
        (shape,) = variant.shapes
        radii = np.hypot(*((shape.points[1:] + shape.points[:-1]) / 2).T)
        assert np.abs(radii - 8).max() <= FLATTENING_ERROR_MM
        assert np.hypot(*shape.points.T) == pytest.approx(8, abs=1e-6)
        assert len(shape.points) < 150


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<svg", "well-formed"),
        ("<html/>", "not an SVG file"),
        (svg(meta=""), "no <pid:symbol> metadata"),
        (svg(meta='<pid:symbol kind="odd_valve" group="valves"/>'), "group 'valves' is unknown"),
        (svg(meta='<pid:symbol kind="odd_valve" group="pump"/>'), "not the name of its folder"),
        (svg(meta='<pid:symbol kind="even_valve" group="valve"/>'), "not the name of the file"),
        (svg(meta='<pid:symbol kind="odd_valve" group="valve" bom="v-1"/>'), "BOM code 'v-1'"),
        (svg(meta='<pid:symbol kind="odd_valve" group="valve" stretch="z"/>'), "stretch 'z'"),
        (svg('<path d="M0 0 L4 0"/>'), "no variant"),
    ],
)
def test_broken_metadata_is_refused_at_the_scan(tmp_path: Path, text: str, reason: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=re.escape(reason)) as caught:
        load_catalog(tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<g id="a"/>', "draws nothing"),
        ('<g id="a" pid:weight="0"><circle r="1"/></g>', "weight"),
        ('<g id="a"><circle r="x"/></g>', "could not convert"),
        ('<g id="a"><path/></g>', "'d'"),
        ('<g id="a"><circle r="1" fill="red"/></g>', "fill 'red'"),
        ('<g id="a"><image/></g>', "<image>"),
        ('<g id="a"><circle r="1"/></g><g id="a"><circle r="1"/></g>', "same id"),
        ('<pid:port id="a" x="0" y="0"/><g id="a"><circle r="1"/></g>', "'direction'"),
        ('<pid:port id="a" x="0" y="0" direction="0" role="gas"/><g id="a"><circle r="1"/></g>', "role 'gas'"),
    ],
)
def test_broken_geometry_is_refused_when_read(tmp_path: Path, body: str, reason: str) -> None:
    path = write(tmp_path, svg(body))
    kind = load_catalog(tmp_path)["odd_valve"]
    with pytest.raises(InputError, match=re.escape(reason)) as caught:
        _ = kind.variants
    assert str(path) in str(caught.value)


def test_a_code_or_name_used_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, svg())
    twin = svg(meta='<pid:symbol kind="even_valve" group="valve" bom="VOD"/>')
    path = write(tmp_path, twin, name="even_valve")
    with pytest.raises(InputError, match="BOM code 'VOD' is also used by"):
        load_catalog(tmp_path)
    path.unlink()
    write(tmp_path, svg(meta='<pid:symbol kind="odd_valve" group="pump" bom="P"/>'), group="pump")
    with pytest.raises(InputError, match="kind 'odd_valve' is also defined by"):
        load_catalog(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        load_catalog(tmp_path / "nowhere")
