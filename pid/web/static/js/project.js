// A project: files in, stages of their reading, pages out.

import { api } from "./api.js";
import { ask, find, h, tell } from "./dom.js";
import { t } from "./words.js";

const ASK_EVERY_MS = 1200;
const AT_ONCE = 3; // uploads at the same time
const LONGEST_WAIT_MS = 30000;

const projectId = find("#content").dataset.project;
const documents = find("#documents");
const drop = find("#drop");

// --- uploads

const waiting = [];
let running = 0;

function take(files) {
  for (const file of files) {
    const bar = h("progress", { max: 1, value: 0, "aria-label": t("Upload of {name}", { name: file.name }) });
    const state = h("span", { class: "quiet" }, t("waiting"));
    const row = h("li", {}, h("span", { class: "name" }, file.name), bar, state);
    find("#uploads").append(row);
    waiting.push({ file, bar, state, row });
  }
  next();
}

function next() {
  while (running < AT_ONCE && waiting.length) {
    running += 1;
    send(waiting.shift()).finally(() => {
      running -= 1;
      next();
    });
  }
}

async function send({ file, bar, state, row }) {
  try {
    const answer = await api.upload(`projects/${projectId}/documents`, file, (share) => {
      bar.value = share;
      state.textContent = share < 1 ? `${Math.round(share * 100)} %` : t("being kept");
    });
    if (answer.refused?.length) throw new Error(answer.refused[0].error);
    row.remove();
    refresh();
  } catch (error) {
    const away = h("button", { class: "icon", type: "button", "aria-label": t("Close"), onclick: () => row.remove() }, "×");
    row.className = "failed";
    row.replaceChildren(h("span", { class: "name" }, file.name), h("span", {}, error.message), away);
  }
}

if (drop) {
  find("#files").addEventListener("change", (event) => {
    take(event.target.files);
    event.target.value = "";
  });
  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files);
  });
  window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
}

// --- documents and their stages

let timer = 0;
let pause = ASK_EVERY_MS;

async function refresh() {
  clearTimeout(timer);
  try {
    const answer = await fetch(`/projects/${projectId}/documents${window.location.search}`, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.text());
    pause = ASK_EVERY_MS;
  } catch {
    pause = Math.min(pause * 2, LONGEST_WAIT_MS);
  }
  plan();
}

/** Puts the server's list in place of the old one where it differs; the focus stays where it was. */
function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  const old = documents.firstElementChild;
  if (fresh.isEqualNode(old)) return;
  const sections = new Map([...old.querySelectorAll("[data-document]")].map((section) => [section.dataset.document, section]));
  for (const section of [...fresh.querySelectorAll("[data-document]")]) {
    const known = sections.get(section.dataset.document);
    if (known?.isEqualNode(section)) section.replaceWith(known);
  }
  old.replaceWith(fresh);
  offerCompare();
}

function plan() {
  if (documents.firstElementChild.dataset.working) timer = setTimeout(refresh, pause);
}

documents.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const { act, job, name } = button.dataset;
  try {
    if (act === "delete") {
      const sure = await ask(t("Delete {name} with its pages and all their revisions?", { name }), t("Delete"), t("Cancel"));
      if (!sure) return;
      await api.remove(`documents/${button.closest("[data-document]").dataset.document}`);
    } else await api.post(`jobs/${job}/${act}`);
  } catch (error) {
    tell(error.message, "error");
  }
  refresh();
});

function offerCompare() {
  const pages = documents.querySelectorAll("[data-page]");
  const link = find("#compare-link");
  link.hidden = pages.length < 2;
  if (pages.length > 1) link.href = `/compare?old=${pages[1].dataset.page}&new=${pages[0].dataset.page}`;
}

// --- the project itself

find("#rename")?.addEventListener("click", async () => {
  const title = find("h1");
  const input = h("input", { type: "text", value: title.textContent, maxlength: 200, "aria-label": t("Name") });
  title.replaceWith(input);
  input.select();
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") input.blur(); });
  input.addEventListener("blur", async () => {
    try {
      if (input.value.trim() !== title.textContent) await api.patch(`projects/${projectId}`, { name: input.value.trim() });
      window.location.reload();
    } catch (error) {
      tell(error.message, "error");
      input.replaceWith(title);
    }
  });
});

find("#delete-project")?.addEventListener("click", async () => {
  const question = t("Delete {name} with all its drawings? This cannot be undone.", { name: find("h1").textContent });
  if (!(await ask(question, t("Delete"), t("Cancel")))) return;
  try {
    await api.remove(`projects/${projectId}`);
    window.location.assign("/");
  } catch (error) {
    tell(error.message, "error");
  }
});

const members = find("#members-dialog");

async function showMembers() {
  const { items } = await api.get(`projects/${projectId}/members`);
  find("#member-list").replaceChildren(...items.map((user) => h("li", { class: "member" }, h("span", {}, user.name, " ", h("small", {}, t(user.role))),
    h("button", { class: "button small", type: "button", onclick: async () => { await api.remove(`projects/${projectId}/members/${user.id}`); showMembers(); } }, t("Remove")))));
  const known = new Set(items.map((user) => user.id));
  try {
    const users = (await api.get("users")).items.filter((user) => !known.has(user.id));
    find("#add-member select").replaceChildren(...users.map((user) => h("option", { value: user.id }, user.name)));
    find("#add-member").hidden = !users.length;
  } catch {
    find("#add-member").hidden = true; // only administrators see all accounts
  }
}

find("#members")?.addEventListener("click", () => {
  showMembers().catch((error) => tell(error.message, "error"));
  members.showModal();
});
find("#add-member").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await api.post(`projects/${projectId}/members`, { user: event.target.elements.user.value });
    await showMembers();
  } catch (error) {
    tell(error.message, "error");
  }
});

offerCompare();
plan();
