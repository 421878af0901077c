// The bill of materials beside the drawing: a row lights up its symbols, a symbol its row.

import { api } from "../api.js";
import { h, settled } from "../dom.js";
import { count, percent, plain, t } from "../words.js";

const QUIET_MS = 700; // after an edit, before the bill is counted anew

export class BillPanel {
  constructor(root, review) {
    this.root = root;
    this.review = review;
    this.later = settled(() => this.load(), QUIET_MS);
    this.stale = true;
    review.session.addEventListener("saved", () => {
      this.stale = true;
      if (this.open) this.later();
    });
  }

  show() {
    this.open = true;
    if (this.stale) this.load();
  }

  hide() {
    this.open = false;
    this.review.light([]);
  }

  async load() {
    if (!this.items) this.root.replaceChildren(h("p", { class: "quiet" }, t("Counting…")));
    try {
      const { items } = await api.get(this.review.page.takeoff);
      this.items = items;
      this.stale = false;
      this.draw();
    } catch (error) {
      this.root.replaceChildren(h("p", { class: "doubt" }, error.message));
    }
  }

  draw() {
    const rows = [];
    let group = null;
    for (const item of this.items) {
      if (item.group !== group) {
        group = item.group;
        rows.push(h("tr", { class: "group" }, h("th", { colspan: 4, scope: "rowgroup" }, t(plain(group)))));
      }
      rows.push(this.row(item));
    }
    const total = this.items.filter((item) => item.group !== "implied").reduce((sum, item) => sum + item.quantity, 0);
    this.root.replaceChildren(
      h("p", { class: "quiet" }, t("{n} items in {rows} rows. A row lights up its symbols on the drawing.", { n: count(total), rows: this.items.length })),
      h("table", { class: "grid bill" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "number" }, t("Qty")), h("th", { scope: "col" }, t("Item")), h("th", { scope: "col" }, t("Size")), h("th", { scope: "col", class: "number" }, t("Score")))),
        h("tbody", {}, rows)));
    this.mark(this.review.selected);
  }

  row(item) {
    const ids = this.idsOf(item);
    const light = () => this.review.light(ids);
    const row = h("tr", { tabindex: 0, "data-ids": ids.join(" "), onmouseenter: light, onfocus: light,
      onmouseleave: () => this.review.light(this.pinned ?? []),
      onclick: () => this.pin(row, ids), onkeydown: (event) => { if (event.key === "Enter") this.pin(row, ids); } },
    h("td", { class: "number" }, count(item.quantity)),
    h("td", {}, item.description || plain(item.kind), item.tags.length ? h("small", {}, ` ${item.tags.slice(0, 3).join(", ")}${item.tags.length > 3 ? "…" : ""}`) : null),
    h("td", {}, [item.size, item.spec].filter(Boolean).join(" ")),
    h("td", { class: "number" }, percent(item.score)));
    return row;
  }

  /** Symbols of this page: the take-off calls them sheet#symbol. */
  idsOf(item) {
    return item.ids.map((id) => id.slice(id.lastIndexOf("#") + 1)).filter((id) => this.review.model.get("symbols", id));
  }

  pin(row, ids) {
    this.pinned = this.pinned === ids ? null : ids;
    for (const other of this.root.querySelectorAll("tr.on")) other.classList.remove("on");
    if (this.pinned) {
      row.classList.add("on");
      this.review.lookAt(ids.map((id) => `symbols:${id}`));
    }
    this.review.light(this.pinned ?? []);
  }

  /** Marks the row of the element selected on the drawing. */
  mark(item) {
    if (!this.open || item?.part !== "symbols") return;
    for (const row of this.root.querySelectorAll("tr[data-ids]")) {
      const on = row.dataset.ids.split(" ").includes(item.name);
      row.classList.toggle("on", on);
      if (on) row.scrollIntoView({ block: "nearest" });
    }
  }
}
