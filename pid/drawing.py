"""The data model: one `Drawing` is the prediction, the ground truth, the golden file and the API's body.

Terms of art: a *symbol* is a catalogue kind placed on the sheet; a *port* is where a line may end on it; a *line* is a
drawn pipe or signal between symbols and tees; a *connection* is an unordered pair of symbols joined by lines with no
other symbol between; a *word* is one string of lettering; a *finding* is a coded remark about the drawing.

All coordinates are pixels of the rectified sheet: origin top left, x right, y down. Angles are degrees,
counter-clockwise as the reader sees the sheet: a word read from bottom to top has the angle 90. ``mirrored`` means
flipped left-right (x to -x) before the rotation. Scores are probabilities in 0..1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from pid.errors import InputError

SCHEMA = "pid-drawing/1"

Group = Literal[
    "valve", "actuator", "instrument", "pump", "compressor", "heat_exchanger", "vessel", "separator", "fitting",
    "nozzle", "reducer", "connector", "flow_arrow", "other",
]  # fmt: skip
GROUPS: tuple[Group, ...] = get_args(Group)

Point = tuple[float, float]
Box = tuple[float, float, float, float]
Score = Annotated[float, Field(ge=0.0, le=1.0)]
Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]
IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


class _Part(BaseModel):
    """Immutable, closed to unknown keys, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Boxed(_Part):
    box: Box
    """x0, y0, x1, y1 with x0 <= x1 and y0 <= y1."""

    @field_validator("box")
    @classmethod
    def _ordered(cls, box: Box) -> Box:
        if box[0] > box[2] or box[1] > box[3]:
            raise ValueError(f"box corners are not ordered: {box}")
        return box


class Source(_Part):
    """The file and page that a drawing was read from."""

    name: str
    sha256: str
    page: Annotated[int, Field(ge=1)] = 1
    kind: Literal["raster", "pdf", "dxf"] = "raster"


class SheetInfo(_Part):
    """Size of the rectified sheet in pixels and its way back to the page as uploaded."""

    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    px_per_mm: Annotated[float, Field(gt=0)] | None = None
    to_source: Matrix = IDENTITY
    """3x3, sheet pixels to source: pixels of a raster, points of a PDF page (y down), drawing units of a DXF (y up)."""


class Symbol(_Boxed):
    """A placed symbol; `kind` is a catalogue kind, a taught kind or ``unknown``."""

    id: str
    kind: str = "unknown"
    group: Group = "other"
    rotation: Annotated[float, Field(ge=0, lt=360)] = 0.0
    mirrored: bool = False
    tag: str | None = None
    score: Score = 1.0
    found_by: tuple[Literal["shape", "structure", "vector", "block", "person"], ...] = ()
    ports: tuple[Point, ...] = ()
    attributes: dict[str, JsonValue] = Field(default_factory=dict)


class Line(_Part):
    """A drawn pipe or signal as a polyline from symbol or tee to symbol or tee."""

    id: str
    points: Annotated[tuple[Point, ...], Field(min_length=2)]
    kind: str = "process"
    style: str = "solid"
    line_number: str | None = None
    direction: Literal["forward", "backward", "both", "unknown"] = "unknown"
    score: Score = 1.0


class Connection(_Part):
    """Two symbols joined by drawn lines with no other symbol between."""

    a: str
    b: str
    kind: str = "process"
    directed: bool = False
    lines: tuple[str, ...] = ()
    score: Score = 1.0


class Word(_Boxed):
    """One string of lettering; `angle` is its reading direction, `owner` the symbol or line it labels.

    `raw` is what was read where the text was put right afterwards.
    """

    id: str
    text: str
    angle: float = 0.0
    score: Score = 1.0
    owner: str | None = None
    raw: str | None = None


class Cell(_Boxed):
    """A table cell; row and column count from 0."""

    row: Annotated[int, Field(ge=0)]
    column: Annotated[int, Field(ge=0)]
    row_span: Annotated[int, Field(ge=1)] = 1
    column_span: Annotated[int, Field(ge=1)] = 1
    text: str = ""
    score: Score = 1.0


class Table(_Boxed):
    """A ruled table and its cells."""

    id: str
    cells: tuple[Cell, ...] = ()


class TitleField(_Boxed):
    """One field of the title block, e.g. name ``drawing_number``."""

    name: str
    value: str
    score: Score = 1.0
    required: bool = False
    corrected: bool = False
    edited: bool = False


class TitleBlock(_Boxed):
    """The title block and its fields."""

    fields: tuple[TitleField, ...] = ()


class Finding(_Part):
    """A coded remark about elements of the drawing."""

    code: str
    severity: Literal["info", "warning", "error"] = "warning"
    subjects: tuple[str, ...] = ()
    message: str = ""


class Drawing(_Part):
    """Everything recognised on one sheet. Raises `InputError` from the ``from_*`` and ``read`` constructors only."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, title=SCHEMA, populate_by_name=True, serialize_by_alias=True
    )

    schema_: Literal["pid-drawing/1"] = Field(default="pid-drawing/1", alias="schema")
    source: Source
    sheet: SheetInfo
    symbols: tuple[Symbol, ...] = ()
    lines: tuple[Line, ...] = ()
    connections: tuple[Connection, ...] = ()
    words: tuple[Word, ...] = ()
    tables: tuple[Table, ...] = ()
    title_block: TitleBlock | None = None
    findings: tuple[Finding, ...] = ()

    @model_validator(mode="after")
    def _references_hold(self) -> Self:
        seen: set[str] = set()
        elements: tuple[Symbol | Line | Word | Table, ...] = (*self.symbols, *self.lines, *self.words, *self.tables)
        for element in elements:
            if element.id in seen:
                raise ValueError(f"the id {element.id!r} is used twice")
            seen.add(element.id)
        symbols = {s.id for s in self.symbols}
        lines = {line.id for line in self.lines}
        for c in self.connections:
            for end in (c.a, c.b):
                if end not in symbols:
                    raise ValueError(f"a connection names the symbol {end!r}, which the drawing lacks")
            for name in c.lines:
                if name not in lines:
                    raise ValueError(f"a connection names the line {name!r}, which the drawing lacks")
        for w in self.words:
            if w.owner is not None and w.owner not in symbols | lines:
                raise ValueError(f"the word {w.id!r} names the owner {w.owner!r}, which the drawing lacks")
        return self

    def to_json(self, *, indent: int | None = 1) -> str:
        """The drawing as JSON text; `Drawing.from_json` gives back an equal drawing."""
        return self.model_dump_json(by_alias=True, indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes, *, name: str = "drawing") -> Self:
        """Read JSON text. `name` is what an error calls it."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise InputError(f"{name} is not JSON: {error}.") from error
        return cls.from_dict(data, name=name)

    @classmethod
    def from_dict(cls, data: Any, *, name: str = "drawing") -> Self:
        """Read a JSON object that is already parsed."""
        if not isinstance(data, dict):
            raise InputError(f"{name} is not a drawing: a JSON object was expected, not {type(data).__name__}.")
        version = data.get("schema")
        if version != SCHEMA:
            raise InputError(f"{name} has the schema {version!r}; this version reads {SCHEMA!r} only.")
        try:
            return cls.model_validate_json(json.dumps(data))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "drawing"
            raise InputError(f"{name} is not a valid drawing: {where}: {first['msg']}.") from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a JSON file."""
        try:
            text = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from error
        return cls.from_json(text, name=str(path))

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """JSON Schema (2020-12) of the contract."""
        return cls.model_json_schema(by_alias=True)
