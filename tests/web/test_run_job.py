"""What a worker stores of a page."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.drawing import Drawing
from pid.pipeline import Progress
from pid.sheet import Sheet
from pid.structure.taught import TaughtFinder
from pid.web.page_image import read_page_image
from pid.web.run_job import Job
from pid.web.store import Store
from pid.web.tiles import read_tile


class TurningRecognizer:
    """Finds every page upside down, as the real one may: the drawing's frame is the page turned by 180 degrees."""

    def recognize_sheet(
        self, sheet: Sheet, *, progress: Progress | None = None, taught: TaughtFinder | None = None
    ) -> Drawing:
        width, height = sheet.info.width, sheet.info.height
        turned = sheet.info.model_copy(update={"to_source": ((-1, 0, width), (0, -1, height), (0, 0, 1))})
        return Drawing(source=sheet.source, sheet=turned)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pictures_are_in_the_drawings_frame(open_store: Callable[[], Store], tmp_path: Path) -> None:
    store = open_store()
    image = np.full((300, 400), 255, np.uint8)
    image[20:60, 30:90] = 0
    cv2.imwrite(str(tmp_path / "sheet.png"), image)
    project = store.add_project("Unit", "somebody")
    document, _ = store.add_document(project.id, "sheet.png", tmp_path / "sheet.png", "somebody")
    claim = store.claim_job("worker")
    assert claim is not None
    Job(store, claim, TurningRecognizer(), tell=lambda *_: None).run()
    page = store.pages(document.id)[0]
    assert page.image_key is not None and page.tiles_key is not None
    turned = image[::-1, ::-1]
    assert np.abs(read_page_image(store.files, page.image_key).astype(int) - turned).max() <= 2
    tile = read_tile(BytesIO(store.files.read(page.tiles_key)), 0, 0, 0)
    assert tile is not None
    shown = cv2.imdecode(np.frombuffer(tile, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert np.abs(shown[::8, ::8].astype(int) - turned[::8, ::8]).max() <= 40
