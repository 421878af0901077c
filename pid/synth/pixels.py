"""Small conversions that the steps of scan damage share; images are uint8 (H, W) grey or (H, W, 3) RGB."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def as_bytes(image: Any) -> Image:
    """An OpenCV result as the array of bytes that it is."""
    return np.asarray(image, np.uint8)


def as_rgb(image: Image) -> Image:
    """A copy of the image in three channels."""
    return image.copy() if image.ndim == 3 else as_bytes(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB))


def as_gray(image: Image) -> Image:
    """The image in one channel; itself if it is so already."""
    return image if image.ndim == 2 else as_bytes(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def spread(field: Image, image: Image) -> Image:
    """A field (H, W) with as many channels as the image."""
    field = np.ascontiguousarray(field)
    return field if image.ndim == 2 else as_bytes(cv2.merge([field] * 3))


def gray_value(image: Image, level: float) -> tuple[int, ...]:
    """A grey level as the value of one of the image's pixels."""
    return (int(level),) * (1 if image.ndim == 2 else 3)


def paper_value(image: Image) -> tuple[int, ...]:
    """The commonest brightness, channel by channel: the paper's, for ink covers little of a drawing."""
    sample = image[::37, ::41]
    return tuple(int(v) for v in np.median(sample.reshape(-1, *image.shape[2:]), axis=0).reshape(-1))
