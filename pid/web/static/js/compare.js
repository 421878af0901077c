// Two sheets over each other: a line parts the earlier from the later one, and the list of changes leads to each.

/* global L */

import { api } from "./api.js";
import { find, h, tell } from "./dom.js";
import { count, plain, t } from "./words.js";
import { boxAround } from "./review/model.js";
import { SheetMap } from "./review/sheet_map.js";

const { old, new: later } = JSON.parse(find("#compare-data").textContent);
const pair = { old: old.id, new: later.id, old_revision: old.revision, new_revision: later.revision };
const sheet = new SheetMap(find("#sheet"), later);
const { map } = sheet;

// The earlier sheet lies over the later one, laid so that common tags meet, and is cut off at the line.
const pane = map.createPane("earlier");
pane.style.zIndex = 250;

const Earlier = L.GridLayer.extend({
  createTile({ x, y, z }, done) {
    const tile = document.createElement("canvas");
    const side = this.options.tileSize;
    tile.width = tile.height = side;
    const unit = 2 ** (later.deepest_zoom - z); // pixels of the later sheet a pixel of the tile
    paint(tile, [x * side * unit, y * side * unit], unit, this.options.alignment).then(() => done(null, tile));
    return tile;
  },
});

/** Draws what the earlier page shows from a place of the later one on. */
function paint(tile, [left, upper], unit, { scale, offset }) {
  const side = tile.width;
  const step = scale.map((s) => unit / s); // pixels of the earlier sheet a pixel of the tile
  const start = [(left - offset[0]) / scale[0], (upper - offset[1]) / scale[1]];
  const zoom = Math.max(0, Math.min(old.deepest_zoom, old.deepest_zoom - Math.floor(Math.log2(step[0]))));
  const span = old.tile_px * 2 ** (old.deepest_zoom - zoom);
  const context = tile.getContext("2d");
  const [columns, rows] = [[start[0], old.width, step[0]], [start[1], old.height, step[1]]].map(([from, length, by]) =>
    range(Math.max(0, Math.floor(from / span)), Math.min(Math.floor((from + side * by) / span), Math.ceil(length / span) - 1)));
  return Promise.all(columns.flatMap((column) => rows.map(async (row) => {
    const picture = await load(old.tiles.replace("{z}", zoom).replace("{x}", column).replace("{y}", row));
    if (!picture) return;
    const size = [picture.naturalWidth, picture.naturalHeight].map((n, i) => (n * span) / old.tile_px / step[i]);
    context.drawImage(picture, (column * span - start[0]) / step[0], (row * span - start[1]) / step[1], ...size);
  })));
}

const range = (from, to) => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
const load = (url) => new Promise((resolve) => {
  const picture = new Image();
  picture.onload = () => resolve(picture);
  picture.onerror = () => resolve(null);
  picture.src = url;
});

const swipe = find("#swipe");
const line = find("#swipe-line");

function part() {
  const share = swipe.value / 100;
  const size = map.getSize();
  const [upper, lower] = [map.containerPointToLayerPoint([0, 0]), map.containerPointToLayerPoint(size)];
  const x = upper.x + size.x * share;
  pane.style.clip = `rect(${upper.y}px, ${x}px, ${lower.y}px, ${upper.x}px)`;
  line.style.left = `${share * 100}%`;
}

swipe.addEventListener("input", part);
map.on("move zoom moveend zoomend resize", part);
part();
find("#zoom-in").addEventListener("click", () => sheet.zoomBy(1));
find("#zoom-out").addEventListener("click", () => sheet.zoomBy(-1));
find("#fit").addEventListener("click", () => sheet.fit());

// --- the list of changes

const mark = L.layerGroup().addTo(map);
const NAMES = { kind: "Kind", tag: "Tag", size: "Size", spec: "Class", connection: "Connection", line: "Line", added: "added", removed: "removed", moved: "moved" };

/** Boxes of a drawing's symbols and lines by id. */
const boxesOf = (drawing) => new Map([
  ...drawing.symbols.map((s) => [s.id, s.box]), ...drawing.lines.map((l) => [l.id, boxAround(l.points)]),
]);

function go(change, boxes, { scale, offset }) {
  mark.clearLayers();
  const before = boxes.old.get(change.old_id);
  const moved = before?.map((v, i) => v * scale[i % 2] + offset[i % 2]);
  const box = boxes.new.get(change.new_id) ?? moved;
  if (!box) return;
  L.rectangle([[box[1], box[0]], [box[3], box[2]]], { color: "#101820", weight: 3, fill: false, interactive: false }).addTo(mark);
  sheet.look(box);
}

function row(change, boxes, alignment) {
  const what = change.what.split(" ");
  const state = what.at(-1);
  const values = change.old || change.new ? `${plain(change.old) || "–"} → ${plain(change.new) || "–"}` : "";
  return h("li", {}, h("button", { type: "button", class: `entry change ${state}`, onclick: () => go(change, boxes, alignment) },
    h("strong", {}, what.map((word) => t(NAMES[word] ?? plain(word))).join(" "), ": ", change.subject),
    h("span", {}, values, h("small", {}, change.zone ? ` ${t("zone {zone}", { zone: change.zone })}` : ""))));
}

async function compare() {
  try {
    const [answer, before, after] = await Promise.all([
      api.post("compare", pair), ...[old, later].map((page) => api.get(`pages/${page.id}/revisions/${page.revision}`)),
    ]);
    const boxes = { old: boxesOf(before), new: boxesOf(after) };
    new Earlier({
      pane: "earlier", alignment: answer.alignment, tileSize: later.tile_px, minNativeZoom: 0, maxNativeZoom: later.deepest_zoom,
      minZoom: -2, maxZoom: later.deepest_zoom + 2, bounds: sheet.bounds, noWrap: true, updateWhenZooming: false,
    }).addTo(map);
    find("#changes").replaceChildren(
      h("p", { class: "quiet" }, t("{n} changes. Each leads to its place on the sheet.", { n: count(answer.changes.length) })),
      h("ul", { class: "list" }, answer.changes.map((change) => row(change, boxes, answer.alignment))));
  } catch (error) {
    find("#changes").replaceChildren(h("p", { class: "doubt" }, error.message));
  }
  document.body.dataset.ready = "yes";
}

find("#workbook").addEventListener("click", async () => {
  try {
    await api.download("compare.xlsx", pair, "changes.xlsx");
  } catch (error) {
    tell(error.message, "error");
  }
});

compare();
