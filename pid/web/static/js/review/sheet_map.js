// The sheet under a Leaflet map: coordinates are sheet pixels (x right, y down) everywhere outside this file.

/* global L */

import { bindWheel } from "./wheel_zoom.js";

const BEYOND_ZOOMS = 2; // how far pixels may be enlarged: 2 ** 2
const SMALLEST_ZOOMS = 0.7; // how far the whole sheet may be made smaller than the view
const MARGIN_PX = 16; // round the whole sheet
const FIT_SHARE = 0.2; // an element that is looked at takes this share of the view
const WIDEST_LOOK = 1.25; // but is not enlarged beyond this

/** Shows the tiles of `page` ({width, height, tiles, tile_px, deepest_zoom}) in an element. */
export class SheetMap {
  constructor(element, page, { keyboard = true } = {}) {
    this.page = page;
    const deepest = page.deepest_zoom;
    this.deepest = deepest;
    const unit = 1 / 2 ** deepest;
    const crs = L.extend({}, L.CRS.Simple, { transformation: new L.Transformation(unit, 0, unit, 0) });
    this.bounds = L.latLngBounds([0, 0], [page.height, page.width]);
    this.map = L.map(element, {
      crs,
      keyboard,
      preferCanvas: true,
      zoomControl: false,
      attributionControl: false,
      minZoom: -2,
      maxZoom: deepest + BEYOND_ZOOMS,
      zoomSnap: 0.05,
      zoomDelta: 0.75,
      scrollWheelZoom: false,
      fadeAnimation: false,
      doubleClickZoom: false,
      boxZoom: false,
      inertia: true,
      maxBounds: this.bounds.pad(0.6),
      maxBoundsViscosity: 0.7,
    });
    this.tiles = L.tileLayer(page.tiles, {
      tileSize: page.tile_px,
      minNativeZoom: 0,
      maxNativeZoom: deepest,
      minZoom: -2,
      maxZoom: deepest + BEYOND_ZOOMS,
      bounds: this.bounds,
      keepBuffer: 2,
      updateWhenZooming: false,
      noWrap: true,
    }).addTo(this.map);
    bindWheel(this.map);
    this.tiles.on("tileload", ({ tile }) => trim(tile, page.tile_px));
    this.fit(false);
    this.map.on("resize", () => this.keepInSight());
  }

  fit(animate = true) {
    this.keepInSight();
    this.map.fitBounds(this.bounds, { animate, padding: [MARGIN_PX, MARGIN_PX] });
  }

  /** The sheet cannot be made much smaller than the view. */
  keepInSight() {
    const fitting = this.map.getBoundsZoom(this.bounds, false, L.point(2 * MARGIN_PX, 2 * MARGIN_PX));
    this.map.options.minZoom = fitting - SMALLEST_ZOOMS;
  }

  /** Screen pixels a sheet pixel takes. */
  get scale() {
    return 2 ** (this.map.getZoom() - this.deepest);
  }

  zoomBy(steps) {
    this.map.setZoom(this.map.getZoom() + steps);
  }

  /** Brings a box into view with its surroundings. */
  look(box, { animate = true } = {}) {
    const size = this.map.getSize();
    const wanted = Math.min(
      (size.x * FIT_SHARE) / Math.max(box[2] - box[0], 1),
      (size.y * FIT_SHARE) / Math.max(box[3] - box[1], 1),
      WIDEST_LOOK,
    );
    const zoom = this.deepest + Math.log2(wanted);
    const centre = [(box[1] + box[3]) / 2, (box[0] + box[2]) / 2];
    this.map.setView(centre, zoom, { animate });
  }

  /** Brings a box into view without changing the zoom, and only if it is not seen already. */
  reveal(box) {
    const inside = this.map.getBounds().pad(-0.1).contains(L.latLngBounds([box[1], box[0]], [box[3], box[2]]));
    if (!inside) this.map.panTo([(box[1] + box[3]) / 2, (box[0] + box[2]) / 2]);
  }

  /** Sheet coordinates of a pointer event. */
  at(event) {
    const place = this.map.mouseEventToLatLng(event);
    return [place.lng, place.lat];
  }

  /** Screen coordinates within the map of a place on the sheet. */
  toScreen([x, y]) {
    const point = this.map.latLngToContainerPoint([y, x]);
    return [point.x, point.y];
  }
}

/** Tiles overlap by a pixel and end where the sheet ends: Leaflet would squeeze or stretch them to their common size. */
function trim(tile, side) {
  for (const [natural, property] of [["naturalWidth", "width"], ["naturalHeight", "height"]]) {
    tile.style[property] = `${(parseFloat(tile.style[property]) * tile[natural]) / side}px`;
  }
}
