// Remarks of the checks: a click goes to the place.

import { h } from "../dom.js";
import { plain, t } from "../words.js";

const ORDER = ["error", "warning", "info"];

export class FindingsPanel {
  constructor(root, review) {
    this.root = root;
    this.review = review;
  }

  show() {
    const { findings } = this.review.model;
    const sorted = findings.map((finding, i) => ({ finding, i })).sort((a, b) => ORDER.indexOf(a.finding.severity) - ORDER.indexOf(b.finding.severity));
    this.root.replaceChildren(
      sorted.length
        ? h("ul", { class: "list" }, sorted.map(({ finding, i }) => h("li", {},
          h("button", { type: "button", class: `entry ${finding.severity}`, onclick: () => this.go(finding, i) },
            h("strong", {}, t(plain(finding.code.replaceAll("-", " ")))), h("span", {}, finding.message)))))
        : h("p", { class: "quiet" }, t("The checks found nothing.")));
  }

  hide() {
    this.review.light([]);
  }

  go(finding, i) {
    const keys = finding.subjects.map((id) => `${this.review.model.partOf.get(id)}:${id}`);
    this.review.select(`findings:${i}`, { look: false, keepFocus: true });
    this.review.lightKeys(keys);
    this.review.lookAt(keys);
  }
}
