// The two thresholds: sliders over a histogram of scores, and live what they buy.

import { h } from "../dom.js";
import { count, percent, t } from "../words.js";
import { COLOURS, standing } from "./colours.js";
import { balance, histogram } from "./queue.js";

const BINS = 25;
const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [300, 40];

export class ThresholdsPanel {
  /** `review` is the page's state (review.js); `part` says whose scores are shown. */
  constructor(root, review) {
    this.review = review;
    this.root = root;
    this.sliders = {
      review: this.slider("review", t("Leave out below")),
      accept: this.slider("accept", t("Accept from")),
    };
    this.chart = document.createElementNS(SVG, "svg");
    this.chart.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.chart.setAttribute("preserveAspectRatio", "none");
    this.chart.setAttribute("class", "histogram");
    this.chart.setAttribute("aria-hidden", "true");
    this.figures = h("dl", { class: "figures", "aria-live": "polite" });
    this.acceptAll = h("button", { type: "button", class: "button small", onclick: () => review.acceptAllAbove() });
    this.keep = h("button", { type: "button", class: "button small", title: t("Keep both thresholds for the whole project"), onclick: () => review.keepThresholds() }, t("Keep"));
    root.append(
      this.chart,
      h("div", { class: "sliders" }, this.sliders.review.label, this.sliders.accept.label),
      this.figures,
      h("div", { class: "actions" }, review.editable ? [this.acceptAll, this.keep] : []),
    );
  }

  slider(name, title) {
    const output = h("output", {});
    const input = h("input", {
      type: "range", min: 0, max: 1, step: 0.01, "aria-label": title,
      oninput: () => this.moved(name, Number(input.value)),
    });
    const label = h("label", {}, h("span", {}, title, " ", output), input);
    return { input, output, label };
  }

  moved(name, value) {
    const next = { ...this.review.thresholds, [name]: value };
    if (next.review > next.accept) next[name === "review" ? "accept" : "review"] = value;
    this.review.setThresholds(next);
  }

  show() {
    const { thresholds, overlay, shownPart: part } = this.review;
    for (const name of ["review", "accept"]) {
      this.sliders[name].input.value = thresholds[name];
      this.sliders[name].output.textContent = thresholds[name].toFixed(2);
    }
    const sums = balance(overlay.items, part, thresholds);
    this.draw(histogram(overlay.items, part, BINS));
    const figures = [
      [t("Accepted"), count(sums.accepted), "accept"],
      [t("To review"), count(sums.review), "review"],
      [t("Left out"), count(sums.low), "low"],
      [t("Expected precision"), sums.precision === null ? "–" : percent(sums.precision, 1), ""],
    ];
    this.figures.replaceChildren(...figures.map(([name, value, state]) => h("div", { class: state }, h("dt", {}, name), h("dd", {}, value))));
    this.figures.title = t("Of those left out, about {n} are expected to be right.", { n: sums.lost.toFixed(1) });
    const unsure = this.review.unsureAbove().length;
    this.acceptAll.textContent = t("Accept all from {score} ({n})", { score: thresholds.accept.toFixed(2), n: count(unsure) });
    this.acceptAll.disabled = !unsure;
    const project = this.review.page.thresholds;
    this.keep.disabled = thresholds.accept === project.accept && thresholds.review === project.review;
  }

  /** Bars on a scale of roots: a few doubtful elements show beside hundreds of sure ones. */
  draw(heights) {
    const most = Math.sqrt(Math.max(1, ...heights));
    this.chart.replaceChildren(...heights.map((n, i) => {
      const bar = document.createElementNS(SVG, "rect");
      const height = n ? Math.max(2, (Math.sqrt(n) / most) * HEIGHT) : 0;
      const attributes = { x: (i * WIDTH) / BINS + 0.5, y: HEIGHT - height, width: WIDTH / BINS - 1, height };
      for (const [name, value] of Object.entries(attributes)) bar.setAttribute(name, value);
      bar.setAttribute("fill", COLOURS[standing((i + 0.5) / BINS, this.review.thresholds)].stroke);
      return bar;
    }));
  }
}

