import { api } from "../api.js";
import { h } from "../dom.js";
import { plain, t } from "../words.js";

/** Symbols taught by example, by project. */
export async function taught(root) {
  const projects = (await api.get("projects?limit=100")).items;
  const panels = [];
  for (const project of projects) {
    const { items } = await api.get(`projects/${project.id}/taught`);
    if (items.length) panels.push(panel(project, items, () => taught(root)));
  }
  root.replaceChildren(h("p", { class: "quiet panel" }, t("On a page, choose Find all like this: the example is kept here and looked for on every page read later.")),
    ...panels);
}

function panel(project, items, again) {
  return h("section", { class: "panel" }, h("h2", {}, project.name), h("table", { class: "grid" },
    h("thead", {}, h("tr", {}, [t("Symbol"), t("Group"), t("Examples"), ""].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, items.map((item) => h("tr", {}, h("th", { scope: "row" }, item.title ?? plain(item.name)), h("td", {}, t(plain(item.group))), h("td", {}, String(item.examples ?? 1)),
      h("td", {}, h("button", { class: "button small danger", type: "button", onclick: async () => { await api.remove(`projects/${project.id}/taught/${encodeURIComponent(item.name)}`); again(); } }, t("Forget"))))))));
}
