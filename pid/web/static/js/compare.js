// Two sheets over each other: a line parts the earlier from the later one, and the list of changes leads to each.

/* global L */

import { api } from "./api.js";
import { find, h, tell } from "./dom.js";
import { count, plain, t } from "./words.js";
import { SheetMap } from "./review/sheet_map.js";

const { old, new: later } = JSON.parse(find("#compare-data").textContent);
const sheet = new SheetMap(find("#sheet"), later);
const { map } = sheet;

// The earlier sheet lies over the later one, fitted to its size, and is cut off at the line.
const pane = map.createPane("earlier");
pane.style.zIndex = 250;
const scale = Math.min(later.width / old.width, later.height / old.height);
const shift = Math.log2(scale) + old.deepest_zoom - later.deepest_zoom;
const Earlier = L.GridLayer.extend({
  createTile(coords, done) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = this.options.tileSize;
    paint(tile, coords, this.options.tileSize, done);
    return tile;
  },
});

/** Draws what the earlier page shows where a tile of the later one lies. */
function paint(tile, { x, y, z }, side, done) {
  const unit = 2 ** (later.deepest_zoom - z) / scale; // pixels of the earlier sheet a pixel of the tile
  const zoom = Math.max(0, Math.min(old.deepest_zoom, old.deepest_zoom - Math.floor(Math.log2(unit))));
  const span = old.tile_px * 2 ** (old.deepest_zoom - zoom);
  const [x0, y0, width] = [x * side * unit, y * side * unit, side * unit];
  const context = tile.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  const jobs = [];
  const end = (length) => Math.ceil(length / span) - 1;
  for (let column = Math.max(0, Math.floor(x0 / span)); column <= Math.min((x0 + width) / span, end(old.width)); column += 1) {
    for (let row = Math.max(0, Math.floor(y0 / span)); row <= Math.min((y0 + width) / span, end(old.height)); row += 1) {
      jobs.push(new Promise((resolve) => {
        const picture = new Image();
        picture.onload = () => {
          context.drawImage(picture, (column * span - x0) / unit, (row * span - y0) / unit, span / unit, span / unit);
          resolve();
        };
        picture.onerror = resolve;
        picture.src = old.tiles.replace("{z}", zoom).replace("{x}", column).replace("{y}", row);
      }));
    }
  }
  Promise.all(jobs).then(() => done(null, tile));
}

new Earlier({
  pane: "earlier", tileSize: later.tile_px, minNativeZoom: 0, maxNativeZoom: later.deepest_zoom, minZoom: -2, maxZoom: later.deepest_zoom + 3,
  bounds: sheet.bounds, noWrap: true, updateWhenZooming: false,
}).addTo(map);

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

function go(change) {
  const box = change.new_box ?? change.box ?? change.old_box;
  mark.clearLayers();
  if (!box) return;
  L.rectangle([[box[1], box[0]], [box[3], box[2]]], { color: "#101820", weight: 2.5, fill: false, interactive: false }).addTo(mark);
  sheet.look(box);
}

function row(change) {
  const what = change.what ?? change.change ?? change.kind;
  return h("li", {}, h("button", { type: "button", class: `entry change ${what}`, onclick: () => go(change) },
    h("strong", {}, t(plain(what))), h("span", {}, change.text ?? change.message ?? "")));
}

async function compare() {
  try {
    const answer = await api.post("compare", { old: old.id, new: later.id });
    const { changes } = answer;
    find("#changes").replaceChildren(
      h("p", { class: "quiet" }, t("{n} changes. Each leads to its place on the sheet.", { n: count(changes.length) })),
      h("ul", { class: "list" }, changes.map(row)));
  } catch (error) {
    find("#changes").replaceChildren(h("p", { class: "doubt" }, error.message));
  }
  document.body.dataset.ready = "yes";
}

find("#workbook").addEventListener("click", async () => {
  try {
    await api.download("compare.xlsx", { old: old.id, new: later.id }, "changes.xlsx");
  } catch (error) {
    tell(error.message, "error");
  }
});

compare();
