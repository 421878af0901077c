"""The drawing of a page in the formats of other programs."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response
from pydantic import BaseModel, Field

from pid.annotate import write_annotated
from pid.drawing import Drawing
from pid.errors import InputError
from pid.export_files import FORMATS, export_drawing
from pid.web.access import page_of
from pid.web.app_state import store
from pid.web.downloads import file_answer, stem
from pid.web.files import temporary_folder
from pid.web.models import Page
from pid.web.page_image import page_sheet
from pid.web.permissions import requires
from pid.web.store_errors import NotFoundError

routes = APIBlueprint("exports", __name__, tag="Exports")
BINARY = FileSchema(type="string", format="binary")
ExportName = Literal["json", "graph", "dexpi", "graphml", "dxf", "svg", "pdf", "png"]
_ENDINGS = {**FORMATS, "json": ".json", "graph": FORMATS["json"], "png": "-annotated.png"}
_TYPES = {
    "json": "application/json", "graph": "application/json", "dexpi": "application/xml",
    "graphml": "application/xml", "dxf": "image/vnd.dxf", "svg": "image/svg+xml", "pdf": "application/pdf",
    "png": "image/png",
}  # fmt: skip
PDF_SECONDS = 120
"""A page of a PDF is laid over the drawing by a process of its own, which may take so long."""


class OfRevision(BaseModel):
    """Which revision is wanted."""

    revision: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="The latest one where it is not said.")] = (
        None
    )


@routes.get("/pages/<id:page_id>/exports/<any(json,graph,dexpi,graphml,dxf,svg,pdf,png):name>")
@routes.input(OfRevision, location="query", arg_name="query")
@routes.output(BINARY, content_type="application/octet-stream")
@requires("read")
def get_export(page_id: str, name: ExportName, query: OfRevision) -> Response:
    """The drawing as `json` (what this API speaks), `graph` (the plant's graph, node-link JSON), `dexpi` (Proteus XML),
    `graphml`, `dxf` (overlay layers), `svg`, `pdf` (over the original page) or `png` (annotated picture).
    """
    page = page_of(page_id)
    number = query.revision or page.head
    if not number:
        raise NotFoundError
    drawing = store().revision(page_id, number)[1]
    with temporary_folder() as folder:
        path = folder / f"export{_ENDINGS[name]}"
        _write(page, drawing, name, path)
        data = path.read_bytes()
    page_name = f"-p{page.number}" if page.number > 1 else ""
    return file_answer(data, _TYPES[name], f"{stem(page.document.name)}{page_name}{_ENDINGS[name]}")


def _write(page: Page, drawing: Drawing, name: str, path: Path) -> None:
    if name == "json":
        path.write_text(drawing.to_json(), encoding="utf-8")
    elif name == "pdf" and page.document.suffix == ".pdf":
        _write_over_pdf(page, drawing, path)
    elif name in ("svg", "pdf", "png"):
        sheet = page_sheet(store().files, page.image_key, drawing) if page.image_key else None
        if name == "png":
            if sheet is None:
                raise NotFoundError
            write_annotated(sheet, drawing, path)
        else:
            export_drawing(drawing, name, path, sheet=sheet)
    else:
        export_drawing(drawing, "json" if name == "graph" else name, path)


def _write_over_pdf(page: Page, drawing: Drawing, path: Path) -> None:
    """Lay the drawing over its PDF in a process of its own: the upload may bring down what decodes it."""
    result = path.parent / "drawing.json"
    result.write_text(drawing.to_json(), encoding="utf-8")
    with store().files.local(page.document.file_key) as content:
        original = path.parent / "original.pdf"
        original.symlink_to(content)
        command = [sys.executable, "-m", "pid.cli", "export", str(result), "--to", "pdf", "--out", str(path)]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [*command, "--original", str(original)], timeout=PDF_SECONDS, capture_output=True, check=False
            )
    if not path.exists():
        raise InputError(f"{page.document.name} cannot be drawn on.")
