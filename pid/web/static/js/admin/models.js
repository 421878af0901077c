import { api } from "../api.js";
import { h } from "../dom.js";
import { plain } from "../words.js";

/** The networks at work, with what their cards say of them. */
export async function models(root) {
  const { items } = await api.get("models");
  root.replaceChildren(...items.map((model) => h("section", { class: "panel" }, h("h2", {}, plain(model.name)), facts(model))));
}

function facts(model) {
  const rows = Object.entries(model).filter(([key, value]) => key !== "name" && value !== null && typeof value !== "object");
  return h("table", { class: "grid" }, h("tbody", {}, rows.map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, plain(key)), h("td", {}, String(value))))));
}
