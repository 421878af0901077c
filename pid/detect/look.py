"""How a picture is looked at: at which scale its tiles are cut, and whether its paper is whitened first.

Terms of art: the *look* ``sheet`` cuts a drawing at the two working scales of `pid.detect.tiles`; ``fit`` scales the
whole picture into one tile, as photographs want it; ``native`` cuts the picture as it is, for networks trained on
cut-outs of larger pictures. Training and serving share a look, the card keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pid.detect.tiles import DETAIL_PX, OVERVIEW_PX, TILE_PX
from pid.errors import InputError
from pid.paper import whiten_paper

Mode = Literal["sheet", "fit", "native"]
MODES: tuple[Mode, ...] = get_args(Mode)

SHEET_LEAST_PX = 1600
"""Paper pictures of this longer side (two and a half tiles) or more are drawings to be cut, not pictures to fit."""
PAPER_LEAST_GREY = 170
"""A picture whose median pixel is lighter than this is ink on paper; photographs of parts lie far below."""


@dataclass(frozen=True)
class Look:
    """The scale of the tiles, and whether the picture is ink on `paper` whose grey is levelled first."""

    mode: Mode = "sheet"
    paper: bool = True

    def passes(self, longer: int) -> tuple[int, ...]:
        """Longer sides in pixels to which a picture of longer side `longer` is scaled before tiles are cut from it."""
        if self.mode == "sheet":
            return DETAIL_PX, OVERVIEW_PX
        return (TILE_PX,) if self.mode == "fit" else (longer,)

    def prepare(self, gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The grey picture (H, W) as the network wants it."""
        return whiten_paper(gray) if self.paper else gray

    def to_dict(self) -> dict[str, Any]:
        """For the model card."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Any) -> Look:
        """From the model card; a card without a look is one of the sheets' networks. Raises `InputError`."""
        if data is None:
            return cls()
        if not isinstance(data, dict) or data.get("mode") not in MODES or not isinstance(data.get("paper"), bool):
            raise InputError(f"{data!r} is not a look: mode ({', '.join(MODES)}) and paper (true or false) are wanted.")
        return cls(data["mode"], data["paper"])


def choose_look(pictures: Sequence[NDArray[np.uint8]], *, mode: Mode | None = None, paper: bool | None = None) -> Look:
    """The look for pictures like these grey ones (H, W), as far as `mode` and `paper` do not say it.

    Ink on light paper is whitened; of it, pictures as large as drawings are cut at the working scales. Everything else
    is scaled to fit.
    """
    if not pictures:
        raise ValueError("a look is chosen by at least one picture")
    if paper is None:
        paper = float(np.median([np.median(p) for p in pictures])) >= PAPER_LEAST_GREY
    if mode is None:
        longer = float(np.median([max(p.shape) for p in pictures]))
        mode = "sheet" if paper and longer >= SHEET_LEAST_PX else "fit"
    return Look(mode, paper)
