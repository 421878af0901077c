// Texts in the reader's language: the English text is the key. The page carries the dictionary of its language.

const source = document.getElementById("words");
const words = source ? JSON.parse(source.textContent) : {};

/** The text in the page's language; {name} is replaced by the value of that name. */
export function t(text, values = {}) {
  return (words[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const language = document.documentElement.lang || "en";
const whole = new Intl.NumberFormat(language);

export const count = (n) => whole.format(n);
export const percent = (share, digits = 0) =>
  new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share);
export const when = (text) =>
  text ? new Date(text).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" }) : "";
/** A name of the machine's (gate_valve) as people write it. */
export const plain = (name) => (name ?? "").replaceAll("_", " ");
