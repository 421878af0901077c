// The title block's fields as a table: changed in place, applied or taken back as one step.

import { h } from "../dom.js";
import { percent, plain, t } from "../words.js";
import { standing } from "./colours.js";

const mark = (on) => (on ? h("span", { role: "img", "aria-label": t("yes") }, "●") : "");

export class FieldsPanel {
  constructor(root, review) {
    this.root = root;
    this.review = review;
    this.drafts = new Map();
  }

  show() {
    const fields = this.review.model.list("fields");
    const { editable } = this.review;
    this.apply = h("button", { type: "button", class: "button primary", onclick: () => this.applyAll() }, t("Apply"));
    this.reset = h("button", { type: "button", class: "button", onclick: () => this.resetAll() }, t("Reset"));
    const again = h("button", { type: "button", class: "button", onclick: () => this.review.recognizeAgain() }, t("Read again"));
    const head = [[t("Field")], [t("Needed"), t("Whether a rule demands the field")], [t("Mended"), t("Whether a rule mended what was read")],
      [t("Edited"), t("Whether a person edited it")], [t("Rate"), t("Recognition rate")]];
    this.root.replaceChildren(
      fields.length
        ? h("table", { class: "grid fields" },
          h("thead", {}, h("tr", {}, head.map(([name, title]) => h("th", { scope: "col", title }, name)))),
          h("tbody", {}, fields.map((field) => this.row(field))))
        : h("p", { class: "quiet" }, t("No title block was read on this page.")),
      editable ? h("div", { class: "actions sticky" }, fields.length ? [this.apply, this.reset] : [], again) : "");
    this.mark();
  }

  hide() {
    this.review.light([]);
  }

  row(field) {
    const value = this.drafts.get(field.name) ?? field.value;
    const input = h("input", { type: "text", value, readonly: !this.review.editable, "aria-label": plain(field.name),
      oninput: () => {
        if (input.value === field.value) this.drafts.delete(field.name);
        else this.drafts.set(field.name, input.value);
        this.mark();
      },
      onfocus: () => this.review.select(`fields:${field.name}`, { look: true, keepFocus: true }) });
    const missing = field.required && !value;
    return h("tr", { class: missing ? "missing" : "" , "data-name": field.name },
      h("th", { scope: "row" }, h("small", {}, plain(field.name)), input),
      h("td", {}, mark(field.required)),
      h("td", {}, mark(field.corrected)),
      h("td", {}, mark(field.edited)),
      h("td", { class: "number" }, h("span", { class: `badge ${standing(field.score, this.review.thresholds)}` }, percent(field.score))));
  }

  mark() {
    if (!this.apply) return;
    this.apply.disabled = this.reset.disabled = !this.drafts.size;
  }

  applyAll() {
    const operations = [...this.drafts].map(([name, value]) => ({ op: "change", part: "fields", id: name, value: { value } }));
    this.drafts.clear();
    this.review.session.do(operations, t("Fields edited"));
  }

  resetAll() {
    this.drafts.clear();
    this.show();
  }
}
