"""The picture of a page as the worker has stored it, for all that draws on it or looks at it again.

It was written by us, upright and in the drawing's own frame: no upload is decoded here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.drawing import Drawing
from pid.sheet import Sheet
from pid.web.files import Files

KEPT = 2
"""Decoded pictures that are kept: crops of one page come in a row, and a large one has 100 MB."""
_kept: OrderedDict[tuple[str, str], NDArray[np.uint8]] = OrderedDict()
_lock = threading.Lock()


def read_page_image(files: Files, key: str) -> NDArray[np.uint8]:
    """The picture, (H, W) grey or (H, W, 3) RGB. Raises `FileNotFoundError`."""
    known = (files.url, key)
    with _lock:
        if known in _kept:
            _kept.move_to_end(known)
            return _kept[known]
    image = decode_picture(files.read(key))
    with _lock:
        _kept[known] = image
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return image


def decode_picture(data: bytes) -> NDArray[np.uint8]:
    """A stored PNG or JPEG, (H, W) grey or (H, W, 3) RGB."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYCOLOR)
    if image is None:
        raise ValueError("a stored picture cannot be decoded")
    return np.asarray(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def page_sheet(files: Files, key: str, drawing: Drawing) -> Sheet:
    """The page as the stages see it, without vectors."""
    return Sheet(image=read_page_image(files, key), source=drawing.source, info=drawing.sheet)
