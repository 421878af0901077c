import { api } from "../api.js";
import { h, tell } from "../dom.js";
import { t, when } from "../words.js";

const ROLES = ["viewer", "reviewer", "estimator", "admin"];
const roleChoice = (chosen, onchange) => h("select", { name: "role", "aria-label": t("Role"), onchange },
  ROLES.map((role) => h("option", { value: role, selected: role === chosen }, t(role))));

/** Accounts: made, given a role or a new password, closed. */
export async function users(root) {
  const { items } = await api.get("users");
  const again = () => users(root);
  root.replaceChildren(newUser(again),
    h("div", { class: "panel scroll" }, h("table", { class: "grid" },
      h("thead", {}, h("tr", {}, [t("Name"), t("Role"), t("Password"), t("Active"), t("made")].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, items.map((user) => row(user, root.dataset.me, again))))));
}

async function change(user, body, again) {
  try {
    await api.patch(`users/${user.id}`, body);
    tell(t("Changed."));
  } catch (error) {
    tell(error.message, "error");
  }
  again();
}

function row(user, me, again) {
  const password = h("input", { type: "password", autocomplete: "new-password", minlength: 10, "aria-label": t("New password of {name}", { name: user.name }), placeholder: t("new password") });
  const role = roleChoice(user.role, () => change(user, { role: role.value }, again));
  const open = h("input", { type: "checkbox", checked: user.active, disabled: user.id === me, "aria-label": t("Active"), onchange: () => change(user, { active: open.checked }, again) });
  const set = h("form", { class: "inline", onsubmit: (event) => { event.preventDefault(); change(user, { password: password.value }, again); } },
    password, h("button", { class: "button small" }, t("Set")));
  role.disabled = user.id === me;
  return h("tr", {}, h("th", { scope: "row" }, user.name), h("td", {}, role), h("td", {}, set), h("td", {}, open), h("td", {}, when(user.created)));
}

function newUser(again) {
  return h("form", { class: "formline panel", onsubmit: async (event) => {
    event.preventDefault();
    const { name, password, role } = event.target.elements;
    try {
      await api.post("users", { name: name.value.trim(), password: password.value, role: role.value });
      again();
    } catch (error) {
      tell(error.message, "error");
    }
  } },
  h("label", {}, h("span", {}, t("Name")), h("input", { type: "text", name: "name", required: true, maxlength: 200, autocomplete: "off" })),
  h("label", {}, h("span", {}, t("Password, 10 characters or more")), h("input", { type: "password", name: "password", required: true, minlength: 10, autocomplete: "new-password" })),
  h("label", {}, h("span", {}, t("Role")), roleChoice("reviewer")),
  h("button", { class: "button primary" }, t("Add user")));
}
