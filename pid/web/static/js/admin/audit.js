import { api } from "../api.js";
import { h } from "../dom.js";
import { t, when } from "../words.js";

/** Who did what, the latest first. */
export async function audit(root, cursor = null, before = []) {
  const part = await api.get(`audit?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  const rows = [...before, ...part.items];
  root.replaceChildren(h("div", { class: "panel scroll" }, h("table", { class: "grid" },
    h("thead", {}, h("tr", {}, [t("When"), t("Who"), t("What"), t("Details")].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, rows.map((entry) => h("tr", {}, h("td", {}, when(entry.created)), h("td", {}, entry.user), h("td", {}, entry.action), h("td", {}, h("small", {}, details(entry)))))))),
  part.next_cursor ? h("button", { class: "button", type: "button", onclick: () => audit(root, part.next_cursor, rows) }, t("Earlier entries")) : "");
}

const details = (entry) => Object.entries(entry.detail ?? {}).map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
