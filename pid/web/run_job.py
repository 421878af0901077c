"""One job from the file to stored pages: what a worker does, whatever runs it.

Each page is stored when it is read, so that a document of many pages needs the memory of one, and what a worker has
done before it dies need not be done again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.annotate import draw_annotations
from pid.document.load import count_pages, load_sheets
from pid.drawing import Drawing
from pid.errors import InputError
from pid.export_files import in_sheet_frame
from pid.pipeline import Progress
from pid.sheet import Sheet
from pid.structure.taught import TaughtFinder
from pid.web.files import temporary_folder
from pid.web.store import Claim, PageResult, Store
from pid.web.tiles import draw_thumbnail, encode_jpeg, write_tiles

MAX_PAGES = 500
"""Pages of a document that are read; more are refused."""
DENSE_PNG = 0.5
"""Bytes a pixel from which a PNG is no good: the page is a noisy scan or a photograph, and kept as JPEG."""
FAST_PNG = 1
READING_SHARE = 0.95
"""Share of a page's time until its drawing is there; the rest goes into its pictures."""
NAMED_FAILURES = 3
"""So many failed pages are named in a job's sentence."""
PICTURES: dict[str, Callable[[Sheet, Drawing], bytes]] = {
    "image": lambda sheet, _: encode_page(sheet.image),
    "thumbnail": lambda sheet, _: draw_thumbnail(sheet.image),
    "tiles": lambda sheet, _: _tile_pyramid(sheet.image),
    "annotated": lambda sheet, drawing: _png(draw_annotations(sheet, drawing)),
}
"""The pictures of a page by name, as they are stored: in the drawing's frame, put right as the page was for reading."""
REVIEW_PICTURES = ("image", "thumbnail", "tiles")
"""What the review page shows."""
RESULT_PICTURES = ("annotated",)
"""What lies in a folder of results."""
_UNEXPECTED = (
    MemoryError, ArithmeticError, LookupError, TypeError, ValueError, RuntimeError, AssertionError, cv2.error,
)  # fmt: skip
"""What reading a page may meet beside `InputError`; a failing store is not among them and ends the worker."""

_log = logging.getLogger(__name__)


class SheetRecognizer(Protocol):
    """What reads a page: `pid.pipeline.Recognizer`, or something cheap in a test."""

    def recognize_sheet(
        self, sheet: Sheet, *, progress: Progress | None = None, taught: TaughtFinder | None = None
    ) -> Drawing:
        """The drawing of a page, with what its project was taught; raises `InputError`."""


class Job:
    """A claimed job at work.

    Args:
        store: where its results go.
        claim: the job.
        recognizer: what reads a page.
        tell: called with the stage, the share done (0..1) and how many pages are done.
        max_pages: documents of more pages are refused.
        taught: finds what the document's project was taught.
        pictures: which of `PICTURES` are made.
    """

    def __init__(
        self,
        store: Store,
        claim: Claim,
        recognizer: SheetRecognizer,
        *,
        tell: Callable[[str, float, int], None],
        max_pages: int = MAX_PAGES,
        pictures: Sequence[str] = REVIEW_PICTURES,
        taught: TaughtFinder | None = None,
    ) -> None:
        self._store = store
        self._claim = claim
        self._recognizer = recognizer
        self._taught = taught
        self._tell = tell
        self._max_pages = max_pages
        self._pictures = pictures
        self._count = 1
        self._ended = 0
        self._failures: list[str] = []
        self.ran_out_of_memory = False
        """Whether a page failed for want of memory: the process had better be replaced."""

    def run(self) -> None:
        """Read the document and end the job, done or failed. Raises `LeaseLost` where it has become another's."""
        try:
            with self._store.files.local(self._claim.file_key) as content, temporary_folder() as folder:
                path = folder / f"document{self._claim.suffix}"
                path.symlink_to(content)
                self._read(path)
        except InputError as error:
            self._store.fail_job(self._claim, self._named(str(error)))
            return
        except FileNotFoundError:
            self._store.fail_job(self._claim, f"{self._claim.name} is no longer in the store.")
            return
        except _UNEXPECTED as error:
            _log.exception("job %s", self._claim.job_id)
            self._store.fail_job(
                self._claim, f"{self._claim.name} met a fault of the program ({type(error).__name__})."
            )
            return
        if self._failures and len(self._failures) == self._ended:
            self._store.fail_job(self._claim, _joined(self._failures))
        else:
            self._store.finish_job(self._claim, left_out=_joined(self._failures) if self._failures else None)

    def _read(self, path: Path) -> None:
        self._tell("opening", 0.0, 0)
        pages = count_pages(path)
        if pages > self._max_pages:
            raise InputError(f"{path.name} has {pages} pages; at most {self._max_pages} are read.")
        self._store.set_page_count(self._claim, pages)
        done = self._store.pages_done(self._claim)
        wanted = [self._claim.page] if self._claim.page else list(range(1, pages + 1))
        self._count, self._ended = len(wanted), sum(page in done for page in wanted)
        missing = [page for page in wanted if page not in done]
        for sheet in load_sheets(path, pages=missing, on_error=lambda page, error: self._fail(page, str(error))):
            self._read_page(sheet)

    def _read_page(self, sheet: Sheet) -> None:
        page = sheet.source.page
        try:
            drawing = self._recognizer.recognize_sheet(sheet, progress=self._progress, taught=self._taught)
            self._progress("storing pictures", READING_SHARE)
            source = drawing.source.model_copy(update={"name": self._claim.name})
            drawing = drawing.model_copy(update={"source": source})
            straight = Sheet(image=in_sheet_frame(drawing, sheet), source=sheet.source, info=drawing.sheet)
            keys = {f"{name}_key": self._store_picture(name, straight, drawing) for name in self._pictures}
        except InputError as error:
            self._fail(page, str(error))
        except _UNEXPECTED as error:
            self._fail_unexpectedly(page, error)
        else:
            self._store.store_page(self._claim, page, PageResult(drawing, **keys))
            self._end_page()

    def _store_picture(self, name: str, sheet: Sheet, drawing: Drawing) -> str:
        """Make and keep a picture; its key. The annotated one belongs to this job alone: no other shares its file."""
        data = PICTURES[name](sheet, drawing)
        if name != "annotated":
            return self._store.files.put(data).key
        key = f"annotated/{self._claim.job_id}/{sheet.source.page}.png"
        self._store.files.write(key, data)
        return key

    def _fail_unexpectedly(self, page: int, error: Exception) -> None:
        """A page met its memory limit or a fault of ours; neither is a reason to lose the others."""
        name = f"{self._claim.name}, page {page},"
        if isinstance(error, MemoryError) or getattr(error, "code", None) == cv2.Error.STS_NO_MEM:
            self.ran_out_of_memory = True
            self._fail(page, f"{name} needs more memory than a worker may use.")
        else:
            _log.error("job %s, page %d", self._claim.job_id, page, exc_info=error)
            self._fail(page, f"{name} met a fault of the program ({type(error).__name__}).")

    def _fail(self, page: int, sentence: str) -> None:
        sentence = self._named(sentence)
        self._store.fail_page(self._claim, page, sentence)
        self._failures.append(sentence)
        self._end_page()

    def _end_page(self) -> None:
        self._ended += 1
        self._tell("reading", self._ended / self._count, self._ended)

    def _progress(self, step: str, share: float) -> None:
        name = step if self._count == 1 else f"page {self._ended + 1} of {self._count}: {step}"
        self._tell(name, (self._ended + min(share, READING_SHARE)) / self._count, self._ended)

    def _named(self, sentence: str) -> str:
        """A sentence with the name that the uploader gave the file."""
        return sentence.replace(f"document{self._claim.suffix}", self._claim.name)


def encode_page(image: NDArray[np.uint8]) -> bytes:
    """A page's picture (H, W) or (H, W, 3) RGB: PNG for linework, JPEG where that would be far larger."""
    bgr = image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
    png = _png(bgr)
    return png if len(png) <= DENSE_PNG * bgr.shape[0] * bgr.shape[1] else encode_jpeg(bgr)


def _png(bgr: NDArray[np.uint8]) -> bytes:
    done, data = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, FAST_PNG])
    if not done:
        raise ValueError(f"an image of the shape {bgr.shape} cannot be encoded as PNG")
    return data.tobytes()


def _tile_pyramid(image: NDArray[np.uint8]) -> bytes:
    pyramid = BytesIO()
    write_tiles(image, pyramid)
    return pyramid.getvalue()


def _joined(sentences: Sequence[str]) -> str:
    more = len(sentences) - NAMED_FAILURES
    return " ".join(sentences[:NAMED_FAILURES]) + (f" And {more} more." if more > 0 else "")
