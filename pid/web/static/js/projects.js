import { api } from "./api.js";
import { find, tell } from "./dom.js";

find("#new-project")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const project = await api.post("projects", { name: event.target.elements.name.value.trim() });
    window.location.assign(`/projects/${project.id}`);
  } catch (error) {
    tell(error.message, "error");
  }
});
