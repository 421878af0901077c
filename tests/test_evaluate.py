"""The project's own figures against the independent scorer and against known answers."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pid.drawing import Connection, Drawing, Line, SheetInfo, Source, Symbol, Word
from pid.errors import InputError
from pid.evaluate import Truth, evaluate, read_truth

SHARED = Path(__file__).resolve().parents[2] / "shared"


def build_drawing(seed: int = 0, count: int = 30) -> Drawing:
    rng = np.random.default_rng(seed)
    groups = ("valve", "instrument", "fitting", "flow_arrow")
    symbols = []
    for i in range(count):
        x, y, w, h = rng.uniform(0, 4000), rng.uniform(0, 3000), rng.uniform(4, 90), rng.uniform(20, 90)
        group = groups[i % 4]
        symbols.append(
            Symbol(id=f"s{i}", kind=f"{group}_{i % 3}", group=group, box=(x, y, x + w, y + h), score=rng.uniform(0, 1))
        )
    lines = [Line(id=f"l{i}", points=((10 * i, 0), (10 * i, 900), (700, 900))) for i in range(5)]
    words = [Word(id=f"w{i}", text=f"{i}-PV-{i}23", box=(50 * i, 20, 50 * i + 40, 32)) for i in range(6)]
    connections = [Connection(a=f"s{i}", b=f"s{i + 1}") for i in range(0, count - 1, 4)]
    return Drawing(
        source=Source(name="t", sha256=""), sheet=SheetInfo(width=5000, height=3500), symbols=symbols, lines=lines,
        words=words, connections=connections,
    )  # fmt: skip


def spoil(drawing: Drawing, seed: int) -> Drawing:
    """Moved, missing, added and renamed elements."""
    rng = np.random.default_rng(seed)
    symbols = []
    for s in drawing.symbols:
        if rng.random() < 0.2:
            continue
        shift = rng.normal(0, 4, 4)
        x0, y0, x1, y1 = (v + d for v, d in zip(s.box, shift, strict=True))
        box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        group = "valve" if rng.random() < 0.2 else s.group
        symbols.append(s.model_copy(update={"box": box, "group": group, "score": float(rng.random())}))
    kept = {s.id for s in symbols}
    return drawing.model_copy(
        update={
            "symbols": tuple(symbols),
            "connections": tuple(c for c in drawing.connections if {c.a, c.b} <= kept),
            "lines": drawing.lines[1:],
            "words": tuple(w.model_copy(update={"text": w.text[: 3 + i]}) for i, w in enumerate(drawing.words)),
        }
    )


def test_perfect_prediction_scores_one() -> None:
    drawing = build_drawing()
    result = evaluate(drawing, Truth(drawing))
    for name, value in result.figures().items():
        assert value == (0.0 if name in ("words.cer", "review_load", "corrections") else 1.0), name


def test_missing_prediction_scores_zero() -> None:
    figures = evaluate(None, Truth(build_drawing())).figures()
    assert figures["symbols.f1"] == figures["connections.r"] == figures["words.exact"] == figures["lines.r"] == 0.0
    assert figures["review_load"] == 100.0


def load_scorer() -> ModuleType:
    path = SHARED / "tools" / "score.py"
    if not path.exists():
        pytest.skip("the independent scorer is not beside this checkout")
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_the_independent_scorer(seed: int) -> None:
    scorer = load_scorer()
    drawing = build_drawing(seed)
    predicted = spoil(drawing, seed + 100)
    complete = ["symbols", "groups", "kinds", "connections", "words", "lines"]
    theirs = scorer.score(json.loads(drawing.to_json()) | {"complete": complete}, json.loads(predicted.to_json()))
    ours = evaluate(predicted, Truth(drawing))
    figures = ours.figures()
    for part in ("symbols", "connections", "lines"):
        for name in ("p", "r", "f1"):
            assert figures[f"{part}.{name}"] == pytest.approx(theirs[part][name]), (part, name)
    assert ours.ap50 == pytest.approx(theirs["symbols"]["ap50"])
    assert ours.group_f1 == pytest.approx(theirs["groups"]["f1"])
    assert ours.kind_f1 == pytest.approx(theirs["kinds"]["macro_f1"])
    assert figures["words.exact"] == pytest.approx(theirs["words"]["exact"])
    assert figures["words.cer"] == pytest.approx(theirs["words"]["cer"])
    assert ours.review_load == pytest.approx(theirs["review_load"])


def test_partial_truth_and_its_frame(tmp_path: Path) -> None:
    truth = {
        "complete": ["symbols"],
        "sheet": {"width": 5000, "height": 3500},
        "source_to_sheet": [[2, 0, 0], [0, -2, 3500], [0, 0, 1]],
        "symbols": [{"id": "a", "kind": "x", "group": "valve", "box": [100, 100, 160, 160], "rotation": 360.0}],
    }
    path = tmp_path / "t.json"
    path.write_text(json.dumps(truth))
    predicted = Drawing(
        source=Source(name="t", sha256=""),
        sheet=SheetInfo(width=1000, height=700, to_source=((2.5, 0, 0), (0, -2.5, 1750), (0, 0, 1))),
        symbols=(Symbol(id="p", group="valve", box=(20, 20, 32, 32)),),
    )
    result = evaluate(predicted, read_truth(path))
    assert result.symbols is not None
    assert result.symbols.f1 == 1.0
    assert result.words is None
    assert result.connections is None


def test_truth_that_is_not_json_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text("{")
    with pytest.raises(InputError, match=r"t\.json is not JSON"):
        read_truth(path)
