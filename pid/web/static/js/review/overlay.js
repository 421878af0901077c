// Everything recognised, drawn over the sheet on one canvas: a redraw is one pass over what is in view, and what lies
// under the pointer is found through a grid. Panning and zooming move the canvas; it is redrawn when they end.

/* global L */

import { COLOURS, LIT, SELECTED, SEVERITY, standing } from "./colours.js";
import { Grid, itemsOf, nearPolyline } from "./items.js";
import { middle } from "./model.js";

const MARGIN = 0.2; // share of the view drawn beyond each of its sides, for panning
const REACH_PX = 6; // how near the pointer must be, screen pixels
const LINE_ALPHA = { accept: 0.3, review: 0.6, low: 0.6 };
const HANDLE_PX = 9;
const BAND_SHARE = 1 / 550; // width of a line's mark on the sheet: wider than ink, so that its colour shows beside it
const DOT_PX = 9; // radius of a finding's mark
const THINNEST = 0.45; // share of their width that strokes keep in a view of the whole sheet
const LEAST_PX = 2.2; // boxes smaller than this on the screen are drawn as dots
const FIRST = ["findings", "symbols", "fields", "words", "lines", "connections", "tables"]; // what the pointer takes first

export const Overlay = L.Layer.extend({
  initialize(model, options) {
    this.model = model;
    L.setOptions(this, options); // layers: Set of parts shown, thresholds: {accept, review}
    this.selected = null;
    this.hovered = null;
    this.lit = new Set();
    this.draft = null; // what is being drawn: {points} or {box}
    this.spot = null; // a box that is pointed at
    this.items = [];
    this.byKey = new Map();
  },

  onAdd(map) {
    this.map = map;
    this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated overlay-canvas", map.getPane("overlayPane"));
    this.canvas.setAttribute("aria-hidden", "true");
    map.on("moveend zoomend resize viewreset", this.reset, this);
    map.on("move", this.follow, this);
    map.on("zoomanim", this.animate, this);
    map.on("zoom", this.stretch, this);
    this.reload();
    return this;
  },

  onRemove(map) {
    map.off("moveend zoomend resize viewreset", this.reset, this);
    map.off("move", this.follow, this);
    map.off("zoomanim", this.animate, this);
    map.off("zoom", this.stretch, this);
    this.canvas.remove();
    return this;
  },

  /** The model changed: items and grid anew. */
  reload() {
    this.items = itemsOf(this.model);
    this.byKey = new Map(this.items.map((item) => [item.key, item]));
    this.grid = new Grid(this.items);
    this.reset();
  },

  /** The next frame draws anew; many calls before it draw once. */
  redraw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  },

  /** Lays the canvas over the view and a margin round it. */
  reset() {
    if (!this.map) return;
    const size = this.map.getSize();
    const pad = size.multiplyBy(MARGIN).round();
    const corner = this.map.containerPointToLayerPoint([0, 0]).subtract(pad);
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const full = size.add(pad.multiplyBy(2));
    this.corner = corner;
    this.full = full;
    this.ratio = ratio;
    const [width, height] = [Math.round(full.x * ratio), Math.round(full.y * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.canvas.style.width = `${full.x}px`;
      this.canvas.style.height = `${full.y}px`;
    }
    this.bounds = L.latLngBounds(this.map.layerPointToLatLng(corner), this.map.layerPointToLatLng(corner.add(full)));
    this.drawnZoom = this.map.getZoom();
    L.DomUtil.setTransform(this.canvas, corner, 1);
    this.paint();
  },

  /** Dragged beyond what is drawn: draw there, too. */
  follow() {
    if (this.map.getZoom() !== this.drawnZoom) return;
    const seen = this.map.containerPointToLayerPoint([0, 0]);
    const end = seen.add(this.map.getSize());
    const far = this.corner.add(this.full);
    if (seen.x < this.corner.x || seen.y < this.corner.y || end.x > far.x || end.y > far.y) this.reset();
  },

  /** While fingers or the wheel zoom: what is drawn already, at its new place and size. */
  stretch() {
    const scale = this.map.getZoomScale(this.map.getZoom(), this.drawnZoom);
    L.DomUtil.setTransform(this.canvas, this.map.latLngToLayerPoint([this.bounds.getSouth(), this.bounds.getWest()]), scale);
  },

  animate(event) {
    const scale = this.map.getZoomScale(event.zoom);
    const offset = this.map._latLngBoundsToNewLayerBounds(this.bounds, event.zoom, event.center).min;
    L.DomUtil.setTransform(this.canvas, offset, scale);
  },

  paint() {
    const context = this.canvas.getContext("2d");
    const origin = this.map.latLngToLayerPoint([0, 0]);
    const unit = this.map.latLngToLayerPoint([1000, 1000]).subtract(origin).divideBy(1000).x;
    this.unit = unit;
    this.pen = Math.max(THINNEST, Math.min(1, Math.sqrt(unit) * 1.3));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const shift = origin.subtract(this.corner);
    context.setTransform(this.ratio, 0, 0, this.ratio, shift.x * this.ratio, shift.y * this.ratio);
    const [x0, y0] = [-shift.x / unit, -shift.y / unit];
    const view = [x0, y0, x0 + this.full.x / unit, y0 + this.full.y / unit];
    const lots = new Map();
    for (const item of this.items) {
      if (!this.options.layers.has(item.part) || !meets(item.box, view)) continue;
      const lot = `${item.part}:${item.part === "findings" ? "" : standing(item.score, this.options.thresholds)}`;
      if (!lots.has(lot)) lots.set(lot, []);
      lots.get(lot).push(item);
    }
    for (const [lot, items] of lots) this.paintLot(context, ...lot.split(":"), items);
    for (const key of this.lit) this.paintMark(context, this.byKey.get(key), LIT, 3);
    if (this.hovered !== this.selected) this.paintMark(context, this.byKey.get(this.hovered), SELECTED, 1.5);
    this.paintMark(context, this.byKey.get(this.selected), SELECTED, 2.5, true);
    if (this.draft) this.paintDraft(context);
    if (this.spot) this.paintMark(context, { part: "spot", box: this.spot }, LIT, 3);
  },

  paintLot(context, part, state, items) {
    if (part === "findings") {
      for (const item of items) this.paintFinding(context, item);
      return;
    }
    const look = COLOURS[state];
    const line = part === "lines" || part === "connections";
    context.strokeStyle = look.stroke;
    context.fillStyle = look.fill;
    const pen = this.pen * look.width;
    context.lineWidth = part === "lines" ? Math.max(pen + 1.5, this.model.drawing.sheet.width * BAND_SHARE * this.unit) : pen * (part === "symbols" ? 1 : 0.7);
    context.globalAlpha = part === "lines" ? LINE_ALPHA[state] : 1;
    context.lineJoin = "round";
    context.setLineDash(part === "connections" ? [2, 5] : look.dash);
    context.beginPath();
    for (const item of items) this.trace(context, item);
    if (!line) context.fill();
    context.stroke();
    context.globalAlpha = 1;
    context.setLineDash([]);
  },

  trace(context, item) {
    const u = this.unit;
    if (item.part === "lines") {
      item.element.points.forEach(([x, y], i) => (i ? context.lineTo(x * u, y * u) : context.moveTo(x * u, y * u)));
      return;
    }
    if (item.part === "connections") {
      const [a, b] = [item.element.a, item.element.b].map((id) => middle(this.model.get("symbols", id).box));
      context.moveTo(a[0] * u, a[1] * u);
      context.lineTo(b[0] * u, b[1] * u);
      return;
    }
    const [x0, y0, x1, y1] = item.box;
    const [width, height] = [Math.max((x1 - x0) * u, LEAST_PX), Math.max((y1 - y0) * u, LEAST_PX)];
    context.rect(x0 * u, y0 * u, width, height);
    if (item.part !== "tables") return;
    for (const cell of item.element.cells) {
      context.rect(cell.box[0] * u, cell.box[1] * u, (cell.box[2] - cell.box[0]) * u, (cell.box[3] - cell.box[1]) * u);
    }
  },

  paintFinding(context, item) {
    const [x, y] = [item.box[0] * this.unit, item.box[1] * this.unit];
    const radius = DOT_PX * this.pen;
    context.fillStyle = SEVERITY[item.element.severity];
    context.strokeStyle = "#fff";
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    context.fillStyle = "#fff";
    context.font = `bold ${Math.round(radius * 1.3)}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("!", x, y + 0.5);
  },

  paintMark(context, item, colour, width, handles = false) {
    if (!item) return;
    context.strokeStyle = "#fff";
    context.lineWidth = width + 3;
    context.beginPath();
    this.traceMark(context, item);
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
    if (!handles) return;
    context.fillStyle = "#fff";
    for (const { x, y } of this.handles(item)) {
      context.beginPath();
      context.rect(x * this.unit - HANDLE_PX / 2, y * this.unit - HANDLE_PX / 2, HANDLE_PX, HANDLE_PX);
      context.fill();
      context.stroke();
    }
  },

  traceMark(context, item) {
    const u = this.unit;
    if (item.part === "lines" || item.part === "connections") this.trace(context, item);
    else if (item.part === "findings") context.arc(item.box[0] * u, item.box[1] * u, DOT_PX * this.pen + 3, 0, 2 * Math.PI);
    else {
      const [x0, y0, x1, y1] = item.box;
      context.rect(x0 * u - 2, y0 * u - 2, (x1 - x0) * u + 4, (y1 - y0) * u + 4);
    }
  },

  /** What is being drawn: {points} as a polyline or {box}. */
  paintDraft(context) {
    const u = this.unit;
    context.strokeStyle = LIT;
    context.lineWidth = 2;
    context.setLineDash([6, 4]);
    context.beginPath();
    if (this.draft.box) {
      const [x0, y0, x1, y1] = this.draft.box;
      context.rect(x0 * u, y0 * u, (x1 - x0) * u, (y1 - y0) * u);
    } else {
      this.draft.points.forEach(([x, y], i) => (i ? context.lineTo(x * u, y * u) : context.moveTo(x * u, y * u)));
    }
    context.stroke();
    context.setLineDash([]);
  },

  /** Places by which a person changes an item: corners of a box, points of a line. */
  handles(item) {
    if (item.part === "lines") return item.element.points.map(([x, y], i) => ({ x, y, point: i }));
    if (!["symbols", "words"].includes(item.part)) return [];
    const [x0, y0, x1, y1] = item.box;
    return [
      { x: x0, y: y0, corner: [0, 1] }, { x: x1, y: y0, corner: [2, 1] },
      { x: x1, y: y1, corner: [2, 3] }, { x: x0, y: y1, corner: [0, 3] },
    ];
  },

  handleAt([x, y]) {
    const item = this.byKey.get(this.selected);
    const reach = (HANDLE_PX + 3) / this.unit;
    if (!item) return null;
    return this.handles(item).find((h) => Math.abs(h.x - x) <= reach && Math.abs(h.y - y) <= reach) ?? null;
  },

  /** The item under a place of the sheet: the smallest of the first part in `FIRST` that has one there. */
  itemAt([x, y], parts = null) {
    const reach = REACH_PX / this.unit;
    let best = null;
    for (const item of this.grid.near(x, y, reach)) {
      if (!this.options.layers.has(item.part) || (parts && !parts.includes(item.part))) continue;
      if (!this.touches(item, x, y, reach)) continue;
      const rank = FIRST.indexOf(item.part);
      const area = (item.box[2] - item.box[0]) * (item.box[3] - item.box[1]);
      if (!best || rank < best.rank || (rank === best.rank && area < best.area)) best = { rank, area, item };
    }
    return best?.item ?? null;
  },

  touches(item, x, y, reach) {
    if (item.part === "findings") return Math.hypot(item.box[0] - x, item.box[1] - y) <= (DOT_PX + 2) / this.unit;
    if (item.part === "lines") return nearPolyline(item.element.points, x, y) <= reach;
    if (item.part === "connections") {
      const ends = [item.element.a, item.element.b].map((id) => middle(this.model.get("symbols", id).box));
      return nearPolyline(ends, x, y) <= reach;
    }
    const [x0, y0, x1, y1] = item.box;
    const slack = Math.min(reach, 2 / this.unit);
    return x >= x0 - slack && x <= x1 + slack && y >= y0 - slack && y <= y1 + slack;
  },
});

const meets = (a, b) => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];
