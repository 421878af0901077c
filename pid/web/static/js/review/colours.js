// What colours say. Blue, orange and purple are told apart by all common kinds of colour vision; how a line is drawn
// (thin, thick, dashed) says the same again.

export const COLOURS = {
  accept: { stroke: "#0b62a8", fill: "rgba(11,98,168,0.05)", width: 1.6, dash: [] },
  review: { stroke: "#c96a00", fill: "rgba(255,153,0,0.22)", width: 2.6, dash: [] },
  low: { stroke: "#7a2a8c", fill: "rgba(122,42,140,0.10)", width: 2, dash: [5, 4] },
};
export const SELECTED = "#101820";
export const LIT = "#00857a";
export const SEVERITY = { error: "#a3173b", warning: "#c96a00", info: "#0b62a8" };

/** Which of the three a score falls into. */
export function standing(score, { accept, review }) {
  if (score >= accept) return "accept";
  return score >= review ? "review" : "low";
}
