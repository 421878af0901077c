// The settings: one section at a time, each a small program of its own over the API.

import { find, h } from "./dom.js";
import { audit } from "./admin/audit.js";
import { models } from "./admin/models.js";
import { settings } from "./admin/settings.js";
import { taught } from "./admin/taught.js";
import { tokens } from "./admin/tokens.js";
import { users } from "./admin/users.js";

const SECTIONS = { users, tokens, settings, taught, models, audit };
const root = find("#section");

try {
  await SECTIONS[find("#content").dataset.section](root);
} catch (error) {
  root.replaceChildren(h("p", { class: "doubt" }, error.message));
}
document.body.dataset.ready = "yes";
