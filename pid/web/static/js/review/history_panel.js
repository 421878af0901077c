// Revisions of the page: who, when, what, and back to any of them.

import { api } from "../api.js";
import { ask, h, tell } from "../dom.js";
import { t, when } from "../words.js";

export class HistoryPanel {
  constructor(root, review) {
    this.root = root;
    this.review = review;
    review.session.addEventListener("saved", () => this.open && this.show());
  }

  async show() {
    this.open = true;
    const { page, session } = this.review;
    try {
      const { items } = await api.get(`pages/${page.id}/revisions?limit=100`);
      this.root.replaceChildren(h("ol", { class: "list" }, items.map((revision) => this.row(revision, session.revision))));
    } catch (error) {
      this.root.replaceChildren(h("p", { class: "doubt" }, error.message));
    }
  }

  hide() {
    this.open = false;
  }

  row(revision, head) {
    const current = revision.number === head;
    return h("li", { class: "revision" },
      h("div", { class: "grow" }, h("strong", {}, t("Revision {n}", { n: revision.number })), current ? h("span", { class: "badge accept" }, t("current")) : null,
        h("p", {}, revision.note || t("Recognised")),
        h("p", { class: "quiet" }, `${revision.author} · ${when(revision.created)}`)),
      current ? null : h("a", { class: "button small", href: `/compare?old=${this.review.page.id}&old_revision=${revision.number}&new=${this.review.page.id}` }, t("Compare")),
      this.review.editable && !current ? h("button", { type: "button", class: "button small", onclick: () => this.restore(revision) }, t("Restore")) : null);
  }

  async restore(revision) {
    const question = t("Go back to revision {n}? Later ones are kept in the history.", { n: revision.number });
    if (!(await ask(question, t("Restore"), t("Cancel")))) return;
    const { page, session } = this.review;
    try {
      await api.post(`pages/${page.id}/revisions/${revision.number}/restore`, { base: session.revision });
      await session.reload();
      tell(t("Revision {n} is the current one again.", { n: revision.number }));
    } catch (error) {
      tell(error.message, "error");
    }
    this.show();
  }
}
