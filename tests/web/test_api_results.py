"""What comes out of the API: exports, take-off, estimate, comparison, pictures, settings, taught symbols."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import ezdxf
import numpy as np
import openpyxl
import pypdfium2
import pytest

from pid.drawing import Drawing, SheetInfo, Source
from pid.web.api import teaching
from pid.web.find_alike import FOLDER
from pid.web.jobs import Pool
from pid.web.store import PageResult
from pid.web.tiles import draw_thumbnail, write_tiles
from pid.web.worker import WorkerSetup

from .serving import Service, png, small_drawing, start_service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return start_service(tmp_path)


def test_every_export_is_what_it_says(service: Service) -> None:
    _, page = service.add_page(name='pl"a\nnt;ü.png')

    def export(name: str) -> bytes:
        answer = service.call("GET", f"/pages/{page.id}/exports/{name}")
        assert answer.status_code == 200, (name, answer.get_data(as_text=True))
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert "\n" not in answer.headers["Content-Disposition"]
        return answer.data

    assert Drawing.from_json(export("json")).symbols == small_drawing().symbols
    assert {node["id"] for node in json.loads(export("graph"))["nodes"]} >= {"s1", "s2", "s3"}
    for name in ("dexpi", "graphml", "svg"):
        ElementTree.fromstring(export(name))
    assert "PID_SYMBOLS_VALVE" in ezdxf.read(io.StringIO(export("dxf").decode())).layers
    assert len(pypdfium2.PdfDocument(export("pdf"))) == 1
    assert cv2.imdecode(np.frombuffer(export("png"), np.uint8), cv2.IMREAD_COLOR).shape == (600, 800, 3)
    assert service.call("GET", f"/pages/{page.id}/exports/exe").status_code == 404


def test_the_pdf_export_of_a_pdf_lies_over_its_page(service: Service, tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "plant.pdf"), pagesize=(400, 300))
    canvas.drawString(20, 20, "ORIGINAL")
    canvas.save()
    data = (tmp_path / "plant.pdf").read_bytes()
    document, _ = service.store.add_document(service.project.id, "plant.pdf", data, "admin")
    claim = service.store.claim_job("test")
    assert claim is not None
    drawing = small_drawing().model_copy(
        update={
            "source": Source(name="plant.pdf", sha256="0" * 64, kind="pdf"),
            "sheet": SheetInfo(width=800, height=600, to_source=((0.5, 0, 0), (0, 0.5, 0), (0, 0, 1))),
        }
    )
    service.store.store_page(claim, 1, PageResult(drawing, "x", "x"))
    page = service.store.pages(document.id)[0]
    answer = service.call("GET", f"/pages/{page.id}/exports/pdf")
    assert answer.status_code == 200
    text = pypdfium2.PdfDocument(answer.data)[0].get_textpage().get_text_bounded()
    assert "ORIGINAL" in text


def test_the_take_off_leads_back_to_symbols_of_each_sheet(service: Service) -> None:
    first, page = service.add_page()
    other = [s.model_copy(update={"tag": f"{s.tag}B"}) for s in small_drawing().symbols]  # one tag is counted once
    service.add_page(small_drawing().model_copy(update={"symbols": tuple(other)}))  # another file of the same name
    items = service.call("GET", f"/projects/{service.project.id}/takeoff").json["items"]
    valves = next(item for item in items if item["kind"] == "gate_valve")
    assert set(valves["ids"]) == {f"plant.png{n}#{s}" for n in ("", " (2)") for s in ("s1", "s3")}
    one = service.call("GET", f"/projects/{service.project.id}/takeoff?page={page.id}").json["items"]
    assert next(item for item in one if item["kind"] == "gate_valve")["quantity"] == 2
    rows = list(csv.reader(io.StringIO(service.call("GET", f"/projects/{service.project.id}/bom.csv").text)))
    assert len(rows) == len(items) + 1
    lists = service.call("GET", f"/projects/{service.project.id}/lists").json
    assert {row["tag"] for row in lists["equipment"]} == {"P-101", "P-101B"}
    service.call("DELETE", f"/documents/{first.id}")
    assert service.call("GET", f"/projects/{service.project.id}/takeoff?page={page.id}").status_code == 404


def test_prices_of_a_project_make_its_estimate(service: Service) -> None:
    _, page = service.add_page()
    path = f"/projects/{service.project.id}/estimate"
    assert service.call("GET", f"{path}.json").json["total"] == 0
    prices = "code,size,class,material\nEPCF,,,1000\nVGA,,,10\n"
    put = service.call("PUT", f"/settings/prices?project={service.project.id}", json={"value": prices}, by="estimator")
    assert put.status_code == 200
    assert service.call("GET", f"{path}.json", by="estimator").json["total"] == 1020
    assert service.call("GET", "/settings/prices").json["value"] == ""
    book = openpyxl.load_workbook(io.BytesIO(service.call("GET", f"{path}.xlsx").data))
    targets = {cell.hyperlink.target for cell in book["Parts"]["G"] if cell.hyperlink}
    assert targets == {f"http://localhost/pages/{page.id}?element={s}" for s in ("s1", "s2", "s3")}
    assert service.call("GET", f"{path}.json", by="viewer").status_code == 403
    assert service.call("GET", f"/settings/prices?project={service.project.id}", by="viewer").status_code == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rules", "nonsense"),
        ("prices", "a,b\n1,2\n"),
        ("prices", "code,material\nVGA,-1\n"),
        ("lexicons", "[["),
        ("checks", ""),
        ("thresholds", {"accept": 0.1, "review": 0.9}),
        ("thresholds", "0.5"),
        ("rules", {"a": 1}),
    ],
)
def test_a_setting_that_cannot_be_used_is_not_kept(service: Service, name: str, value: object) -> None:
    before = service.call("GET", f"/settings/{name}").json
    answer = service.call("PUT", f"/settings/{name}", json={"value": value})
    assert answer.status_code == 422
    assert "/tmp" not in answer.json["error"]["message"]
    assert service.call("GET", f"/settings/{name}").json == before


def test_thresholds_hold_for_new_projects(service: Service) -> None:
    service.call("PUT", "/settings/thresholds", json={"value": {"accept": 0.8, "review": 0.3}})
    project = service.call("POST", "/projects", json={"name": "B"}).json
    assert (project["accept_score"], project["review_score"]) == (0.8, 0.3)


def test_two_revisions_are_compared(service: Service) -> None:
    _, page = service.add_page()
    operations = [{"op": "remove", "part": "symbols", "id": "s3"}]
    service.call("PATCH", f"/pages/{page.id}/drawing", json={"base": 1, "operations": operations})
    pair = {"old": page.id, "old_revision": 1, "new": page.id}
    changes = service.call("POST", "/compare", json=pair).json
    assert [(c["what"], c["old_id"]) for c in changes["changes"] if c["what"] == "removed"] == [("removed", "s3")]
    assert ("VGA", 2, 1) in [(r["code"], r["old"], r["new"]) for r in changes["take_off"]]
    assert service.call("POST", "/compare.png", json=pair).data.startswith(b"\x89PNG")
    assert (
        "Changes"
        in openpyxl.load_workbook(io.BytesIO(service.call("POST", "/compare.xlsx", json=pair).data)).sheetnames
    )


def test_pictures_of_a_page(service: Service, tmp_path: Path) -> None:
    image = np.full((600, 800), 255, np.uint8)
    image[100:200, 300:400] = 0
    document, _ = service.store.add_document(service.project.id, "a.png", b"x", "admin")
    claim = service.store.claim_job("test")
    assert claim is not None
    write_tiles(image, tmp_path / "tiles.zip")
    keys = [
        service.store.files.put(data).key
        for data in (
            cv2.imencode(".png", image)[1].tobytes(),
            draw_thumbnail(image),
            (tmp_path / "tiles.zip").read_bytes(),
        )
    ]
    service.store.store_page(claim, 1, PageResult(small_drawing(), keys[0], keys[1], keys[2]))
    page = service.store.pages(document.id)[0]

    def picture(path: str) -> np.ndarray:
        answer = service.call("GET", f"/pages/{page.id}/{path}")
        assert answer.status_code == 200
        return cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_GRAYSCALE)

    assert picture("tiles/0/0/0.jpg").shape == (300, 400)  # tiles end where the sheet ends
    assert picture("thumbnail.jpg").shape == (360, 480)
    crop = picture("crop.png?box=290,90,410,210")
    assert crop.shape == (120, 120)
    assert (crop[15:105, 15:105] == 0).all()
    assert (crop[:9] == 255).all()
    assert service.call("GET", f"/pages/{page.id}/tiles/9/0/0.jpg").status_code == 404
    for box in ("900,0,950,10", "10,10,5,5", "1,2,3", "nan,0,1,1"):
        assert service.call("GET", f"/pages/{page.id}/crop.png", query_string={"box": box}).status_code == 422


def valve_sheet() -> np.ndarray:
    """Four gate valves drawn alike on pipes, (600, 800) uint8."""
    image = np.full((600, 800), 255, np.uint8)
    for x, y in ((150, 150), (450, 150), (150, 400), (550, 420)):
        for corners in (((x, y), (x, y + 40), (x + 60, y), (x + 60, y + 40)),):
            cv2.polylines(image, [np.array([corners[0], corners[1], corners[2], corners[3], corners[0]])], True, 0, 3)
        cv2.line(image, (x - 60, y + 20), (x, y + 20), 0, 3)
        cv2.line(image, (x + 60, y + 20), (x + 120, y + 20), 0, 3)
    return image


@pytest.fixture
def taught(service: Service) -> Iterator[tuple[Service, str]]:
    """A page with four valves of which one is recognised, as something else."""
    drawing = small_drawing()
    wrong = drawing.symbols[0].model_copy(update={"box": (150.0, 150.0, 210.0, 190.0), "kind": "unknown"})
    drawing = drawing.model_copy(update={"symbols": (wrong,), "lines": (), "connections": (), "words": ()})
    document, _ = service.store.add_document(service.project.id, "a.png", b"x", "admin")
    claim = service.store.claim_job("test")
    assert claim is not None
    image = service.store.files.put(cv2.imencode(".png", valve_sheet())[1].tobytes())
    service.store.store_page(claim, 1, PageResult(drawing, image.key, image.key))
    yield service, service.store.pages(document.id)[0].id


def test_all_like_an_example_are_found(taught: tuple[Service, str]) -> None:
    service, page = taught
    body = {"name": "isolation-valve", "box": [445, 145, 515, 195]}
    answer = service.call("POST", f"/pages/{page}/find", json=body, by="estimator")
    assert answer.status_code == 200, answer.text
    assert answer.json["revision"] == 2
    drawing = service.call("GET", f"/pages/{page}/drawing").json
    assert [s["kind"] for s in drawing["symbols"]] == ["isolation-valve"] * 4
    assert (drawing["symbols"][0]["id"], drawing["symbols"][0]["tag"]) == ("s1", "HV-101")
    again = service.call("POST", f"/pages/{page}/find", json={"name": "isolation-valve"})
    assert (again.json["found"], again.json["revision"]) == (0, 2)
    listed = service.call("GET", f"/projects/{service.project.id}/taught").json["items"]
    assert [(item["name"], item["examples"]) for item in listed] == [("isolation-valve", 1)]
    assert service.call("DELETE", f"/projects/{service.project.id}/taught/isolation-valve").status_code == 204
    assert service.call("POST", f"/pages/{page}/find", json={"name": "isolation-valve"}).status_code == 422


def test_what_is_found_joins_what_others_have_edited_meanwhile(
    taught: tuple[Service, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, page = taught
    real = teaching.find_alike

    def slow(*args: Any) -> Any:
        operations = [{"op": "accept", "part": "symbols", "ids": ["s1"]}]
        edit = service.call("PATCH", f"/pages/{page}/drawing", json={"base": 1, "operations": operations})
        assert edit.status_code == 200
        return real(*args)

    monkeypatch.setattr(teaching, "find_alike", slow)
    body = {"name": "isolation-valve", "box": [445, 145, 515, 195]}
    answer = service.call("POST", f"/pages/{page}/find", json=body)
    assert (answer.status_code, answer.json["revision"]) == (200, 3)
    symbols = service.call("GET", f"/pages/{page}/drawing").json["symbols"]
    assert [s["kind"] for s in symbols] == ["isolation-valve"] * 4


def test_what_a_project_was_taught_is_found_on_pages_read_later(
    taught: tuple[Service, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, page = taught
    lesson = {"name": "isolation-valve", "box": [445, 145, 515, 195], "group": "valve"}
    assert service.call("POST", f"/pages/{page}/teach", json=lesson).status_code == 201
    other = service.call("POST", "/projects", json={"name": "Another"}).json["id"]
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    store, data = service.store, service.app.extensions["pid"].config.data
    setup = WorkerSetup(
        store.url,
        store.files.url,
        recognizer="cheap_recognizer:CheapRecognizer",
        threads=1,
        libraries=str(data / FOLDER),
    )
    pool = Pool(store, 1, setup=setup)
    pool.start()
    try:
        kinds = []
        for project in (service.project.id, other):
            files = {"files": (io.BytesIO(png((90, 60))), "b.png")}
            answer = service.call("POST", f"/projects/{project}/documents", data=files, query_string={"wait": 60})
            (read,) = answer.json["items"][0]["pages"]
            kinds.append([s["kind"] for s in read["drawing"]["symbols"]])
    finally:
        pool.stop()
    assert kinds == [["gate_valve", "isolation-valve"], ["gate_valve"]]


def test_a_box_without_ink_teaches_nothing(taught: tuple[Service, str]) -> None:
    service, page = taught
    answer = service.call("POST", f"/pages/{page}/teach", json={"name": "x", "box": [700, 500, 760, 560]})
    assert answer.status_code == 422
    assert service.call("GET", f"/projects/{service.project.id}/taught").json["items"] == []
