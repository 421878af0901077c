// Edits on their way: done in the browser at once, saved in order behind it, taken back and done again.

import { api, ApiError } from "../api.js";
import { t } from "../words.js";

const AGAIN_MS = 3000; // after the service could not be reached
const SETTLED_EVERY_MS = 50;

export class Session extends EventTarget {
  /** `model` is changed; revisions are those of the page `pageId`, whose latest is `revision`. */
  constructor(model, pageId, revision, { editable }) {
    super();
    this.model = model;
    this.pageId = pageId;
    this.revision = revision;
    this.editable = editable;
    this.done = [];
    this.undone = [];
    this.waiting = [];
    this.saving = false;
    this.failure = null;
  }

  /** Does one step of a person: a list of operations with a note for the history. Returns whether it was done. */
  do(operations, note) {
    if (!operations.length || !this.editable) return false;
    let undo;
    try {
      undo = this.model.apply(operations);
    } catch (error) {
      this.report("refused", error.message);
      return false;
    }
    this.done.push({ redo: operations, undo, note });
    this.undone = [];
    this.queue(operations, note);
    return true;
  }

  undo() {
    this.turn(this.done, this.undone, "undo", (note) => t("Undo: {note}", { note }));
  }

  redo() {
    this.turn(this.undone, this.done, "redo", (note) => t("Redo: {note}", { note }));
  }

  turn(from, to, key, wording) {
    const step = from.pop();
    if (!step) return;
    try {
      this.model.apply(step[key]);
    } catch (error) {
      this.report("refused", error.message);
      return;
    }
    to.push(step);
    this.queue(step[key], wording(step.note));
  }

  get unsaved() {
    return this.waiting.length > 0 || this.saving;
  }

  /** Resolves once everything that was done is saved. */
  async settled() {
    while (this.unsaved) await new Promise((done) => { setTimeout(done, SETTLED_EVERY_MS); });
  }

  queue(operations, note) {
    this.waiting.push({ operations, note });
    this.report("state");
    this.save();
  }

  /** Sends what waits, all of it as one revision; what is done meanwhile makes the next one. */
  async save() {
    if (this.saving || !this.waiting.length) return;
    this.saving = true;
    const batch = this.waiting.splice(0);
    const body = {
      base: this.revision,
      operations: batch.flatMap((step) => step.operations),
      note: [...new Set(batch.map((step) => step.note))].join("; ").slice(0, 200),
    };
    let again = 0;
    try {
      const saved = await api.patch(`pages/${this.pageId}/drawing`, body);
      this.revision = saved.revision;
      this.failure = null;
      if (!this.waiting.length && saved.drawing) this.refresh(saved.drawing);
    } catch (error) {
      again = await this.recover(error, batch);
    }
    this.saving = false;
    this.report("state");
    if (this.waiting.length) setTimeout(() => this.save(), again);
    else this.report("saved");
  }

  /** What to do with a batch that was not saved; returns how long to wait before the next try. */
  async recover(error, batch) {
    if (!(error instanceof ApiError)) throw error;
    this.failure = error.message;
    if (error.status === 409) {
      await this.rebase(batch);
      return 0;
    }
    if (error.status === 0 || error.status >= 500 || error.status === 429) {
      this.waiting.unshift(...batch);
      return AGAIN_MS;
    }
    this.report("refused", error.message);
    await this.reload();
    return 0;
  }

  /** Somebody else saved first: our edits are done again on theirs, those that still can be. */
  async rebase(batch) {
    const mine = [...batch, ...this.waiting.splice(0)];
    await this.reload();
    let lost = 0;
    for (const step of mine) {
      try {
        this.model.apply(step.operations);
        this.waiting.push(step);
      } catch {
        lost += 1;
      }
    }
    this.report("rebased", lost);
  }

  async reload() {
    const head = await api.get(`pages/${this.pageId}`);
    const drawing = await api.get(`pages/${this.pageId}/drawing`);
    this.revision = head.revision;
    this.waiting = [];
    this.done = [];
    this.undone = [];
    this.refresh(drawing);
    this.report("reloaded", head);
    this.report("state");
  }

  refresh(drawing) {
    this.model.load(drawing);
    this.model.dispatchEvent(new CustomEvent("change", { detail: [] }));
  }

  report(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
