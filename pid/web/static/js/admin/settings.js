import { api } from "../api.js";
import { h, tell } from "../dom.js";
import { t } from "../words.js";

const TEXTS = {
  rules: ["Take-off rules", "What is counted, what belongs to something else, what flanged ends bring along (TOML)."],
  prices: ["Price book", "Prices by code, size and class (CSV)."],
  lexicons: ["Tags and lexicons", "How tags and line numbers are written in your office, and the words used in them (TOML)."],
  checks: ["Checks", "What the checks look for, and how grave it is (TOML)."],
  thresholds: ["Thresholds of new projects", "Scores from which elements are accepted, and below which they are left out."],
};

/** Texts of the installation: shown as they are, checked by the service before they are kept. */
export async function settings(root) {
  const mine = await api.get("me");
  const may = (right) => mine.permissions.includes(right);
  const names = Object.keys(TEXTS).filter((name) => name !== "prices" || may("estimate"));
  const found = await Promise.all(names.map((name) => api.get(`settings/${name}`)));
  root.replaceChildren(...names.map((name, i) => editor(name, found[i].value, may("admin"))));
}

function editor(name, value, editable) {
  const [title, what] = TEXTS[name];
  const isText = typeof value === "string";
  const area = h("textarea", { "aria-label": t(title), spellcheck: "false", rows: isText ? 14 : 4, readonly: !editable, class: isText ? "" : "short" });
  const show = (now) => { area.value = isText ? now : JSON.stringify(now, null, 2); };
  show(value);
  const keep = async (now) => {
    try {
      show((await api.put(`settings/${name}`, { value: now() })).value);
      tell(t("{what} is kept.", { what: t(title) }));
    } catch (error) {
      tell(error.message, "error");
    }
  };
  return h("section", { class: "panel" }, h("h2", {}, t(title)), h("p", { class: "quiet" }, t(what)), area,
    editable ? h("div", { class: "actions" },
      h("button", { class: "button primary", type: "button", onclick: () => keep(() => (isText ? area.value : JSON.parse(area.value))) }, t("Keep")),
      h("button", { class: "button", type: "button", onclick: () => keep(() => null) }, t("Back to what is shipped"))) : null);
}
