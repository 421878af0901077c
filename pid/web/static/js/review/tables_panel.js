// Tables as they stand on the sheet, cell by cell.

import { h } from "../dom.js";
import { t } from "../words.js";
import { standing } from "./colours.js";

const [SHORTEST, LONGEST] = [3, 40]; // characters shown of a cell

export class TablesPanel {
  constructor(root, review) {
    this.root = root;
    this.review = review;
  }

  show(chosen = this.chosen) {
    const tables = this.review.model.list("tables");
    const table = tables.find((one) => one.id === chosen) ?? tables[0];
    this.chosen = table?.id;
    if (!table) {
      this.root.replaceChildren(h("p", { class: "quiet" }, t("No table was read on this page.")));
      return;
    }
    const choose = h("select", { onchange: () => { this.show(choose.value); this.review.select(`tables:${choose.value}`, { look: true }); } },
      tables.map((one, i) => h("option", { value: one.id, selected: one === table }, t("Table {n}", { n: i + 1 }))));
    this.root.replaceChildren(
      h("label", { class: "row" }, h("span", {}, t("Table")), choose),
      h("div", { class: "scroll" }, h("table", { class: "grid cells" }, this.rows(table))));
  }

  hide() {
    this.review.overlay.spot = null;
  }

  rows(table) {
    const rows = new Map();
    for (const cell of [...table.cells].sort((a, b) => a.row - b.row || a.column - b.column)) {
      if (!rows.has(cell.row)) rows.set(cell.row, []);
      rows.get(cell.row).push(this.cell(table, cell));
    }
    return [...rows.values()].map((cells) => h("tr", {}, cells));
  }

  cell(table, cell) {
    const state = cell.text ? standing(cell.score, this.review.thresholds) : "";
    const input = h("input", { type: "text", value: cell.text, size: Math.min(Math.max(cell.text.length, SHORTEST), LONGEST), readonly: !this.review.editable,
      "aria-label": t("Row {row}, column {column}", { row: cell.row + 1, column: cell.column + 1 }),
      onfocus: () => this.review.lookAtBox(cell.box),
      onchange: () => this.change(table, cell, input.value) });
    return h("td", { rowspan: cell.row_span, colspan: cell.column_span, class: state }, input);
  }

  change(table, cell, text) {
    const cells = table.cells.map((one) => (one === cell ? { ...one, text, score: 1 } : one));
    this.review.session.do([{ op: "put", part: "tables", value: { ...table, cells } }], t("Table cell edited"));
  }
}
