// What can be drawn and clicked: the elements of a drawing with their boxes, and a grid that finds those near a place.

import { boxAround, boxOf, middle, nameOf, scoreOf } from "./model.js";

const CELL_PX = 300; // sheet pixels
const ROWS = 4096; // more rows of cells than any sheet has

/** Items of a model: {key, part, name, element, box, score}. */
export function itemsOf(model) {
  const items = [];
  for (const part of ["tables", "connections", "lines", "words", "fields", "symbols"]) {
    for (const element of model.list(part)) {
      const box = boxOf(model, part, element);
      if (!box) continue;
      const name = nameOf(part, element);
      items.push({ key: `${part}:${name}`, part, name, element, box, score: scoreOf(part, element) });
    }
  }
  model.findings.forEach((finding, i) => {
    const place = placeOf(model, finding);
    if (!place) return;
    const box = [place[0], place[1], place[0], place[1]];
    items.push({ key: `findings:${i}`, part: "findings", name: String(i), element: finding, box, score: 1 });
  });
  return items;
}

/** Where a finding's mark sits: at the first of its subjects that has a place. */
function placeOf(model, finding) {
  for (const subject of finding.subjects) {
    const part = model.partOf.get(subject);
    if (!part) continue;
    const element = model.get(part, subject);
    if (part !== "lines") return [element.box[2], element.box[1]];
    return middle(boxAround(element.points.slice(0, 2)));
  }
  return null;
}

export class Grid {
  constructor(items) {
    this.cells = new Map();
    for (const item of items) {
      const [x0, y0, x1, y1] = item.box.map((v) => Math.floor(v / CELL_PX));
      for (let x = x0; x <= x1; x += 1) for (let y = y0; y <= y1; y += 1) this.put(x * ROWS + y, item);
    }
  }

  put(cell, item) {
    const held = this.cells.get(cell);
    if (held) held.push(item);
    else this.cells.set(cell, [item]);
  }

  /** Items of the cells within `reach` of a place. */
  near(x, y, reach) {
    const found = new Set();
    for (const dx of [-reach, reach]) {
      for (const dy of [-reach, reach]) {
        const cell = Math.floor((x + dx) / CELL_PX) * ROWS + Math.floor((y + dy) / CELL_PX);
        for (const item of this.cells.get(cell) ?? []) found.add(item);
      }
    }
    return found;
  }
}

/** How far a place is from a polyline. */
export function nearPolyline(points, x, y) {
  let least = Infinity;
  for (let i = 1; i < points.length; i += 1) {
    const [ax, ay] = points[i - 1];
    const [dx, dy] = [points[i][0] - ax, points[i][1] - ay];
    const share = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
    least = Math.min(least, Math.hypot(ax + share * dx - x, ay + share * dy - y));
  }
  return least;
}
