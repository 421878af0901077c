// The review page: one sheet, what was recognised on it, and the person who puts it right.

import { api } from "../api.js";
import { ask, find, findAll, h, tell } from "../dom.js";
import { count, plain, t } from "../words.js";
import { BillPanel } from "./bill_panel.js";
import * as edits from "./edits.js";
import { ElementCard } from "./element_card.js";
import { FieldsPanel } from "./fields_panel.js";
import { FindingsPanel } from "./findings_panel.js";
import { HistoryPanel } from "./history_panel.js";
import { Jobs } from "./jobs.js";
import { bindKeys } from "./keys.js";
import { Layers, shownLayers } from "./layers.js";
import { Model, nameOf, unite } from "./model.js";
import { Overlay } from "./overlay.js";
import { QueuePanel } from "./queue_panel.js";
import { Session } from "./session.js";
import { SheetMap } from "./sheet_map.js";
import { TablesPanel } from "./tables_panel.js";
import { Tabs } from "./tabs.js";
import { ThresholdsPanel } from "./thresholds_panel.js";
import { TOOLS, Tools } from "./tools.js";

const ACCEPTABLE = ["symbols", "lines", "words", "connections"];

export class Review {
  constructor(page, kinds) {
    this.page = page;
    this.kinds = new Map(kinds.map((kind) => [kind.name, kind]));
    this.editable = page.may.edit;
    this.thresholds = { ...page.thresholds };
    this.shownPart = "symbols";
    this.queueParts = new Set(["symbols"]);
    this.order = "place";
    this.selected = null;
    this.sheet = new SheetMap(find("#sheet"), page, { keyboard: false });
  }

  /** Everything that needs the drawing; the sheet is shown before it has come. */
  start(drawing, revision) {
    this.model = new Model(drawing);
    this.session = new Session(this.model, this.page.id, revision, { editable: this.editable });
    this.overlay = new Overlay(this.model, { layers: shownLayers(), thresholds: this.thresholds }).addTo(this.sheet.map);
    this.layers = new Layers(this.overlay, this.model);
    this.tools = new Tools(this.sheet, this.overlay, this.session, { editable: this.editable, teacher: this.page.may.estimate });
    this.jobs = new Jobs(this);
    this.panels();
    this.bind();
    bindKeys(this);
    this.changed();
    this.openLink();
    this.learnKinds().catch((error) => tell(error.message, "error"));
  }

  /** Kinds that the project was taught, or that the drawing has, beside those of the catalogue. */
  async learnKinds() {
    const { items } = await api.get(`projects/${this.page.project.id}/taught`);
    const here = this.model.list("symbols").map(({ kind, group }) => ({ name: kind, title: plain(kind), group }));
    for (const kind of [...items, ...here]) {
      if (this.kinds.has(kind.name)) continue;
      this.kinds.set(kind.name, kind);
      find("#kinds").append(h("option", { value: plain(kind.name), label: plain(kind.group) }));
    }
  }

  panels() {
    this.card = new ElementCard(find("#card"), this);
    this.thresholdsPanel = new ThresholdsPanel(find("#thresholds"), this);
    this.queue = new QueuePanel(find("#queue"), this);
    const kinds = { bill: BillPanel, fields: FieldsPanel, tables: TablesPanel, findings: FindingsPanel, history: HistoryPanel };
    const panels = Object.entries(kinds).map(([name, Panel]) => [name, new Panel(find(`#panel-${name} .panel-body`), this)]);
    this.tabs = new Tabs(Object.fromEntries(panels), () => {
      this.overlay.spot = null;
      this.sheet.map.invalidateSize({ pan: false });
    });
  }

  bind() {
    this.model.addEventListener("change", () => this.changed());
    const { session, tools } = this;
    session.addEventListener("state", () => this.showState());
    session.addEventListener("reloaded", (event) => { if (find("#reviewed")) find("#reviewed").checked = event.detail.reviewed; });
    session.addEventListener("refused", (event) => tell(event.detail, "error"));
    session.addEventListener("rebased", (event) => tell(event.detail
      ? t("Somebody else changed this page; {n} of your last edits no longer fit and were left out.", { n: event.detail })
      : t("Somebody else changed this page; your last edits were done again on theirs.")));
    tools.addEventListener("select", (event) => this.select(event.detail));
    tools.addEventListener("tool", (event) => this.showTool(event.detail));
    tools.addEventListener("drawn", (event) => this.drawn(event.detail));
    tools.addEventListener("place", (event) => { this.place = event.detail; this.showPlace(); });
    this.sheet.map.on("zoomend", () => this.showPlace());
    find("#undo").addEventListener("click", () => session.undo());
    find("#redo").addEventListener("click", () => session.redo());
    find("#help").addEventListener("click", () => this.help());
    find("#fit").addEventListener("click", () => this.sheet.fit());
    find("#zoom-in").addEventListener("click", () => this.sheet.zoomBy(1));
    find("#zoom-out").addEventListener("click", () => this.sheet.zoomBy(-1));
    find("#downloads").addEventListener("click", (event) => this.download(event));
    find("#reviewed")?.addEventListener("change", (event) => this.markReviewed(event.target.checked));
    for (const button of findAll("[data-tool]", find("#tools"))) button.addEventListener("click", () => tools.use(button.dataset.tool));
    window.addEventListener("beforeunload", (event) => { if (session.unsaved) event.preventDefault(); });
    this.showTool("select");
    this.showPlace();
    this.showState();
  }

  /** The model changed: everything shown anew, the selection kept where its element still is. */
  changed() {
    this.overlay.reload();
    this.setSelected(this.overlay.byKey.get(this.overlay.selected) ?? null);
    this.showThresholds();
    this.tabs.refresh();
    find("#findings-count").textContent = this.model.findings.length ? count(this.model.findings.length) : "";
    this.layers.tally();
  }

  // --- selection

  select(key, { look = false, reveal = true, keepFocus = false } = {}) {
    const item = this.overlay.byKey.get(key) ?? null;
    if (item && !this.layers.shows(item.part)) this.layers.toggle(item.part, true);
    this.setSelected(item);
    if (!item) return;
    if (look) this.sheet.look(item.box);
    else if (reveal) this.sheet.reveal(item.box);
    this.tabs.panels.bill.mark(item);
    if (!["review", "bill"].includes(this.tabs.open) && !keepFocus) this.tabs.show("review");
    this.history(item);
  }

  setSelected(item) {
    this.selected = item;
    this.overlay.selected = item?.key ?? null;
    this.overlay.redraw();
    this.card.show(item);
    this.queue.mark(item);
  }

  /** The address names the element, so that it can be sent to somebody. */
  history(item) {
    const url = new URL(window.location);
    url.searchParams.set("element", item.name);
    window.history.replaceState(null, "", url);
  }

  openLink() {
    const wanted = new URL(window.location).searchParams.get("element");
    if (!wanted) return;
    const part = this.model.partOf.get(wanted) ?? ["connections", "fields"].find((one) => this.model.get(one, wanted));
    if (part) this.select(`${part}:${wanted}`, { look: true });
    else tell(t("The element {name} is not on this page any more.", { name: wanted }), "error");
  }

  light(ids) {
    this.lightKeys(ids.map((id) => `symbols:${id}`));
  }

  lightKeys(keys) {
    this.overlay.lit = new Set(keys);
    this.overlay.redraw();
  }

  lookAt(keys) {
    const boxes = keys.map((key) => this.overlay.byKey.get(key)?.box).filter(Boolean);
    if (!boxes.length) return;
    if (boxes.length === 1) this.sheet.look(boxes[0]);
    else this.sheet.reveal(unite(boxes));
  }

  lookAtBox(box) {
    this.overlay.spot = box;
    this.sheet.look(box);
    this.overlay.redraw();
  }

  // --- edits

  accept() {
    const item = this.selected;
    if (!item || !this.editable || item.part === "findings") return;
    const next = this.queue.after(item);
    this.session.do([{ op: "accept", part: item.part, ids: [nameOf(item.part, item.element)] }], t("Accepted"));
    if (next) this.step(next);
  }

  remove() {
    const item = this.selected;
    if (!item || !this.editable || ["findings", "fields"].includes(item.part)) return;
    const next = this.queue.after(item);
    this.session.do([{ op: "remove", part: item.part, id: nameOf(item.part, item.element) }], t("Removed"));
    if (next) this.step(next);
  }

  rename(symbol, written) {
    const kind = this.kindOf(written);
    if (!kind) {
      tell(t("{kind} is not a kind of symbol that is known.", { kind: written }), "error");
      this.card.show(this.selected);
      return;
    }
    if (kind.name === symbol.kind) return;
    this.session.do(edits.rename(symbol, kind.name, kind.group), t("Now a {kind}", { kind: plain(kind.name) }));
  }

  /** A kind by its name or title, however it is written. */
  kindOf(written) {
    const bare = (name) => name.toLowerCase().replace(/[\s_-]+/g, "");
    return [...this.kinds.values()].find((kind) => [kind.name, kind.title].some((name) => bare(name) === bare(written))) ?? null;
  }

  drawn({ tool, box }) {
    if (tool === "alike") {
      this.tools.use("select");
      this.jobs.findAlike({ box });
      return;
    }
    const isWord = tool === "word";
    const part = isWord ? "words" : "symbols";
    const id = this.model.freeId(isWord ? "w" : "s");
    const last = this.kinds.get(this.lastKind);
    const value = isWord ? edits.newWord(id, box, "") : edits.newSymbol(id, box, last?.name ?? "unknown", last?.group ?? "other");
    this.session.do([{ op: "add", part, value }], t(isWord ? "Lettering added" : "Symbol added"));
    this.select(`${part}:${id}`);
    this.card.focusField(isWord ? "text" : "kind");
  }

  findAlike() {
    if (this.selected?.part !== "symbols" || !this.page.may.estimate) return;
    const { kind, box } = this.selected.element;
    this.jobs.findAlike({ box, name: kind === "unknown" ? "" : kind });
  }

  async recognizeAgain() {
    const question = t("Read the page again from its file? The edits made so far stay in the history.");
    if (await ask(question, t("Read again"), t("Cancel"))) await this.jobs.recognize();
  }

  unsureAbove() {
    const { accept } = this.thresholds;
    return this.overlay.items.filter((item) => this.queueParts.has(item.part) && ACCEPTABLE.includes(item.part) && item.score >= accept && item.score < 1);
  }

  acceptAllAbove() {
    const lots = Map.groupBy(this.unsureAbove(), (item) => item.part);
    const operations = [...lots].map(([part, items]) => ({ op: "accept", part, ids: items.map((item) => item.name) }));
    this.session.do(operations, t("Accepted all from {score}", { score: this.thresholds.accept.toFixed(2) }));
  }

  /** What is downloaded has everything that was done. */
  async download(event) {
    const link = event.target.closest("a[download]");
    if (!link || !this.session.unsaved) return;
    event.preventDefault();
    await this.session.settled();
    link.click();
  }

  async markReviewed(reviewed) {
    try {
      await api.patch(`pages/${this.page.id}`, { reviewed });
    } catch (error) {
      tell(error.message, "error");
      find("#reviewed").checked = !reviewed;
    }
  }

  // --- thresholds and queue

  setThresholds(thresholds) {
    this.thresholds = thresholds;
    this.overlay.options.thresholds = thresholds;
    this.overlay.redraw();
    this.showThresholds();
  }

  showThresholds() {
    this.thresholdsPanel.show();
    this.queue.show();
  }

  async keepThresholds() {
    const { accept, review } = this.thresholds;
    try {
      await api.patch(`projects/${this.page.project.id}`, { accept_score: accept, review_score: review });
      this.page.thresholds = { accept, review };
      this.thresholdsPanel.show();
      tell(t("The thresholds are kept for the whole project."));
    } catch (error) {
      tell(error.message, "error");
    }
  }

  step(item) {
    this.select(item.key, { look: true });
  }

  showPart(part) {
    this.shownPart = part;
    this.queueParts = new Set([part]);
    if (!this.layers.shows(part)) this.layers.toggle(part, true);
    this.showThresholds();
  }

  // --- what is shown

  showTool(tool) {
    for (const button of findAll("[data-tool]", find("#tools"))) button.setAttribute("aria-pressed", button.dataset.tool === tool);
    find("#hint").textContent = tool === "select" ? "" : t(TOOLS[tool].hint);
  }

  showPlace() {
    const zoom = Math.round(this.sheet.scale * 100);
    const [x, y] = this.place ?? [];
    find("#place").textContent = x === undefined ? `${zoom} %` : `${zoom} % · ${Math.round(x)}, ${Math.round(y)}`;
  }

  showState() {
    const { session } = this;
    find("#undo").disabled = !session.done.length;
    find("#redo").disabled = !session.undone.length;
    const text = session.failure ? t("Not saved yet: {reason}", { reason: session.failure }) : t(session.unsaved ? "Saving…" : "Saved");
    const state = find("#save-state");
    state.textContent = text;
    state.className = session.failure ? "failed" : "";
    state.title = t("Revision {n}", { n: session.revision });
  }

  help() {
    find("#help-dialog").showModal();
  }
}

const read = (id) => JSON.parse(document.getElementById(id).textContent);

async function open() {
  const page = read("page-data");
  const review = new Review(page, read("kinds-data"));
  window.review = review; // for tests and the curious
  try {
    const drawing = await api.get(`pages/${page.id}/drawing`);
    review.start(drawing, page.revision);
    document.body.dataset.ready = "yes";
  } catch (error) {
    tell(error.message, "error");
    throw error;
  }
}

open();
