// Which layers lie over the sheet: a menu of boxes, remembered by the browser.

import { find, h } from "../dom.js";
import { count, t } from "../words.js";
import { PART_NAMES } from "./part_names.js";

const LAYERS = ["symbols", "lines", "words", "connections", "tables", "fields", "findings"];
const SHOWN_FIRST = ["symbols", "lines", "findings"];
const KEPT_AS = "layers";

/** The layers that are shown: as they were left, or those that one wants first. */
export function shownLayers() {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEPT_AS)) ?? SHOWN_FIRST);
  } catch {
    return new Set(SHOWN_FIRST);
  }
}

export class Layers {
  constructor(overlay, model) {
    this.overlay = overlay;
    this.model = model;
    this.boxes = new Map();
    find("#layers").replaceChildren(...LAYERS.map((part) => this.row(part)));
  }

  row(part) {
    const box = h("input", { type: "checkbox", checked: this.shows(part), onchange: () => this.toggle(part, box.checked) });
    const number = h("small");
    this.boxes.set(part, { box, number });
    return h("label", {}, box, h("span", {}, t(PART_NAMES[part])), number);
  }

  shows(part) {
    return this.overlay.options.layers.has(part);
  }

  toggle(part, on) {
    const { layers } = this.overlay.options;
    if (on) layers.add(part);
    else layers.delete(part);
    localStorage.setItem(KEPT_AS, JSON.stringify([...layers]));
    this.boxes.get(part).box.checked = on;
    this.overlay.redraw();
  }

  /** How much each layer holds. */
  tally() {
    for (const [part, { number }] of this.boxes) {
      const held = part === "findings" ? this.model.findings : this.model.list(part);
      number.textContent = count(held.length);
    }
  }
}
