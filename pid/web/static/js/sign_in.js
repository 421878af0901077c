import { api } from "./api.js";
import { find } from "./dom.js";

const form = find("#sign-in");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const refused = find("#refused");
  refused.hidden = true;
  try {
    await api.post("sign-in", { name: form.elements.name.value, password: form.elements.password.value });
    window.location.assign(form.dataset.target);
  } catch (error) {
    refused.textContent = error.message;
    refused.hidden = false;
    form.elements.password.select();
  }
});
