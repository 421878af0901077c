import { api } from "../api.js";
import { h, tell } from "../dom.js";
import { t } from "../words.js";

const TEXTS = {
  rules: ["Take-off rules", "What is counted, what belongs to something else, what flanged ends bring along (TOML)."],
  prices: ["Price book", "Prices by code, size and class (CSV)."],
  lexicons: ["Lexicons", "Words of your drawings: fluids, systems, plant areas."],
  thresholds: ["Thresholds of new projects", "Scores from which elements are accepted, and below which they are left out."],
};

/** Texts of the installation: shown as they are, checked by the service before they are kept. */
export async function settings(root) {
  const names = Object.keys(TEXTS);
  const found = await Promise.all(names.map((name) => api.get(`settings/${name}`)));
  root.replaceChildren(...names.map((name, i) => editor(name, found[i])));
}

function editor(name, setting) {
  const [title, what] = TEXTS[name];
  const isText = typeof setting.value === "string";
  const kept = isText ? setting.value : JSON.stringify(setting.value ?? setting, null, 2);
  const area = h("textarea", { "aria-label": t(title), spellcheck: "false", rows: 14 });
  area.value = kept;
  const save = h("button", { class: "button primary", type: "button", onclick: async () => {
    try {
      await api.put(`settings/${name}`, { value: isText ? area.value : JSON.parse(area.value) });
      tell(t("{what} is kept.", { what: t(title) }));
    } catch (error) {
      tell(error.message, "error");
    }
  } }, t("Keep"));
  const reset = h("button", { class: "button", type: "button", onclick: () => { area.value = kept; } }, t("Reset"));
  return h("section", { class: "panel" }, h("h2", {}, t(title)), h("p", { class: "quiet" }, t(what)), area, h("div", { class: "actions" }, save, reset));
}
