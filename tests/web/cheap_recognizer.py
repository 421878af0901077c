"""Stands in for the recogniser where jobs are tested and not recognition: quick, and harmful where a sheet asks for it.

The harm is written in the sheet's top left pixel.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import cv2
import numpy as np

from pid.drawing import Drawing, Symbol
from pid.errors import InputError
from pid.pipeline import Progress
from pid.sheet import Sheet
from pid.structure.taught import TaughtFinder

KILLS, HANGS, EATS, FAULTS, REFUSES = 10, 20, 30, 40, 50
SECONDS = float(os.environ.get("PID_TEST_SECONDS", "0"))


def draw_sheet(path: Path, number: int, *, harm: int = 255, size: tuple[int, int] = (60, 90)) -> Path:
    """A white sheet that bears a number, as grey levels in its second row."""
    image = np.full(size, 255, np.uint8)
    image[0, 0] = harm
    image[1, :4] = [number >> 24 & 255, number >> 16 & 255, number >> 8 & 255, number & 255]
    cv2.imwrite(str(path), image)
    return path


class CheapRecognizer:
    """Finds one symbol, whose tag is the sheet's number, and one of each kind that was taught."""

    def __init__(self, **_settings: object) -> None:
        self.hoard: list[bytes] = []

    def recognize_sheet(
        self, sheet: Sheet, *, progress: Progress | None = None, taught: TaughtFinder | None = None
    ) -> Drawing:
        if progress is not None:
            progress("finding symbols", 0.5)
        time.sleep(SECONDS)
        self._do_harm(int(sheet.gray[0, 0]))
        number = int.from_bytes(bytes(sheet.gray[1, :4].tolist()), "big")
        symbol = Symbol(id="s1", group="valve", kind="gate_valve", box=(1, 1, 9, 9), tag=f"V-{number}")
        kinds = () if taught is None else [e.kind for e in taught.examples]
        more = tuple(Symbol(id=f"t{i}", kind=kind, box=(1, 1, 9, 9)) for i, kind in enumerate(kinds))
        return Drawing(source=sheet.source, sheet=sheet.info, symbols=(symbol, *more))

    def _do_harm(self, harm: int) -> None:
        if harm == KILLS:
            os.kill(os.getpid(), signal.SIGKILL)
        elif harm == HANGS:
            time.sleep(3600)
        elif harm == EATS:
            while True:
                self.hoard.append(b"x" * (16 << 20))
        elif harm == FAULTS:
            raise ZeroDivisionError("as asked for")
        elif harm == REFUSES:
            raise InputError("The sheet asked to be refused.")


class OutOfReach(CheapRecognizer):
    """Cuts its process off from S3, as a network does, before its results are stored."""

    def recognize_sheet(
        self, sheet: Sheet, *, progress: Progress | None = None, taught: TaughtFinder | None = None
    ) -> Drawing:
        from botocore.httpsession import URLLib3Session

        def refuse(*_: object, **__: object) -> None:
            from botocore.exceptions import EndpointConnectionError

            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

        URLLib3Session.send = refuse
        return super().recognize_sheet(sheet, progress=progress, taught=taught)
