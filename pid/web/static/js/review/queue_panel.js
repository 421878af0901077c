// The items left to review as a list, and the way through it.

import { h } from "../dom.js";
import { count, percent, plain, t } from "../words.js";
import { PART_NAMES } from "./part_names.js";
import { REVIEWED, needsReview, toReview } from "./queue.js";

const MOST_ROWS = 200; // shown at once: the rest follows as these are done

export class QueuePanel {
  constructor(root, review) {
    this.root = root;
    this.review = review;
    this.parts = h("div", { class: "segments", role: "group", "aria-label": t("What to review") });
    this.order = h("select", { "aria-label": t("Order"), onchange: () => { review.order = this.order.value; this.show(); } },
      h("option", { value: "place" }, t("by place")), h("option", { value: "score" }, t("least certain first")));
    this.place = h("span", { class: "quiet", "aria-live": "polite" });
    this.list = h("ol", { class: "queue" });
    root.append(this.parts, h("div", { class: "queue-head" }, this.place, this.order), this.list);
  }

  show() {
    const { review } = this;
    const { overlay, thresholds, order } = review;
    const { height } = review.page;
    this.items = toReview(overlay.items, review.queueParts, thresholds, { order, height });
    this.parts.replaceChildren(...REVIEWED.map((part) => {
      const n = overlay.items.filter((item) => item.part === part && needsReview(item, thresholds)).length;
      return h("button", { type: "button", "aria-pressed": String(part === review.shownPart), onclick: () => review.showPart(part) },
        t(PART_NAMES[part]), h("small", {}, count(n)));
    }));
    this.list.replaceChildren(...this.items.slice(0, MOST_ROWS).map((item) => this.row(item)));
    if (!this.items.length) this.list.append(h("li", { class: "quiet done" }, t("Nothing is left to review here.")));
    this.mark(review.selected);
  }

  row(item) {
    const { element } = item;
    const title = plain(element.kind ?? element.name ?? "") || t(PART_NAMES[item.part]);
    const name = element.tag ?? element.line_number ?? element.text ?? element.value ?? "";
    const button = h("button", { type: "button", "data-key": item.key, tabindex: -1, onclick: () => this.review.step(item) },
      h("span", { class: "what" }, item.part === "words" ? name : title), item.part === "words" ? null : h("span", { class: "name" }, name),
      h("span", { class: "number" }, percent(item.score)));
    return h("li", {}, button);
  }

  mark(item) {
    const at = this.items?.findIndex((one) => one.key === item?.key) ?? -1;
    const total = count(this.items?.length ?? 0);
    this.place.textContent = at < 0 ? t("{n} to review", { n: total }) : t("{at} of {n}", { at: count(at + 1), n: total });
    for (const row of this.list.querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
    const row = at < 0 ? null : this.list.children[at]?.firstElementChild;
    row?.setAttribute("aria-current", "true");
    row?.scrollIntoView({ block: "nearest" });
  }

  /** The item that follows one of the queue; nothing for items that are not in it. */
  after(item) {
    const at = this.items.findIndex((one) => one.key === item.key);
    return at < 0 ? null : (this.items[at + 1] ?? this.items[at - 1] ?? null);
  }

  /** Goes on or back by a number of items; starts at the first. */
  go(steps) {
    if (!this.items.length) return;
    const at = this.items.findIndex((one) => one.key === this.review.selected?.key);
    const next = at < 0 ? (steps > 0 ? 0 : this.items.length - 1) : Math.max(0, Math.min(this.items.length - 1, at + steps));
    this.review.step(this.items[next]);
  }
}
