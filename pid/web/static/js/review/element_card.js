// The element at hand: its picture, what it is taken for, and everything that can be changed about it.

import { h } from "../dom.js";
import { percent, plain, t } from "../words.js";
import { standing } from "./colours.js";
import { drawCrop } from "./crop.js";
import * as edits from "./edits.js";
import { nameOf } from "./model.js";

const TITLES = {
  symbols: "Symbol", lines: "Line", words: "Lettering", connections: "Connection", tables: "Table", fields: "Field", findings: "Finding",
};
const LINE_KINDS = ["process", "signal", "electric", "pneumatic", "hydraulic", "capillary", "utility", "leader"];
const LINE_STYLES = ["solid", "dashed", "dotted", "double"];
const DIRECTIONS = ["unknown", "forward", "backward", "both"];
const SEEN_BY = {
  shape: "its shape", structure: "its strokes", vector: "the file's vectors", block: "the file's block", person: "a person",
};
const MOST_RUNNERS = 6;

export class ElementCard {
  constructor(root, review) {
    this.root = root;
    this.review = review;
    this.model = review.model;
    this.crop = h("canvas", { class: "crop", role: "img", "aria-label": t("Cut-out of the drawing") });
  }

  get session() {
    return this.review.session;
  }

  show(item) {
    this.item = item;
    if (!item) {
      this.root.replaceChildren(h("p", { class: "quiet" }, t("Nothing is selected. Click an element on the drawing, or press J for the next one to review.")));
      return;
    }
    const { part, element } = item;
    const form = this[part](element);
    if (part !== "findings") drawCrop(this.crop, this.review.page, item.box);
    this.root.replaceChildren(
      h("div", { class: "card-head" }, h("h2", {}, t(TITLES[part]), " ", h("small", {}, nameOf(part, element) ?? "")), this.badge(item)),
      h("div", { class: "card-body" }, part === "findings" ? null : this.crop, h("div", { class: "card-form" }, form)),
      ...this.below(part, element),
      this.review.editable && part !== "findings" ? this.buttons(item) : "",
    );
  }

  badge({ part, score }) {
    if (part === "findings") return null;
    const state = standing(score, this.review.thresholds);
    return h("span", { class: `badge ${state}`, title: t("Probability that it is right") }, percent(score));
  }

  change(value, note) {
    const { part, element } = this.item;
    this.session.do([{ op: "change", part, id: nameOf(part, element), value }], note);
  }

  input(name, title, value, { list, parse = (text) => text.trim() || null, note } = {}) {
    const input = h("input", { type: "text", value: value ?? "", list, readonly: !this.review.editable, autocomplete: "off", spellcheck: "false" });
    input.dataset.field = name;
    input.addEventListener("change", () => {
      const now = parse(input.value);
      if (now !== value) this.change({ [name]: now }, note ?? t("{what} changed", { what: title }));
    });
    return h("label", { class: "row" }, h("span", {}, title), input);
  }

  choice(name, title, value, choices) {
    const known = choices.includes(value) ? choices : [value, ...choices];
    const select = h("select", { disabled: !this.review.editable, onchange: () => this.change({ [name]: select.value }, t("{what} changed", { what: title })) },
      known.map((one) => h("option", { value: one, selected: one === value }, t(plain(one)))));
    select.dataset.field = name;
    return h("label", { class: "row" }, h("span", {}, title), select);
  }

  symbols(symbol) {
    const kind = h("input", { type: "text", value: plain(symbol.kind), list: "kinds", readonly: !this.review.editable, autocomplete: "off", spellcheck: "false" });
    kind.dataset.field = "kind";
    kind.addEventListener("change", () => this.review.rename(symbol, kind.value));
    return [
      h("label", { class: "row" }, h("span", {}, t("Kind")), kind),
      this.input("tag", t("Tag"), symbol.tag),
      h("p", { class: "quiet" }, this.seenBy(symbol)),
      symbol.attributes?.review ? h("p", { class: "doubt" }, this.doubt(symbol)) : null,
    ];
  }

  seenBy(symbol) {
    const names = (symbol.found_by ?? []).map((witness) => t(SEEN_BY[witness] ?? witness));
    return names.length ? t("Told by {witnesses}", { witnesses: names.join(", ") }) : "";
  }

  doubt(symbol) {
    const other = /^also taken for (\S+)$/.exec(symbol.attributes.review)?.[1];
    return other ? t("Also taken for {kind}", { kind: plain(other) }) : String(symbol.attributes.review);
  }

  lines(line) {
    return [
      this.input("line_number", t("Line number"), line.line_number),
      this.choice("kind", t("Kind"), line.kind, LINE_KINDS),
      this.choice("style", t("Style"), line.style, LINE_STYLES),
      this.choice("direction", t("Direction"), line.direction, DIRECTIONS),
    ];
  }

  words(word) {
    const owner = word.owner && this.model.partOf.get(word.owner);
    return [
      this.input("text", t("Text"), word.text, { parse: (text) => text.trim() }),
      owner ? h("p", { class: "quiet" }, t("Belongs to"), " ", this.link(owner, word.owner)) : null,
    ];
  }

  connections(connection) {
    return [
      h("p", {}, this.link("symbols", connection.a), connection.directed ? " → " : " – ", this.link("symbols", connection.b)),
      this.choice("kind", t("Kind"), connection.kind, LINE_KINDS),
      h("p", { class: "quiet" }, t("{n} line(s)", { n: connection.lines.length })),
    ];
  }

  tables(table) {
    const rows = 1 + Math.max(-1, ...table.cells.map((cell) => cell.row));
    return h("p", {}, t("{rows} rows, {cells} cells", { rows, cells: table.cells.length }), " ",
      h("button", { type: "button", class: "link", onclick: () => this.review.tabs.show("tables", table.id) }, t("Open the table")));
  }

  fields(field) {
    return [h("p", { class: "quiet" }, plain(field.name)), this.input("value", t("Value"), field.value, { parse: (text) => text.trim() })];
  }

  findings(finding) {
    return [
      h("p", {}, finding.message),
      h("p", { class: "quiet" }, finding.code, " · ", t(finding.severity)),
      h("p", {}, finding.subjects.map((id) => [this.link(this.model.partOf.get(id), id), " "])),
    ];
  }

  link(part, id) {
    const element = part && this.model.get(part, id);
    if (!element) return id;
    const name = element.tag || element.line_number || element.text || (element.kind ? `${plain(element.kind)} ${id}` : id);
    return h("button", { type: "button", class: "link", onclick: () => this.review.select(`${part}:${id}`, { look: true }) }, name);
  }

  below(part, element) {
    if (part !== "symbols") return [];
    return [this.runners(element), this.neighbours(element)];
  }

  /** Other kinds as numbered buttons: the digit is their key. */
  runners(symbol) {
    const runners = edits.runnersUp(symbol).slice(0, MOST_RUNNERS);
    if (!runners.length || !this.review.editable) return "";
    return h("div", { class: "runners", role: "group", "aria-label": t("Or is it") },
      h("span", { class: "quiet" }, t("Or is it")),
      runners.map(({ kind, score }, i) => h("button", { type: "button", class: "chip", onclick: () => this.takeRunner(i) },
        h("kbd", {}, String(i + 1)), " ", plain(kind), score === null ? "" : h("small", {}, ` ${percent(score)}`))));
  }

  takeRunner(i) {
    if (this.item?.part !== "symbols") return;
    const runner = edits.runnersUp(this.item.element)[i];
    if (runner && i < MOST_RUNNERS) this.review.rename(this.item.element, runner.kind);
  }

  neighbours(symbol) {
    const connections = this.model.connectionsOf(symbol.id);
    const rows = connections.map((c) => h("li", {}, this.link("symbols", c.a === symbol.id ? c.b : c.a),
      h("small", {}, ` ${t(plain(c.kind))}`),
      this.review.editable ? h("button", { type: "button", class: "icon", "aria-label": t("Disconnect"), title: t("Disconnect"), onclick: () => this.disconnect(c) }, "×") : null));
    return h("details", { class: "neighbours", open: this.neighboursOpen, ontoggle: (event) => { this.neighboursOpen = event.target.open; } },
      h("summary", {}, t("Connected to {n}", { n: connections.length })),
      h("ul", {}, rows),
      this.review.editable ? h("button", { type: "button", class: "link", onclick: () => this.review.tools.startConnection(this.item) }, t("Connect to another symbol")) : null);
  }

  disconnect(connection) {
    this.session.do([{ op: "remove", part: "connections", id: nameOf("connections", connection) }], t("Disconnected"));
  }

  buttons({ part }) {
    return h("div", { class: "actions" },
      h("button", { type: "button", class: "button primary", onclick: () => this.review.accept() }, t("Accept"), " ", h("kbd", {}, "↵")),
      part === "fields" ? null : h("button", { type: "button", class: "button", onclick: () => this.review.remove() }, t("Remove"), " ", h("kbd", {}, "Del")),
      part === "symbols" && this.review.page.may.estimate ? h("button", { type: "button", class: "button", onclick: () => this.review.findAlike() }, t("Find alike"), " ", h("kbd", {}, "F")) : null);
  }

  focusField(name) {
    const field = this.root.querySelector(`[data-field="${name}"]`);
    field?.focus();
    field?.select?.();
  }
}
