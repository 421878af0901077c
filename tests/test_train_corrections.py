"""Learning from corrections: a style never seen is learned from two sheets, and what was known stays known."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.catalog import Catalog, load_catalog
from pid.detect.recipe import KindRecipe
from pid.drawing import Drawing, Symbol
from pid.evaluate import Truth
from pid.pipeline import Recognizer
from pid.resources import data_path
from pid.synth.generate import generate_sheet
from pid.synth.pixels import as_gray
from pid.synth.raster import render_raster
from pid.synth.scatter import scatter_sheet
from pid.train_corrections import LEAST_SURE, is_sure, train_kinds_on_corrections
from pid.verify.compare import compare_drawings
from pid.verify.figures import score_elements

Run = Callable[..., tuple[int, str, str]]
BOW_TIE = '<path d="M-3 -1.6 L3 1.6 L3 -1.6 L-3 1.6 Z"/>'
HOUSE = {
    "ball_valve": '<path d="M0 -1.3 L1.3 0 L0 1.3 L-1.3 0 Z"/><path d="M-1.3 0 H1.3 M0 -1.3 V1.3"/>',
    "gate_valve": '<path d="M-0.5 -1.7 V1.7 M0.5 -1.7 V1.7"/>',
    "globe_valve": '<path d="M-1 -1 L1 1 M-1 1 L1 -1"/><rect x="-1" y="-1" width="2" height="2"/>',
}
"""How an office draws what stands in the middle of three common valves; the catalogue draws none of them so."""
TAUGHT, ASKED, ELSEWHERE = (710_000_001, 710_000_004), 710_000_005, 700_000_003


def house_catalog(folder: Path) -> Catalog:
    """The catalogue with the house's drawings."""
    shutil.copytree(data_path("symbols"), folder)
    for kind, middle in HOUSE.items():
        path = folder / "valve" / f"{kind}.svg"
        drawn = f'<g id="house">{BOW_TIE}{middle}</g>'
        path.write_text(re.sub(r"<g id=.*</g>", lambda _, d=drawn: d, path.read_text(), flags=re.S))  # type: ignore[misc]
    return load_catalog(folder)


def draw(seed: int, folder: Path, catalog: Catalog | None = None) -> tuple[Path, Drawing]:
    """A generated sheet as NAME.png with NAME.json beside it."""
    folder.mkdir(exist_ok=True)
    house = {} if catalog is None else {"family": "offshore", "size": "A3", "catalog": catalog}
    sheet = generate_sheet(seed, **house)  # type: ignore[arg-type]
    picture = folder / f"{seed}.png"
    cv2.imwrite(str(picture), as_gray(render_raster(sheet.ink, sheet.style.px_per_mm)))
    picture.with_suffix(".json").write_text(sheet.drawing.to_json(), encoding="utf-8")
    return picture, sheet.drawing


def test_two_corrected_sheets_teach_a_style_and_nothing_is_forgotten(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is in the extra 'train' only")
    pytest.importorskip("ultralytics", reason="ultralytics is in the extra 'train' only")
    catalog = house_catalog(tmp_path / "symbols")
    for seed in TAUGHT:
        draw(seed, tmp_path / "project", catalog)
    asked, elsewhere = draw(ASKED, tmp_path / "asked", catalog), draw(ELSEWHERE, tmp_path / "elsewhere")
    recipe = KindRecipe.read("corrections").limited(steps=200)
    models = train_kinds_on_corrections(tmp_path / "project", tmp_path / "out", recipe)
    figures = []
    for picture, truth in (asked, elsewhere):
        before, after = (next(Recognizer(models=m).recognize(picture)) for m in (data_path("models"), models))
        figures.append(score_elements(compare_drawings(picture.stem, Truth(truth), before, after)))
    symbols = figures[0][0]
    print(f"F1 of symbols: {symbols.a.f1:.3f} before, {symbols.b.f1:.3f} after")
    assert symbols.part == "symbols"
    assert symbols.difference >= 0.1
    assert [f.label for f in figures[1] if f.significant_loss] == []
    assert abs(figures[1][0].difference) < 0.02


def test_a_network_with_one_class_broken_is_caught_and_named(tmp_path: Path, run: Run) -> None:
    pytest.importorskip("torch", reason="torch is in the extra 'train' only")
    onnx = pytest.importorskip("onnx", reason="onnx is in the extra 'train' only")
    broken = tmp_path / "broken"
    broken.mkdir()
    shutil.copyfile(data_path("models", "kinds.json"), broken / "kinds.json")
    row = json.loads((broken / "kinds.json").read_text())["labels"].index("flow_arrow")
    model = onnx.load(data_path("models", "kinds.onnx"))
    for tensor in model.graph.initializer:
        if tensor.name.startswith("network.kind."):
            values = onnx.numpy_helper.to_array(tensor).copy()
            values[row] = 0 if values.ndim > 1 else -20
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(model, broken / "kinds.onnx")
    for seed in (900_500_001, 900_500_002, 900_500_003):
        ink, drawing = scatter_sheet(seed, px_per_mm=4.0)
        image = np.ascontiguousarray(as_gray(render_raster(ink, 4.0))[:1000, :1500])
        inside = tuple(s for s in drawing.symbols if s.box[2] < 1495 and s.box[3] < 995)
        info = drawing.sheet.model_copy(update={"width": 1500, "height": 1000})
        truth = json.loads(drawing.model_copy(update={"symbols": inside, "words": (), "sheet": info}).to_json())
        truth["complete"] = ["symbols", "groups", "kinds"]
        (tmp_path / "truth").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "truth" / f"{seed}.png"), image)
        (tmp_path / "truth" / f"{seed}.json").write_text(json.dumps(truth))
    # Without the graph network, which names symbols as well: both folders hold the detector and the classifier alone.
    same = tmp_path / "same"
    shutil.copytree(broken, same)
    shutil.copyfile(data_path("models", "kinds.onnx"), same / "kinds.onnx")
    at = ("verify", "--truth", tmp_path / "truth", "--out", tmp_path / "v", "--models", same)
    status, said, _ = run(*at, broken)
    told = json.loads((tmp_path / "v" / "verify.json").read_text())
    lost = {f["label"]: (f["f1_a"], f["f1_b"]) for f in told["figures"] if f["significant_loss"]}
    assert status == 1, said
    assert "flow_arrow" in lost
    assert run("verify", "--truth", tmp_path / "truth", "--out", tmp_path / "v", "--models", same, same)[0] == 0


def test_only_what_both_witnesses_are_sure_of_is_learned_unseen() -> None:
    sure = Symbol(
        id="s", kind="gate_valve", group="valve", box=(0, 0, 9, 9), score=0.99, found_by=("shape", "structure"),
        attributes={"kind_score": 0.99},
    )  # fmt: skip
    assert is_sure(sure, LEAST_SURE)
    for doubt in (
        {"score": 0.9}, {"kind": "unknown"}, {"found_by": ("shape",)}, {"attributes": {"kind_score": 0.5}},
        {"attributes": {"kind_score": 0.99, "review": "also taken for flange"}}, {"attributes": {}},
    ):  # fmt: skip
        assert not is_sure(sure.model_copy(update=doubt), LEAST_SURE)
