import { api } from "../api.js";
import { ask, h, tell } from "../dom.js";
import { t, when } from "../words.js";

const SCOPES = { read: "read", edit: "upload and edit", estimate: "estimate and teach", admin: "administer", metrics: "read metrics" };

/** The reader's own keys for programs. A secret is shown once. */
export async function tokens(root, fresh = null) {
  const [{ items }, me] = await Promise.all([api.get("tokens"), api.get("me")]);
  root.replaceChildren(
    h("p", { class: "quiet panel" }, t("A token lets a program use the API in your name: it sends the header Authorization: Bearer TOKEN.")),
    fresh ? secret(fresh) : "",
    newToken(root, me.permissions),
    h("div", { class: "panel scroll" }, items.length ? h("table", { class: "grid" },
      h("thead", {}, h("tr", {}, [t("Name"), t("May"), t("made"), t("until"), ""].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, items.map((token) => row(root, token)))) : h("p", { class: "quiet" }, t("No token yet."))));
}

function secret(text) {
  return h("div", { class: "secret", role: "status" }, h("span", {}, t("Copy it now, it is not shown again:")), h("code", {}, text),
    h("button", { class: "button small", type: "button", onclick: () => navigator.clipboard?.writeText(text) }, t("Copy")));
}

function row(root, token) {
  const revoke = async () => {
    if (!(await ask(t("Revoke the token {name}? Programs that use it are locked out.", { name: token.name }), t("Revoke"), t("Cancel")))) return;
    await api.remove(`tokens/${token.id}`);
    tokens(root);
  };
  return h("tr", {}, h("th", { scope: "row" }, token.name), h("td", {}, token.scopes.map((scope) => t(SCOPES[scope] ?? scope)).join(", ")),
    h("td", {}, when(token.created)), h("td", {}, token.expires ? when(token.expires) : t("for ever")),
    h("td", {}, h("button", { class: "button small danger", type: "button", onclick: revoke }, t("Revoke"))));
}

function newToken(root, permissions) {
  const boxes = permissions.map((scope) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "scope", value: scope, checked: scope === "read" }), ` ${t(SCOPES[scope] ?? scope)}`));
  return h("form", { class: "formline panel", onsubmit: async (event) => {
    event.preventDefault();
    const { name, days } = event.target.elements;
    const scopes = [...event.target.querySelectorAll("[name=scope]:checked")].map((box) => box.value);
    try {
      const made = await api.post("tokens", { name: name.value.trim(), scopes, days: Number(days.value) || null });
      tokens(root, made.secret);
    } catch (error) {
      tell(error.message, "error");
    }
  } },
  h("label", {}, h("span", {}, t("Name")), h("input", { type: "text", name: "name", required: true, maxlength: 200, autocomplete: "off" })),
  h("label", {}, h("span", {}, t("Days (empty: for ever)")), h("input", { type: "number", name: "days", min: 1, max: 3650, value: 365 })),
  h("fieldset", { class: "scopes" }, h("legend", {}, t("May")), boxes),
  h("button", { class: "button primary" }, t("Make token")));
}
