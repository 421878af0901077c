"""Pictures of a page: tiles for the deep zoom, a thumbnail, a crop."""

from __future__ import annotations

import math
from typing import Annotated

import cv2
import numpy as np
from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, request
from pydantic import BaseModel, Field

from pid.web.access import page_of
from pid.web.app_state import store
from pid.web.page_image import read_page_image
from pid.web.permissions import requires
from pid.web.refusals import refusal
from pid.web.store_errors import NotFoundError
from pid.web.tiles import read_tile

routes = APIBlueprint("pictures", __name__, tag="Pictures")
BINARY = FileSchema(type="string", format="binary")
MOST_CROP_PX = 25_000_000
FOR_EVER = "private, max-age=31536000, immutable"
FOR_A_WHILE = "private, no-cache"


@routes.get("/pages/<id:page_id>/tiles/<int:zoom>/<int:column>/<int:row>.jpg")
@routes.output(BINARY, content_type="image/jpeg")
@requires("read")
def get_tile(page_id: str, zoom: int, column: int, row: int) -> Response:
    """A tile of the page's picture; at zoom 0 one tile shows the whole sheet, each zoom doubles the scale."""
    page = page_of(page_id)
    if page.tiles_key is None:
        raise NotFoundError
    with store().files.open(page.tiles_key) as file:
        tile = read_tile(file, zoom, column, row)
    if tile is None:
        raise NotFoundError
    return _picture(tile, "image/jpeg", page.tiles_key)


@routes.get("/pages/<id:page_id>/thumbnail.jpg")
@routes.output(BINARY, content_type="image/jpeg")
@requires("read")
def get_thumbnail(page_id: str) -> Response:
    """A small picture of the page."""
    page = page_of(page_id)
    if page.thumbnail_key is None:
        raise NotFoundError
    return _picture(store().files.read(page.thumbnail_key), "image/jpeg", page.thumbnail_key)


class Crop(BaseModel):
    """Which part of the page is wanted."""

    box: Annotated[
        str,
        Field(
            description="x0,y0,x1,y1 in sheet pixels.",
            pattern=r"^[0-9]{1,6}(\.[0-9]{1,6})?(,[0-9]{1,6}(\.[0-9]{1,6})?){3}$",
            examples=["100,100,300,200"],
        ),
    ]


@routes.get("/pages/<id:page_id>/crop.png")
@routes.input(Crop, location="query", arg_name="query")
@routes.output(BINARY, content_type="image/png")
@requires("read")
def get_crop(page_id: str, query: Crop) -> Response:
    """A part of the page's picture at its full size."""
    page = page_of(page_id)
    if page.image_key is None:
        raise NotFoundError
    x0, y0, x1, y1 = (float(v) for v in query.box.split(","))
    left, upper, right, lower = math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)
    right, lower = min(right, page.width), min(lower, page.height)
    if left >= right or upper >= lower:
        raise refusal(422, "The box does not lie on the page.", code="empty-box")
    if (right - left) * (lower - upper) > MOST_CROP_PX:
        raise refusal(422, "The box is too large for a crop.", code="too-large-box", most_pixels=MOST_CROP_PX)
    image = read_page_image(store().files, page.image_key)
    part = np.ascontiguousarray(
        image[upper:lower, left:right][..., ::-1] if image.ndim == 3 else image[upper:lower, left:right]
    )
    done, data = cv2.imencode(".png", part)
    if not done:
        raise NotFoundError
    return _picture(data.tobytes(), "image/png", f"{page.image_key} {query.box}")


def _picture(data: bytes, kind: str, tag: str) -> Response:
    """A picture that the browser keeps: for ever where the address names its version (``?v=``), as pages do; otherwise
    it asks whether the picture is still the same, as a page can be read anew.
    """
    answer = Response(data, mimetype=kind)
    answer.set_etag(tag.replace("/", "-").replace(" ", "-"))
    answer.headers["Cache-Control"] = FOR_EVER if "v" in request.args else FOR_A_WHILE
    return answer.make_conditional(request)  # type: ignore[return-value]
