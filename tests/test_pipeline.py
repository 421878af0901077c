"""From picture to drawing and back to the plant: every stage at work on a part of the sample sheet."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.drawing import Drawing
from pid.evaluate import Evaluation, Truth, evaluate
from pid.graph.build import build_graph
from pid.move import move_drawing
from pid.pipeline import Recognizer
from pid.resources import data_path

PART = (1500, 0, 3100, 1400)
"""x0, y0, x1, y1 of the part, in pixels of the sample."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Drawing, Evaluation]:
    x0, y0, x1, y1 = PART
    image = cv2.imread(str(data_path("samples", "sample.png")), cv2.IMREAD_GRAYSCALE)
    # The part lies on paper of the sample's width, so that symbols keep their size relative to the sheet.
    paper = np.full_like(image, 255)
    paper[: y1 - y0, : x1 - x0] = image[y0:y1, x0:x1]
    path = tmp_path_factory.mktemp("part") / "part.png"
    cv2.imwrite(str(path), paper)
    whole = Drawing.read(data_path("samples", "truth", "sample.json"))
    truth = move_drawing(whole, lambda points: points - [x0, y0], width=x1 - x0, height=y1 - y0)
    truth = truth.model_copy(
        update={"sheet": truth.sheet.model_copy(update={"width": image.shape[1], "height": image.shape[0]})}
    )
    (drawing,) = Recognizer(threads=2).recognize(Path(path))
    return drawing, evaluate(drawing, Truth(truth))


def test_symbols_words_lines_and_connections_are_found(seen: tuple[Drawing, Evaluation]) -> None:
    _, result = seen
    figures = result.figures()
    assert figures["symbols.f1"] > 0.6, figures
    assert figures["words.exact"] > 0.5, figures
    assert figures["lines.f1"] > 0.6, figures
    assert figures["connections.f1"] > 0.25, figures


def test_drawing_round_trips_and_makes_a_graph_of_its_symbols(seen: tuple[Drawing, Evaluation]) -> None:
    drawing, _ = seen
    assert Drawing.from_json(drawing.to_json()) == drawing
    graph = build_graph(drawing)
    ends = {end for c in drawing.connections for end in (c.a, c.b)}
    assert ends <= set(graph.nodes)
    assert all(graph.degree(end) for end in ends)


def test_tags_are_read_from_the_sheet(seen: tuple[Drawing, Evaluation]) -> None:
    drawing, _ = seen
    texts = {word.text for word in drawing.words}
    tagged = [s for s in drawing.symbols if s.tag]
    assert len(tagged) > 10
    assert all(any(part in text for text in texts for part in s.tag.replace(" ", "-").split("-")) for s in tagged)
