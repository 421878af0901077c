// What every page has: menus that close, signing out.

import { api } from "./api.js";
import { find, findAll, tell } from "./dom.js";

document.addEventListener("click", (event) => {
  for (const menu of findAll("details.menu[open]")) {
    if (!menu.contains(event.target) || event.target.closest("details.menu > div :is(a, button)")) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && find("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  find("summary", menu).focus();
});

find("#sign-out")?.addEventListener("click", async () => {
  try {
    await api.post("sign-out");
    window.location = "/sign-in";
  } catch (error) {
    tell(error.message, "error");
  }
});
