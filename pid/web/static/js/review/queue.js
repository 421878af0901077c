// What is left to review, in the order in which a person goes through it, and what the two thresholds buy.

import { standing } from "./colours.js";

export const REVIEWED = ["symbols", "lines", "words", "connections", "fields"];
const BAND = 0.06; // share of the sheet's height that reads as one row

/** Items (see items.js) between the thresholds, and those whose witnesses disagreed, of the wanted parts. */
export function toReview(items, parts, thresholds, { order, height }) {
  const wanted = items.filter((item) => parts.has(item.part) && needsReview(item, thresholds));
  const band = height * BAND;
  const byPlace = (a, b) => Math.floor(a.box[1] / band) - Math.floor(b.box[1] / band) || a.box[0] - b.box[0];
  return wanted.sort(order === "place" ? byPlace : (a, b) => a.score - b.score);
}

export function needsReview(item, thresholds) {
  if (standing(item.score, thresholds) === "review") return true;
  return Boolean(item.element.attributes?.review) && item.score < 1 && item.score >= thresholds.review;
}

/**
 * What thresholds mean for elements of one part. A score is the probability that an element is right, so the mean score
 * of those accepted is the share expected to be right, and the sum of the scores of those left out is the number of
 * right ones expected to be lost.
 */
export function balance(items, part, thresholds) {
  const scores = items.filter((item) => item.part === part).map((item) => item.score);
  const split = { accept: [], review: [], low: [] };
  for (const score of scores) split[standing(score, thresholds)].push(score);
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  return {
    accepted: split.accept.length,
    review: split.review.length,
    low: split.low.length,
    precision: split.accept.length ? sum(split.accept) / split.accept.length : null,
    lost: sum(split.low),
  };
}

/** How many elements of a part have a score in each of `bins` equal ranges. */
export function histogram(items, part, bins) {
  const heights = new Array(bins).fill(0);
  for (const item of items) {
    if (item.part === part) heights[Math.min(bins - 1, Math.floor(item.score * bins))] += 1;
  }
  return heights;
}
