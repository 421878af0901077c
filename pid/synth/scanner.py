"""What light, optics, sensor and file format do to a page: brightness only, no point moves.

Steps take a uint8 image (H, W) or (H, W, 3) RGB, a generator and a strength (1 = usual), and give a new image.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pid.synth.pixels import Image, as_bytes, as_gray, gray_value, spread

_TILE_PX = 1024
"""Noise is made once for a tile and laid over the page at random offsets."""
_PAPER_PX = 24
"""Cell in which `threshold` looks for paper; five of them are wider than solid ink ever is but for wide headings."""
_DARKEST = 0.35
"""Least brightness that `uneven_light` leaves: what is darker nobody files."""


def blur(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Out of focus, or moved along one direction while exposed."""
    if rng.random() < 0.8:
        return as_bytes(cv2.GaussianBlur(image, (0, 0), max(0.3, rng.uniform(0.4, 1.0) * strength)))
    length = max(2, round(rng.uniform(2, 4) * strength))
    kernel = np.zeros((length, length), np.float32)
    if rng.random() < 0.5:
        kernel[length // 2] = 1 / length
    else:
        kernel[:, length // 2] = 1 / length
    return as_bytes(cv2.filter2D(image, -1, kernel))


def low_resolution(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Scanned or mailed at a fraction of the resolution and blown up again."""
    height, width = image.shape[:2]
    factor = 1 + rng.uniform(0.1, 0.6) * strength
    small = cv2.resize(
        image, (max(1, round(width / factor)), max(1, round(height / factor))), interpolation=cv2.INTER_AREA
    )
    way = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    return as_bytes(cv2.resize(small, (width, height), interpolation=way))


def noise(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Sensor noise, fine or slightly clotted, colourless."""
    field = rng.normal(0.0, rng.uniform(2.0, 14.0) * strength, (_TILE_PX, _TILE_PX)).astype(np.float32)
    if rng.random() < 0.4:
        field = 1.8 * cv2.GaussianBlur(field, (0, 0), 0.8)
    return _added(image, field, rng)


def gray_paper(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Uniform grey paper, a little noisy, ink as black as before: drawings exported on a grey canvas."""
    level = rng.uniform(190, 228)
    table = np.rint(np.arange(256) * level / 255).astype(np.uint8)
    field = rng.normal(0.0, rng.uniform(0.3, 3.0) * strength, (_TILE_PX, _TILE_PX)).astype(np.float32)
    return _added(as_bytes(cv2.LUT(image, table)), field, rng)


def salt_pepper(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Specks of dust and toner: mostly black on white, some white in black, one pixel to a few."""
    out = image.copy()
    height, width = image.shape[:2]
    count = int(height * width * rng.uniform(1e-5, 1.2e-4) * strength)
    x, y = rng.integers(0, width, count), rng.integers(0, height, count)
    white = rng.random(count) < 0.35
    out[y[white], x[white]] = 255
    out[y[~white], x[~white]] = 0
    for i in np.flatnonzero(~white)[: count // 12]:
        cv2.circle(
            out,
            (int(x[i]), int(y[i])),
            int(rng.integers(1, 3)),
            gray_value(out, float(rng.integers(0, 120))),
            -1,
            cv2.LINE_AA,
        )
    return out


def streaks(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Stripes along the feed of the scanner: dirt on its glass, a weak sensor cell."""
    height, width = image.shape[:2]
    along_x = rng.random() < 0.3
    profile = np.zeros(height if along_x else width, np.float32)
    for _ in range(int(rng.integers(1, 3 + round(4 * strength)))):
        at, broad = rng.integers(0, len(profile)), int(rng.integers(1, 5))
        profile[at : at + broad] += rng.uniform(-70, 40) * min(strength, 2.0)
    line = profile[:, None] if along_x else profile[None, :]
    # Both are clipped at 0..255, so the two bands of bytes stand for one signed one.
    plus, minus = (np.broadcast_to(np.clip(sign * line, 0, 255).astype(np.uint8), (height, width)) for sign in (1, -1))
    return as_bytes(cv2.subtract(cv2.add(image, spread(plus, image)), spread(minus, image)))


def uneven_light(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Brightness falling off over the page, sometimes with the soft shadow of a hand or a book's spine."""
    rows, columns = 48, 64
    y, x = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    slope = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
    field = 1 - min(0.5, rng.uniform(0.05, 0.25) * strength) * (slope + 0.5)
    if rng.random() < 0.4:
        edge = rng.uniform(-0.3, 0.3)
        softness = rng.uniform(0.02, 0.12)
        shadow = 1 / (1 + np.exp(-(slope * rng.choice([-1, 1]) - edge) / softness))
        field *= 1 - min(0.5, rng.uniform(0.1, 0.3) * strength) * shadow
    if rng.random() < 0.4:
        cx, cy = rng.uniform(0.2, 0.8, 2)
        field *= 1 - min(0.4, rng.uniform(0.05, 0.25) * strength) * ((x - cx) ** 2 + (y - cy) ** 2)
    small = np.rint(np.clip(field, _DARKEST, 1) * 255).astype(np.uint8)
    height, width = image.shape[:2]
    full = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return as_bytes(cv2.multiply(image, spread(full, image), scale=1 / 255))


def threshold(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Two levels against the local paper, as a fax or an archive's microfilm scanner does; grey (H, W)."""
    gray = as_gray(image)
    height, width = gray.shape
    small = cv2.resize(gray, (width // _PAPER_PX + 1, height // _PAPER_PX + 1), interpolation=cv2.INTER_AREA)
    paper = cv2.blur(cv2.dilate(small, np.ones((5, 5), np.uint8)), (5, 5))
    share = float(np.clip(0.68 + rng.normal(0, 0.07) * strength, 0.4, 0.88))
    level = cv2.resize(np.rint(paper * share).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    return as_bytes(cv2.compare(gray, level, cv2.CMP_GT))


def jpeg(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Saved as JPEG."""
    quality = int(np.clip(rng.uniform(45, 90) - 25 * (strength - 1), 12, 95))
    order = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", order, [cv2.IMWRITE_JPEG_QUALITY, quality])
    back = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    return as_bytes(back if image.ndim == 2 else cv2.cvtColor(back, cv2.COLOR_BGR2RGB))


def _added(image: Image, field: NDArray[np.float32], rng: np.random.Generator) -> Image:
    """The image plus a signed field, laid as tiles that are each rolled anew."""
    signed = np.rint(field).clip(-255, 255)
    plus, minus = signed.clip(0).astype(np.uint8), (-signed).clip(0).astype(np.uint8)
    out = image.copy()
    height, width = image.shape[:2]
    for y in range(0, height, _TILE_PX):
        for x in range(0, width, _TILE_PX):
            part = out[y : y + _TILE_PX, x : x + _TILE_PX]
            shift = tuple(int(v) for v in rng.integers(0, _TILE_PX, 2))
            more, less = (np.roll(f, shift, (0, 1))[: part.shape[0], : part.shape[1]] for f in (plus, minus))
            part[...] = cv2.subtract(cv2.add(part, spread(more, part)), spread(less, part))
    return out
